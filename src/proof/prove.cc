#include "proof/prove.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/escape.h"
#include "proof/send_probe.h"
#include "sys/kernel_setting.h"
#include "sys/raw_probe.h"

namespace mailweir {
namespace {

constexpr char kClientInterface[] = "mw-client", kOutsideInterface[] = "mw-outside";
// A probe takes seconds; killed, we leave a block of nobody for this long.
constexpr Duration kBlockLength = std::chrono::seconds(30);

constexpr int kLateReads = 3, kLateStepMs = 150;

class Prover {
 public:
  Prover(Kernel& kernel, const CompiledTable& table, const ProveSettings& settings)
      : kernel_(kernel), table_(table), settings_(settings) {}

  Result<ProofReport> prove() {
    const Surroundings here = surroundings();
    auto listing = kernel_.rules();
    if (!listing) return fail(std::move(listing).error());
    listing_ = std::move(*listing);
    before_ = after_ = count_rules(listing_);
    PlanSettings plan;
    plan.limits_too = settings_.limit_probe;
    plan.target = settings_.target;
    plan.no_throw_away = attach(here);
    const std::vector<Probe> probes = plan_probes(table_, here, plan);
    report_.proofs.resize(probes.size());
    // Own traffic first, by the ways it always takes: afterwards some lead to the throw-away hosts.
    for (const bool attached : {false, true}) {
      for (std::size_t i = 0; i < probes.size(); ++i) {
        if (needs_hosts(probes[i]) != attached) continue;
        auto proof = try_probe(probes[i]);
        if (!proof) return fail(std::move(proof).error());
        report_.proofs[i] = std::move(*proof);
      }
    }
    forget_clients();
    report_.remarks = remarks_on(others(), table_);
    return std::move(report_);
  }

 private:
  static bool needs_hosts(const Probe& probe) {
    return probe.prospect == Prospect::Try && (probe.from != ProbeFrom::Machine || probe.to_outside);
  }

  [[nodiscard]] bool has_rules(RuleHook hook) const {
    return std::any_of(table_.rules.begin(), table_.rules.end(),
                       [&](const RuleInfo& rule) { return rule.hook == hook; });
  }

  // Why there are no throw-away hosts; empty: they are there, or nobody needs them.
  std::string attach(const Surroundings& here) {
    const bool forwarded = has_rules(RuleHook::Forward) && (here.forwards4 || here.forwards6);
    if (!forwarded && !has_rules(RuleHook::Input)) return {};
    if ((here.forwards4 || here.forwards6) && !settings_.forward_probe) {
      return "this machine forwards for others, and takes a throw-away host only when told so: `mailweir verify "
             "--forward-probe`";
    }
    // Whether an address is in use has to be asked, and we may not be allowed to.
    const IpAddress loopback = *IpAddress::parse("127.0.0.1");
    if (const auto asked = probe_ping(loopback, loopback, std::chrono::milliseconds(100)); !asked)
      return "which addresses are in use cannot be asked: " + asked.error().text();
    std::string reason = attach_one(hosts_.outside, kOutsideInterface, here.forwards4);
    if (reason.empty() && forwarded) reason = attach_one(hosts_.client, kClientInterface, here.forwards4);
    return reason;
  }

  static std::string attach_one(std::optional<AttachedHost>& place, const char* name, bool forwards4) {
    auto host = AttachedHost::attach(name);
    if (!host) return "no throw-away host can be attached: " + host.error().text();
    place.emplace(std::move(*host));
    // Where only some interfaces forward, ours is to be one of them.
    if (forwards4) (void)write_kernel_setting(fmt::format("net/ipv4/conf/{}/forwarding", name), 1);
    return {};
  }

  // The addresses of a probe are where it starts and ends.
  Result<void> carry(const Probe& probe) {
    const TestPacket& packet = probe.packet;
    if (probe.from == ProbeFrom::Client)
      met_[packet.from.is_v4() ? packet.from : IpPrefix::of(packet.from, 64).base()].insert(packet.to);
    if (packet.hook != RuleHook::Forward) return hosts_.outside->carry(packet.from);
    const bool from_client = probe.from == ProbeFrom::Client;
    if (auto given = (from_client ? hosts_.client : hosts_.outside)->carry(packet.from); !given) return given;
    AttachedHost& other = from_client ? *hosts_.outside : *hosts_.client;
    for (const IpAddress server : probe.servers) {
      if (auto given = other.carry(server); !given) return given;
    }
    return other.carry(packet.to);
  }

  Result<Proof> try_probe(const Probe& probe) {
    const bool is_there = count_of(after_, probe.rule->id).rules > 0;
    if (!is_there && probe.prospect != Prospect::Useless) {
      Proof proof = unmade(probe);
      proof.result = ProofResult::Inert;
      proof.causes = own_causes(listing_, before_, after_, table_, *probe.rule, probe.packet.is_v4());
      proof.text = causes_text(proof.causes);
      return proof;
    }
    if (probe.prospect != Prospect::Try) return unmade(probe);
    const auto cannot = [&](std::string reason, Prospect prospect) {
      Probe other = probe;
      other.prospect = prospect;
      other.reason = std::move(reason);
      return unmade(other);
    };
    if (needs_hosts(probe)) {
      if (auto carried = carry(probe); !carried) {
        const bool no_family = carried.error().code() == ErrorCode::Unsupported;
        return cannot(carried.error().text(), no_family ? Prospect::Impossible : Prospect::Withheld);
      }
    }
    const auto seen = observe(probe);
    if (!seen) {
      // A user namespace has one user: nobody else's place can be taken there.
      if (seen.error().code() == ErrorCode::NotPermitted && probe.borrow_owner)
        return cannot("its exceptions hold for us, and we may not take another user's place", Prospect::Withheld);
      return fail(seen.error());
    }
    Proof proof = judge(probe, *seen);
    if (proof.result == ProofResult::Inert) return look_for_causes(probe);
    if (probe.to_target) {
      auto told = ask_target(probe, proof);
      if (!told) return fail(std::move(told).error());
    }
    return proof;
  }

  Result<ProbeObservation> observe(const Probe& probe, std::uint32_t mark = 0) {
    const SetApart apart(kernel_, probe);
    ProbeObservation seen;
    const auto before = counts();
    if (!before) return fail(before.error());
    auto answer = send_probe(probe, hosts_, mark);
    if (!answer) return fail(std::move(answer).error());
    before_ = *before;
    seen.before = count_of(before_, probe.rule->id);
    seen.ends = std::move(answer->ends);
    seen.arrived = answer->arrived;
    // On a busy machine a packet from a throw-away host is handled a while after it was sent.
    const bool may_be_late = needs_hosts(probe) && mark == 0;
    for (int i = 0;; ++i) {
      auto listing = kernel_.rules();
      if (!listing) return fail(std::move(listing).error());
      listing_ = std::move(*listing);
      after_ = count_rules(listing_);
      seen.after = count_of(after_, probe.rule->id);
      if (seen.moved() > 0 || !may_be_late || i == kLateReads) return seen;
      poll(nullptr, 0, kLateStepMs);
    }
  }

  Result<RuleCounts> counts() {
    auto listing = kernel_.rules();
    if (!listing) return fail(std::move(listing).error());
    return count_rules(*listing);
  }

  // Once more, with an eye on everybody's counters.
  Result<Proof> look_for_causes(const Probe& probe) {
    const OtherRules before = read_other_rules();
    const auto seen = observe(probe);
    if (!seen) return fail(seen.error());
    others_ = read_other_rules();
    Proof proof = judge(probe, *seen);
    if (proof.result != ProofResult::Inert) return proof;
    const bool v4 = probe.packet.is_v4();
    if (seen->moved() > 0) {
      explain(proof, others_causes(before, *others_, probe.rule->hook, v4, Stretch::AfterUs));
      return proof;
    }
    std::vector<Cause> causes = own_causes(listing_, before_, after_, table_, *probe.rule, v4);
    if (std::none_of(causes.begin(), causes.end(), [](const Cause& one) { return one.convicted; })) {
      auto more = others_causes(before, *others_, probe.rule->hook, v4, Stretch::BeforeUs);
      if (std::any_of(more.begin(), more.end(), [](const Cause& one) { return one.convicted; })) causes.clear();
      causes.insert(causes.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    }
    explain(proof, std::move(causes));
    return proof;
  }

  Result<void> ask_target(const Probe& probe, Proof& proof) {
    const auto marked = observe(probe, kProbeMark);
    if (!marked) {
      if (marked.error().code() != ErrorCode::NotPermitted) return fail(marked.error());
      proof.text += "; what lies behind the rule needs root";
      return {};
    }
    judge_target(proof, settings_.target->text, marked->ends.front(), marked->moved() > 0);
    return {};
  }

  const OtherRules& others() {
    if (!others_) others_ = read_other_rules();
    return *others_;
  }

  // What the rules remember of a client that does not exist; what they do not is added first, so that it can be
  // deleted.
  static void forget_client(Kernel& kernel, IpAddress client, const std::vector<IpAddress>& servers) {
    const char digit = client.is_v4() ? '4' : '6';
    std::string statements;
    const auto forget = [&](std::string_view set, const std::string& element) {
      statements += fmt::format("add element inet {0} {1}{2} {{ {3} }}\ndelete element inet {0} {1}{2} {{ {3} }}\n",
                                kTable, set, digit, element);
    };
    forget("new_servers", client.text());
    for (const IpAddress server : servers) forget("known", fmt::format("{} . {}", client.text(), server.text()));
    (void)kernel.load_statements(statements);
  }

  // Every client of a probe wrote to a server, which the rules remember for a week.
  void forget_clients() {
    if (std::none_of(table_.rules.begin(), table_.rules.end(), [](const RuleInfo& rule) { return rule.slowed; }))
      return;
    for (const auto& [client, servers] : met_) forget_client(kernel_, client, {servers.begin(), servers.end()});
  }

  // Of rules about blocked or slowed clients: the probe's sender is one for as long as this lives, and has met nobody
  // before.
  class SetApart {
   public:
    SetApart(Kernel& kernel, const Probe& probe) : kernel_(kernel) {
      if (!probe.block_client && !probe.slow_client) return;
      client_ = probe.packet.is_v4() ? IpPrefix::host(probe.packet.from) : IpPrefix::of(probe.packet.from, 64);
      if (probe.slow_client) servers_ = probe.servers;
      forget();
      Block block;
      block.client = *client_;
      block.case_id = kProbeCase;
      block.length = kBlockLength;
      if (probe.slow_client) block.scope = BlockScope::SlowedDown;
      (void)kernel_.add_blocks(std::span(&block, 1));
    }
    ~SetApart() {
      if (!client_) return;
      (void)kernel_.remove_blocks(std::span(&*client_, 1));
      forget();
    }
    SetApart(const SetApart&) = delete;
    SetApart& operator=(const SetApart&) = delete;

   private:
    void forget() {
      if (!servers_.empty()) forget_client(kernel_, client_->base(), servers_);
    }

    Kernel& kernel_;
    std::optional<IpPrefix> client_;
    std::vector<IpAddress> servers_;
  };

  Kernel& kernel_;
  const CompiledTable& table_;
  const ProveSettings& settings_;
  ProofReport report_;
  ThrowAwayHosts hosts_;
  std::string listing_;  // of the last probe
  RuleCounts before_, after_;
  std::optional<OtherRules> others_;
  std::map<IpAddress, std::set<IpAddress>> met_;  // servers by client, of probes
};

}  // namespace

Result<ProofReport> prove(Kernel& kernel, const CompiledTable& table, const ProveSettings& settings) {
  return Prover(kernel, table, settings).prove();
}

std::vector<Remark> remarks_on(const OtherRules& others, const CompiledTable& table) {
  std::vector<Remark> remarks;
  const bool forwards = std::any_of(table.rules.begin(), table.rules.end(),
                                    [](const RuleInfo& rule) { return rule.hook == RuleHook::Forward; });
  for (const Flowtable& flow : others.flowtables) {
    if (!forwards) break;
    remarks.push_back(
        {"flowtable", fmt::format("flowtable {} of table {} ({}) takes connections past the forward hook once they are "
                                  "known: rules see how they begin, but a client that is blocked later is cut off only "
                                  "when its connections are ended, as `mailweir run` does",
                                  escape(flow.name, 64), escape(flow.family + " " + flow.table, 64),
                                  flow.devices.empty()
                                      ? "no devices"
                                      : "devices " + escape(fmt::format("{}", fmt::join(flow.devices, ", ")), 120))});
  }
  for (const std::string& unread : others.unread)
    remarks.push_back({"unread", "not looked into: " + escape(unread, 200)});
  return remarks;
}

}  // namespace mailweir
