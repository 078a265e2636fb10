// How long from the packet that convicts a client to the block in the kernel, acknowledged?
//
// The laboratory's gateway, guarded by `mailweir run` itself. Clients connect to new mail servers, of which some
// refuse, until they are blocked. Each client acts (sends a SYN, or closes) at most every 25 ms and everybody together
// about every 1.5 ms: what was the last packet of a client before its block was acknowledged is then known, and the
// gateway is quiet. "told" is what `mailweir run` itself says (packet_to_block_us); "seen" begins before the system
// call that sends.
//
// usage: block_latency [--clients=N] [--gate]      (mailweir is looked for beside the folder of this program)
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/must.h"
#include "bench/support/child.h"
#include "bench/support/report.h"
#include "bench/support/road.h"
#include "lab/places.h"
#include "lab/sockets.h"
#include "lab/topology.h"
#include "sys/clock.h"
#include "sys/enclosure.h"

namespace mailweir::bench {
namespace {

using lab::Behaviour;
using lab::Family;

constexpr auto kApart = std::chrono::milliseconds(25);
constexpr auto kBetween = std::chrono::microseconds(1500);
constexpr unsigned kDelivered = 4;        // connections that are answered first: the return path
constexpr unsigned kConnectionsMax = 40;  // then this client is given up
constexpr std::size_t kAtATime = 20;

struct Blocked {
  Time acknowledged;
  std::optional<double> told_us;
};

// What `mailweir run` said about whom.
class Blocks {
 public:
  void read_from(Child& run) {
    for (std::string line; run.read_line(line);) {
      const auto event = nlohmann::json::parse(line, nullptr, false);
      if (event.is_discarded()) continue;
      const std::lock_guard lock(mutex_);
      if (event.value("event", "") == "run.ready") ready_ = true;
      if (event.value("event", "") != "block.added") continue;
      Blocked& blocked = by_client_[event.value("client", "")];
      blocked.acknowledged = parse_time(event.value("time", "")).value_or(Time{});
      if (event.contains("packet_to_block_us")) blocked.told_us = event["packet_to_block_us"].get<double>();
    }
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  bool ready() { return locked(ready_); }
  bool over() { return locked(over_); }
  std::optional<Blocked> find(const std::string& client) {
    const std::lock_guard lock(mutex_);
    const auto found = by_client_.find(client);
    return found == by_client_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  bool locked(const bool& value) {
    const std::lock_guard lock(mutex_);
    return value;
  }
  std::mutex mutex_;
  std::map<std::string, Blocked> by_client_;
  bool ready_ = false, over_ = false;
};

struct Bot {
  IpAddress address;
  std::string client;  // as it is written in reports
  unsigned connections = 0;
  std::optional<Fd> open;
  std::vector<Time> acts;
};

void act(Bot& bot, const SystemClock& clock) {
  bot.acts.push_back(clock.now());
  if (bot.open) {
    bot.open.reset();
    return;
  }
  const Family family = bot.address.is_v4() ? Family::V4 : Family::V6;
  const bool delivers = bot.connections < kDelivered;
  const auto number = static_cast<std::uint32_t>(bot.address.low + bot.address.high);
  const std::uint32_t group =
      lab::kProviderGroups + (number * 13 + bot.connections * 7) % (lab::kGroups - lab::kProviderGroups);
  ++bot.connections;
  auto socket = lab::begin_connection(
      bot.address,
      lab::server_address(family, group, delivers ? Behaviour::Accept : Behaviour::RefuseConnections, number), 25);
  if (socket && delivers) bot.open = std::move(*socket);  // refused ones are over by themselves
}

// Runs the bots until each is blocked or given up; answers them with what they did.
std::vector<Bot> run_bots(const lab::Topology& topology, std::size_t count, Blocks& blocks) {
  const InNamespace inside(topology.inside);
  const SystemClock clock;
  std::vector<Bot> done;
  std::deque<Bot> active;
  for (std::size_t begun = 0; begun < count || !active.empty();) {
    if (active.size() < kAtATime && begun < count) {
      const IpAddress address =
          lab::client_address(begun % 4 == 3 ? Family::V6 : Family::V4, static_cast<std::uint32_t>(begun));
      active.push_back({address, lab::client_prefix(address).text(), 0, {}, {}});
      ++begun;
    } else {
      active.push_back(std::move(active.front()));
      active.pop_front();
    }
    Bot& bot = active.back();
    if (!bot.acts.empty()) {
      const Duration early = bot.acts.back() + kApart - clock.now();
      if (early > Duration{0}) std::this_thread::sleep_for(early);
    }
    if (blocks.find(bot.client) || bot.connections == kConnectionsMax) {
      done.push_back(std::move(bot));
      active.pop_back();
      continue;
    }
    act(bot, clock);
    std::this_thread::sleep_for(kBetween);
  }
  return done;
}

void print_row(std::string_view what, const std::vector<double>& us) {
  if (us.empty()) return;
  fmt::print("{:52} {:>6} {:>9.0f} {:>9.0f} {:>9.0f} {:>9.0f}\n", what, us.size(), quantile(us, 0.5), quantile(us, 0.9),
             quantile(us, 0.99), quantile(us, 1));
}

// What a script around nft pays for each block, after it knows whom to block.
std::vector<double> measure_nft_process() {
  run_nft("add table inet peer\nadd set inet peer b { type ipv4_addr; flags timeout; }\n");
  std::vector<double> us;
  for (int i = 0; i < 100; ++i) {
    us.push_back(1e6 *
                 run_nft(fmt::format("add element inet peer b {{ 10.9.{}.{} timeout 1h }}\n", i / 200, i % 200 + 1)));
  }
  return us;
}

int measure(Report& report, const std::string& mailweir) {
  auto topology = lab::build_topology();
  if (!topology) {
    fmt::print(stderr, "{}\n", topology.error().text());
    return 4;
  }
  std::ofstream("/run/policy.toml") << "[gateway]\nclients = [\"172.16.0.0/12\", \"fd16::/32\"]\ntransfer = \"watch\"\n"
                                       "submission = \"watch\"\n";
  Fd listener;
  {
    const InNamespace outside(topology->outside);
    auto listening = lab::listen_on(IpAddress{}, 25);
    MUST(listening);
    listener = std::move(*listening);
  }
  std::atomic<bool> ended = false;
  std::thread server([&] {
    std::deque<Fd> held;  // closed long after the client closed
    while (!ended) {
      Fd accepted(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!accepted.is_open()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        continue;
      }
      held.push_back(std::move(accepted));
      if (held.size() > 200) held.pop_front();
    }
  });
  Child run({mailweir, "run", "--config", "/run/policy.toml", "--runtime-dir", "/run/mailweir", "--json"});
  Blocks blocks;
  std::thread reader([&] { blocks.read_from(run); });
  while (!blocks.ready() && !blocks.over()) std::this_thread::sleep_for(std::chrono::milliseconds(10));

  std::vector<double> told, seen;
  std::size_t unblocked = 0;
  unsigned connections = 0;
  if (!blocks.over()) {
    for (const Bot& bot : run_bots(*topology, static_cast<std::size_t>(report.number("clients", 400)), blocks)) {
      const auto blocked = blocks.find(bot.client);
      if (!blocked) {
        ++unblocked;
        continue;
      }
      connections += bot.connections;
      if (blocked->told_us) told.push_back(*blocked->told_us);
      const auto after = std::ranges::upper_bound(bot.acts, blocked->acknowledged);
      MUST(after != bot.acts.begin());
      seen.push_back(static_cast<double>((blocked->acknowledged - *std::prev(after)).count()));
    }
  }
  const auto end = run.stop(SIGTERM);
  reader.join();
  ended = true;
  server.join();
  if (seen.empty()) {
    fmt::print(stderr, "nobody was blocked; {} says: {}\n", mailweir, end.err);
    return 4;
  }
  fmt::print("{:52} {:>6} {:>9} {:>9} {:>9} {:>9}\n", "microseconds", "blocks", "p50", "p90", "p99", "max");
  print_row("mailweir run: packet sent to block, seen", seen);
  print_row("mailweir run: packet received to block, told", told);
  print_row("one `nft add element` process, nothing else", measure_nft_process());
  fmt::print("{} clients blocked after {:.1f} connections each, {} not blocked\n", seen.size(),
             connections / static_cast<double>(seen.size()), unblocked);
  report.target("p99 under 5 ms over at least 300 blocks", seen.size() >= 300 && quantile(seen, 0.99) < 5000);
  Report::aim("p99 under 1 ms", quantile(seen, 0.99) < 1000);
  return report.exit_status();
}

}  // namespace
}  // namespace mailweir::bench

int main(int argc, char** argv) {
  using namespace mailweir::bench;
  Report report(argc, argv, "From the packet that convicts to the block in the kernel", {"clients"});
  const auto mailweir = std::filesystem::canonical(argv[0]).parent_path().parent_path() / "mailweir";
  const auto status = mailweir::run_enclosed(mailweir::Walls::All, [&] { return measure(report, mailweir.string()); });
  if (!status) fmt::print(stderr, "no namespaces here: {}\n", status.error().text());
  return status.value_or(4);
}
