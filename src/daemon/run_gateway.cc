#include "daemon/run_gateway.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>

#include <algorithm>
#include <deque>

#include "apply/linux_kernel.h"
#include "apply/standing.h"
#include "apply/table_watch.h"
#include "compile/compile.h"
#include "daemon/figures.h"
#include "daemon/guard_state.h"
#include "daemon/live_state.h"
#include "daemon/model_keeper.h"
#include "ingest/conntrack.h"
#include "ingest/nflog.h"
#include "ledger/ledger_writer.h"
#include "ledger/sqlite_ledger.h"
#include "sys/answer_socket.h"
#include "sys/instance_lock.h"
#include "sys/kernel_setting.h"
#include "sys/poller.h"
#include "sys/random.h"
#include "sys/service_manager.h"
#include "sys/signals.h"
#include "sys/state_file.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

// While NFLOG gathers packets, a state change can overtake the first packet of its connection by the flush timer (10
// ms, rounded up to a tick); changes wait that long.
constexpr Duration kOvertakingMax = 30ms;
constexpr Duration kCountersEvery = 60s;
// How often `status` gets new figures while something happens: a person looks no faster, and a write costs some 50 us.
constexpr Duration kStateEvery = 1s;
// After the table was touched or state changes were lost: how long until we look again, so that two programs that undo
// each other's rules do not keep the machine busy.
constexpr Duration kAgainAfter = 1s;

constexpr char kAccounting[] = "net/netfilter/nf_conntrack_acct";
constexpr char kEvents[] = "net/netfilter/nf_conntrack_events";

KeyedHash random_hash() {
  KeyedHash::Key key;
  fill_random(key);
  return KeyedHash(key);
}

class GatewayRun {
 public:
  GatewayRun(const RunSettings& settings, CompiledTable wanted, InstanceLock lock, std::unique_ptr<Kernel> kernel,
             TableWatch table_watch, NflogSource nflog, ConntrackSource conntrack, SignalFd signals,
             AnswerSocket answers, Poller poller, bool table_is_new, const OnLine& on_line)
      : wanted_(std::move(wanted)),
        clients_(clients_of(*settings.policy.gateway)),
        lock_(std::move(lock)),
        kernel_(std::move(kernel)),
        table_watch_(std::move(table_watch)),
        nflog_(std::move(nflog)),
        conntrack_(std::move(conntrack)),
        signals_(std::move(signals)),
        answers_(std::move(answers)),
        poller_(std::move(poller)),
        table_is_new_(table_is_new),
        on_line_(on_line),
        mode_(settings.mode),
        learns_(settings.policy.gateway->learning.value),
        since_(clock_.now()),
        state_file_(guard_state_file(settings.runtime_dir)),
        hash_(random_hash()),
        store_(settings.state_dir),
        ledger_file_(ledger_file(settings.state_dir)),
        ledger_([file = ledger_file_] { return open_ledger(file, LedgerAccess::Write); }),
        guard_(settings.policy, settings.mode, hash_, *kernel_, clock_, on_line,
               [this](LedgerEntry entry) { ledger_.record(std::move(entry)); }),
        model_(settings.state_dir, settings.model_every) {}

  Result<void> begin(const RunSettings& settings);
  Result<void> run();

 private:
  enum Tag : std::uint32_t { kNflog, kConntrack, kRules, kSignal, kLedger, kAsked };

  void warn(std::string_view reason) { on_line_(EventLine("run.warning", clock_.now()).add("reason", reason)); }
  void check_surroundings();
  Result<void> step();
  std::vector<ConntrackEvent> take_ripe_changes();
  void look_at_table();
  bool adopt_applied(const Generation& applied, const TableState& state);
  void follow_touched();
  void relist();
  [[nodiscard]] GuardFigures figures() const;
  void tell_counters(std::string_view event);
  void publish(Time now);
  [[nodiscard]] std::vector<CaseRecord> read_ledger();
  void tell_ledger_news();
  void recall_model();
  void keep_model(Time now);
  void end(std::string_view reason);
  [[nodiscard]] std::optional<Duration> patience() const;

  CompiledTable wanted_;
  std::vector<IpPrefix> clients_;
  InstanceLock lock_;
  SystemClock clock_;
  std::unique_ptr<Kernel> kernel_;
  TableWatch table_watch_;
  NflogSource nflog_;
  ConntrackSource conntrack_;
  SignalFd signals_;
  AnswerSocket answers_;
  Poller poller_;
  bool table_is_new_;
  const OnLine& on_line_;
  Mode mode_;
  bool learns_;
  Time since_;
  std::string state_file_;
  KeyedHash hash_;
  GenerationStore store_;
  std::string ledger_file_;
  LedgerWriter ledger_;
  Guard guard_;
  ModelKeeper model_;
  TableState installed_;
  bool removed_ = false;               // somebody took the table away on purpose
  Time restored_{};                    // when somebody's change was last undone
  std::vector<BlockTouched> touched_;  // and not followed yet
  bool touched_more_ = false;          // than touched_ tells
  std::optional<Time> look_at_;        // the table may have been touched: look then
  std::optional<Time> relist_at_;      // state changes were lost: list all flows then
  Time next_counters_;
  Time published_{};
  std::optional<Time> publish_at_;  // something happened since: tell it then
  bool publishes_ = true;           // the runtime directory takes our file
  std::uint64_t told_packets_ = 0;
  bool bytes_counted_ = false;
  std::vector<LoggedPacket> packets_;
  std::deque<ConntrackEvent> changes_;
};

Result<void> GatewayRun::begin(const RunSettings& settings) {
  // Connections are counted from their first packet on, so counting is switched on before the first is tracked. It is a
  // setting of the whole machine: the policy has to ask for it.
  const bool asked = settings.policy.gateway->count_bytes.value;
  if (asked) static_cast<void>(write_kernel_setting(kAccounting, 1));
  if (auto installed = kernel_->install(wanted_); !installed) return fail(std::move(installed).error().in("our table"));
  if (asked) static_cast<void>(write_kernel_setting(kAccounting, 1));  // the rule may have loaded the module
  const bool counts = bytes_counted_ = read_kernel_setting(kAccounting) == 1;
  guard_.bytes_counted(counts);
  if (!counts) {
    warn(fmt::format(
        "net.netfilter.nf_conntrack_acct is 0{}: a rejected message cannot be told from a delivered one, so a verdict "
        "takes three kinds of evidence instead of two, and fewer spammers are found{}",
        asked ? " and may not be set" : "", asked ? "" : "; count_bytes = true in [gateway] switches it on"));
  }
  if (read_kernel_setting(kEvents) == 0 && !write_kernel_setting(kEvents, 1)) {
    return fail(
        ErrorCode::Unsupported,
        "net.netfilter.nf_conntrack_events is 0 and may not be set: answered connections could not be told from "
        "unanswered ones");
  }
  const auto state = kernel_->table();
  if (!state) return fail(state.error());
  installed_ = *state;
  recall_model();
  if (auto resumed = guard_.resume(read_ledger(), table_is_new_); !resumed) return resumed;

  for (const auto& [fd, tag] :
       {std::pair{nflog_.fd(), kNflog}, std::pair{conntrack_.fd(), kConntrack}, std::pair{table_watch_.fd(), kRules},
        std::pair{signals_.fd(), kSignal}, std::pair{ledger_.fd(), kLedger}, std::pair{answers_.fd(), kAsked}}) {
    if (auto watched = poller_.watch(fd, tag); !watched) return watched;
  }
  check_surroundings();
  publish(clock_.now());  // before anybody hears that we are ready, and asks
  std::vector<std::string> clients;
  for (const IpPrefix& prefix : clients_) clients.push_back(prefix.text());
  on_line_(EventLine("run.ready", clock_.now())
               .add("clients", fmt::format("{}", fmt::join(clients, ",")))
               .add("ports", fmt::format("{}", fmt::join(wanted_.watched_ports, ",")))
               .add("mode", settings.mode == Mode::Enforce ? "block" : "watch-only")
               .add("bytes_counted", counts ? "yes" : "no")
               .add("blocks", guard_.counters().blocks)
               .add("slowed", guard_.counters().slowed)
               .add("log_group", std::uint64_t{wanted_.watch_group}));
  if (const auto told = tell_service_manager(kServiceReady); !told) warn(told.error().text());
  next_counters_ = clock_.now() + kCountersEvery;
  return {};
}

// The blocks that count for decisions to come. Without a ledger everybody starts anew; that is no reason not to guard.
std::vector<CaseRecord> GatewayRun::read_ledger() {
  auto ledger = open_ledger(ledger_file_, LedgerAccess::Read);
  if (!ledger && ledger.error().code() == ErrorCode::NotFound) return {};
  if (ledger) {
    CaseQuery query;
    query.ends_after = clock_.now() - Decider::kForgiven;
    query.carried_out_only = true;
    query.with_evidence = false;
    auto found = (*ledger)->find(query);
    if (found) return std::move(*found);
    ledger = fail(std::move(found).error());
  }
  on_line_(EventLine("ledger.unreadable", clock_.now())
               .add("reason", ledger.error().text() + "; earlier blocks are not known; ignoring"));
  return {};
}

// A guard that starts anew is better than none.
void GatewayRun::recall_model() {
  const Time now = clock_.now();
  const auto model = model_.read(now);
  if (model) {
    guard_.recall(*model);
    on_line_(EventLine("model.recalled", now)
                 .add("version", std::uint64_t{model->hazards.table.version})
                 .add("servers", std::uint64_t{model->servers.size()}));
  } else if (model.error().code() != ErrorCode::NotFound) {
    on_line_(EventLine("model.unreadable", now).add("reason", model.error().text() + "; learning starts anew"));
  }
}

void GatewayRun::keep_model(Time now) {
  model_.keep(now, [&] { return guard_.detector().remember(); });
  if (const auto trouble = model_.take_trouble())
    on_line_(EventLine("model.unsaved", now).add("reason", *trouble + "; guarding goes on; retrying"));
}

void GatewayRun::tell_ledger_news() {
  for (const LedgerNews& news : ledger_.take_news()) {
    EventLine line(news.works ? "ledger.works" : "ledger.trouble", clock_.now());
    if (news.works) {
      line.add("written", news.written);
    } else {
      line.add("reason", news.reason + "; what is decided is kept in memory; blocking goes on; retrying");
    }
    on_line_(line);
  }
}

void GatewayRun::end(std::string_view reason) {
  (void)tell_service_manager(kServiceStopping);  // it will see that soon enough
  model_.finish(clock_.now(), guard_.detector().remember());
  if (const auto trouble = model_.take_trouble())
    on_line_(EventLine("model.unsaved", clock_.now()).add("reason", *trouble));
  const LedgerWriterCounters ledger = ledger_.finish();
  tell_ledger_news();
  if (ledger.waiting > 0) on_line_(EventLine("ledger.lost", clock_.now()).add("entries", ledger.waiting));
  tell_counters("run.counters");
  (void)remove_state_file(state_file_);  // of one that stays, the lock says that nobody is behind it
  on_line_(EventLine("run.stopped", clock_.now()).add("blocks", guard_.counters().blocks).add("reason", reason));
}

void GatewayRun::check_surroundings() {
  const bool v4 =
      std::any_of(clients_.begin(), clients_.end(), [](const IpPrefix& prefix) { return prefix.base().is_v4(); });
  if (v4 && read_kernel_setting("net/ipv4/ip_forward") == 0)
    warn("net.ipv4.ip_forward is 0: no IPv4 is forwarded here");
  const bool v6 =
      std::any_of(clients_.begin(), clients_.end(), [](const IpPrefix& prefix) { return !prefix.base().is_v4(); });
  if (v6 && read_kernel_setting("net/ipv6/conf/all/forwarding") == 0) {
    warn("net.ipv6.conf.all.forwarding is 0: no IPv6 is forwarded here");
  }
  constexpr std::size_t kBufferEnough = std::size_t{1} << 20;
  if (nflog_.receive_buffer() < kBufferEnough) {
    warn(fmt::format("the receive buffer is only {} KiB (net.core.rmem_max): a burst may be lost",
                     nflog_.receive_buffer() / 1024));
  }
}

// What is in the queue when packets are not gathered came after the first packet of its connection was handed to us.
std::vector<ConntrackEvent> GatewayRun::take_ripe_changes() {
  std::vector<ConntrackEvent> ripe;
  const Time now = clock_.now();
  const bool gathering = nflog_.next_check().has_value();
  while (!changes_.empty() && (!gathering || changes_.front().time + kOvertakingMax <= now)) {
    ripe.push_back(changes_.front());
    changes_.pop_front();
  }
  return ripe;
}

Result<void> GatewayRun::step() {
  // State changes are read before packets: each one's first packet is then already waiting.
  ConntrackSource::Batch batch;
  if (auto read = conntrack_.read(clock_, batch); !read) return read;
  changes_.insert(changes_.end(), batch.events.begin(), batch.events.end());
  packets_.clear();
  if (auto read = nflog_.read(clock_, packets_); !read) return read;
  if (batch.lost) {
    guard_.lost_changes();
    if (!relist_at_) relist_at_ = clock_.now() + kAgainAfter;
  }
  guard_.step(packets_, take_ripe_changes());
  const Time now = clock_.now();
  if (relist_at_ && *relist_at_ <= now) relist();
  if (look_at_ && *look_at_ <= now) look_at_table();
  follow_touched();
  if (next_counters_ <= now) {
    next_counters_ = now + kCountersEvery;
    if (nflog_.counters().packets != std::exchange(told_packets_, nflog_.counters().packets))
      tell_counters("run.counters");
    publish(now);
  }
  if (publish_at_ && *publish_at_ <= now) publish(now);
  if (model_.next_due() <= now) keep_model(now);
  return {};
}

void GatewayRun::relist() {
  relist_at_.reset();
  const auto flows = conntrack_.list();
  if (flows) {
    guard_.relisted(*flows);
  } else {
    relist_at_ = clock_.now() + kAgainAfter;
  }
  EventLine line("conntrack.lost", clock_.now());
  line.add("overruns", conntrack_.counters().overruns);
  if (!flows) line.add("reason", flows.error().text() + "; retrying");
  on_line_(line);
}

// `mailweir apply` and its way back change the table on purpose. What is judged stays what the policy said at the
// start.
bool GatewayRun::adopt_applied(const Generation& applied, const TableState& state) {
  if (applied.is_removal()) return removed_ = applied.time >= since_;  // one of before our start was taken back by it
  installed_ = state;
  wanted_.text = applied.table;
  on_line_(EventLine("table.applied", clock_.now())
               .add("generation", static_cast<std::uint64_t>(applied.number))
               .add("reason", "the table follows it at once; what clients are judged by follows at the next start"));
  return true;
}

void GatewayRun::look_at_table() {
  look_at_.reset();
  const auto state = kernel_->table();
  if (state && *state == installed_) return;
  const auto applied = state ? generation_in_force(*kernel_, store_) : std::nullopt;
  if (applied && adopt_applied(*applied, *state)) return;
  auto installed = kernel_->install(wanted_);
  if (installed) {
    restored_ = clock_.now();
    if (const auto now_there = kernel_->table()) installed_ = *now_there;
    guard_.table_restored();
    return;
  }
  look_at_ = clock_.now() + kAgainAfter;
  on_line_(EventLine("table.lost", clock_.now()).add("reason", installed.error().text() + "; retrying"));
}

// A table that is gone took its blocks with it: nobody lifted them, and they come back with it.
void GatewayRun::follow_touched() {
  if (look_at_) {
    touched_more_ = touched_more_ || !touched_.empty();
  } else if (touched_more_ || !touched_.empty()) {
    guard_.blocks_touched(touched_, std::exchange(touched_more_, false));
  }
  touched_.clear();
}

GuardFigures GatewayRun::figures() const {
  return {guard_.counters(), nflog_.counters(), conntrack_.counters(), ledger_.counters()};
}

void GatewayRun::tell_counters(std::string_view event) { on_line_(counters_line(event, clock_.now(), figures())); }

void GatewayRun::publish(Time now) {
  GuardState state = state_of(figures());
  state.since = since_;
  state.told = now;
  state.mode = mode_ == Mode::Enforce ? "block" : "watch-only";
  state.gathering = nflog_.next_check().has_value();
  published_ = now;
  publish_at_.reset();
  const auto written = write_runtime_file(state_file_, print_guard_state(state));
  if (!written && std::exchange(publishes_, false))
    warn(written.error().text() + ": `mailweir status` gets no figures; guarding goes on");
  if (written) publishes_ = true;
}

std::optional<Duration> GatewayRun::patience() const {
  std::optional<Time> due = std::min(next_counters_, model_.next_due());
  const auto earliest = [&](const std::optional<Time>& candidate) {
    if (candidate && *candidate < *due) due = candidate;
  };
  earliest(guard_.next_due());
  earliest(nflog_.next_check());
  earliest(look_at_);
  earliest(publish_at_);
  earliest(relist_at_);
  if (!changes_.empty()) earliest(changes_.front().time + kOvertakingMax);
  return *due - clock_.now();
}

Result<void> GatewayRun::run() {
  for (;;) {
    const auto ready = poller_.wait(patience());
    if (!ready) return fail(ready.error());
    if (!ready->empty() && !publish_at_) publish_at_ = std::max(clock_.now(), published_ + kStateEvery);
    for (const std::uint32_t tag : *ready) {
      if (tag == kSignal && signals_.take()) {
        end("told to end; blocks stay until they end by themselves");
        return {};
      }
      if (tag == kLedger) tell_ledger_news();
      if (tag == kAsked) {
        answers_.answer([&] {
          return live_state(guard_.detector(), {bytes_counted_, learns_, model_.written()}, clock_.now());
        });
      }
      if (tag != kRules) continue;
      const auto touched = table_watch_.read();
      if (!touched) return fail(touched.error());
      if (touched->rules && !look_at_) look_at_ = std::max(clock_.now(), restored_ + kAgainAfter);
      touched_.insert(touched_.end(), touched->touched.begin(), touched->touched.end());
      touched_more_ = touched_more_ || touched->blocks;
    }
    if (auto stepped = step(); !stepped) return stepped;
    if (removed_) {
      end("the table was removed");
      return {};
    }
  }
}

// Rules about the machine's own traffic can lock its operator out. `apply` can take them back; we could not.
bool needs_apply_first(const CompiledTable& wanted, const TableState& there) {
  return there.marker != wanted.marker &&
         std::any_of(wanted.rules.begin(), wanted.rules.end(),
                     [](const RuleInfo& rule) { return rule.hook != RuleHook::Forward; });
}

}  // namespace

Result<void> run_gateway(const RunSettings& settings, const OnLine& on_line) {
  if (!settings.policy.gateway) {
    return fail(ErrorCode::BadInput, "the policy has no [gateway] section: there is nothing to watch");
  }
  auto compiled = compile(settings.policy, SystemAccounts{});
  if (!compiled) return fail(std::move(compiled).error());
  CompiledTable wanted = std::move(*compiled);
  if (wanted.watched_ports.empty()) {
    return fail(ErrorCode::BadInput, "the policy watches neither transfer nor submission: there is nothing to do");
  }
  auto signals = SignalFd::open({SIGTERM, SIGINT});
  if (!signals) return fail(std::move(signals).error());
  auto kernel = open_linux_kernel();
  if (!kernel) return fail(std::move(kernel).error());
  const auto before = (*kernel)->table();
  if (!before) {
    if (before.error().code() != ErrorCode::NotPermitted) return fail(before.error());
    return fail(ErrorCode::NotPermitted,
                "CAP_NET_ADMIN is needed in this network namespace: run as root, or as a service");
  }
  if (needs_apply_first(wanted, *before)) {
    return fail(
        ErrorCode::Refused,
        "the policy also has rules for this machine's own traffic, and they are not in force: put them there "
        "with `mailweir apply --confirm-within 60s`, which takes them back if they lock you out, then run again");
  }
  auto lock = InstanceLock::take(settings.runtime_dir);
  if (!lock) return fail(std::move(lock).error());
  auto table_watch = TableWatch::open();
  if (!table_watch) return fail(std::move(table_watch).error());
  auto nflog = NflogSource::open(wanted.watch_group);
  if (!nflog) return fail(std::move(nflog).error());
  auto conntrack = ConntrackSource::open(wanted.watched_ports);
  if (!conntrack) return fail(std::move(conntrack).error());
  auto answers = AnswerSocket::listen(live_socket(settings.runtime_dir));
  if (!answers) return fail(std::move(answers).error());
  auto poller = Poller::open();
  if (!poller) return fail(std::move(poller).error());

  GatewayRun run(settings, std::move(wanted), std::move(*lock), std::move(*kernel), std::move(*table_watch),
                 std::move(*nflog), std::move(*conntrack), std::move(*signals), std::move(*answers), std::move(*poller),
                 before->fingerprint == 0, on_line);
  if (auto begun = run.begin(settings); !begun) return begun;
  return run.run();
}

}  // namespace mailweir
