#include "tests/differential/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "ruleset/print_ruleset.h"
#include "ruleset/read_ruleset.h"
#include "simulate/simulator.h"

namespace mailweir::rules::differential {
namespace {

constexpr char kQuiet[] = R"(table inet quiet {
  chain in { type filter hook prerouting priority -450; icmpv6 type { 130-136, 143 } drop; }
  chain out { type filter hook output priority -450; icmpv6 type { 130-136, 143 } drop; }
}
)";
constexpr char kEmptyLegacy[] =
    "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT "
    "[0:0]\n"
    ":FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\n"
    ":INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n"
    ":FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";

std::string program(const Trial& trial, const char* what) {
  return fmt::format("{}tables{}-{}", trial.v4 ? "ip" : "ip6",
                     trial.layer == Layer::IptablesLegacy ? "-legacy" : "-nft", what);
}

Result<void> load(const Trial& trial) {
  const auto clean = run_program({"nft", "-f", "-"}, std::string("flush ruleset\n") + kQuiet);
  if (!clean) return fail(clean.error());
  if (trial.layer == Layer::Nft) {
    const auto loaded = run_program({"nft", "-f", "-"}, trial.ruleset);
    return loaded ? Result<void>{} : fail(loaded.error());
  }
  if (trial.layer == Layer::IptablesLegacy) {
    const auto empty = run_program({program(trial, "restore")}, kEmptyLegacy);
    if (!empty) return fail(empty.error());
  }
  const auto loaded = run_program({program(trial, "restore")}, trial.ruleset);
  return loaded ? Result<void>{} : fail(loaded.error());
}

Result<void> unload(const Trial& trial) {
  if (trial.layer != Layer::IptablesLegacy) return {};
  const auto empty = run_program({program(trial, "restore")}, kEmptyLegacy);
  return empty ? Result<void>{} : fail(empty.error());
}

Result<Ruleset> listed(const Trial& trial) {
  Diagnostics remarks;
  if (trial.layer == Layer::Nft) {
    auto json = run_program({"nft", "-j", "list", "table", "inet", "t"});
    if (!json) return fail(json.error());
    return read_nft_json(*json, {}, remarks);
  }
  auto text = run_program({program(trial, "save"), "-c"});
  if (!text) return fail(text.error());
  ReadOptions options;
  options.family = trial.v4 ? RuleFamily::Ip4 : RuleFamily::Ip6;
  return read_iptables(*text, options, remarks);
}

const Counter* counter_of(const Rule& rule) {
  for (const RulePart& part : rule.parts)
    if (const auto* counter = std::get_if<Counter>(&part)) return counter;
  return nullptr;
}

std::string counters_difference(const Program& simulated, const RuleMemory& memory, const Ruleset& kernel) {
  std::string text;
  for (const FlatChain& flat : simulated.chains()) {
    const Table* table = kernel.find_table(flat.table->family, flat.table->name);
    const Chain* chain = table == nullptr ? nullptr : table->find_chain(flat.chain->name);
    if (chain == nullptr) {
      if (flat.chain->rules.empty()) continue;  // iptables-nft makes a chain when it has something to say
      text += fmt::format("{} {} is not in the kernel\n", flat.table->name, flat.chain->name);
      continue;
    }
    for (std::uint32_t i = flat.rules_begin; i != flat.rules_end && i - flat.rules_begin < chain->rules.size(); ++i) {
      const Counter* there = counter_of(chain->rules[i - flat.rules_begin]);
      if (there == nullptr || counter_of(*simulated.rules()[i].rule) == nullptr) continue;
      const PacketCount& here = memory.counters[simulated.rules()[i].counter];
      if (there->packets == here.packets && there->bytes == here.bytes) continue;
      text += fmt::format("{} {} {}: kernel {} packets {} bytes, simulator {} {}   {}\n", flat.table->name, chain->name,
                          i - flat.rules_begin + 1, there->packets.value_or(0), there->bytes.value_or(0), here.packets,
                          here.bytes, rule_text(*flat.table, *simulated.rules()[i].rule));
    }
    if (chain->rules.size() != flat.chain->rules.size())
      text += fmt::format("{} {}: kernel has {} rules, simulator {}\n", flat.table->name, chain->name,
                          chain->rules.size(), flat.chain->rules.size());
    if (!chain->packets) continue;
    const auto policy = memory.policies.find(flat.chain);
    const PacketCount here = policy == memory.policies.end() ? PacketCount{} : policy->second;
    // Of a chain without rules iptables-nft may have made none, and shows zeros.
    if (flat.chain->rules.empty() && *chain->packets == 0) continue;
    if (flat.chain->hook && *chain->packets != here.packets)
      text += fmt::format("{} {} policy: kernel {} packets, simulator {}\n", flat.table->name, chain->name,
                          *chain->packets, here.packets);
  }
  return text;
}

// "tcp A > B ttl 63 40000 > 25 …": all but the first port.
std::string without_source_port(std::string line) {
  const auto ttl = line.find(" ttl ");
  const auto port = ttl == std::string::npos ? ttl : line.find(' ', ttl + 5);
  const auto end = port == std::string::npos ? port : line.find(" > ", port + 1);
  return end == std::string::npos ? line : line.replace(port + 1, end - port - 1, "*");
}

// `by_lot`: of the simulator's, those whose source port is anybody's guess.
std::string emitted_difference(std::vector<std::string> kernel, std::vector<std::string> simulated,
                               std::vector<std::string> by_lot) {
  std::ranges::sort(kernel);
  std::ranges::sort(simulated);
  std::vector<std::string> only_kernel, only_simulated;
  std::ranges::set_difference(kernel, simulated, std::back_inserter(only_kernel));
  std::ranges::set_difference(simulated, kernel, std::back_inserter(only_simulated));
  for (std::string& line : by_lot) {
    const std::string some_port = without_source_port(line);
    const auto found = std::ranges::find_if(
        only_kernel, [&](const std::string& candidate) { return without_source_port(candidate) == some_port; });
    if (found == only_kernel.end())
      only_simulated.push_back(some_port);
    else
      only_kernel.erase(found);
  }
  std::string text;
  const auto list = [&](const char* who, const std::vector<std::string>& lines) {
    for (std::size_t i = 0; i != lines.size() && i != 5; ++i) text += fmt::format("only {} emits: {}\n", who, lines[i]);
    if (lines.size() > 5) text += fmt::format("and {} more\n", lines.size() - 5);
  };
  list("the kernel", only_kernel);
  list("the simulator", only_simulated);
  return text;
}

SimulatedPacket marked_arriving(const TestPacket& test) {
  SimulatedPacket packet = test.packet;
  if (test.origin == Origin::Here) {
    packet.values.set(Field::SocketUser, 0);
    packet.values.set(Field::SocketGroup, 0);
  } else {
    packet.values.set(Field::InputInterface, interface_value(test.origin == Origin::Left ? "left" : "right"));
  }
  return packet;
}

}  // namespace

std::string_view name_of(Layer layer) {
  switch (layer) {
    case Layer::IptablesNft:
      return "iptables-nft";
    case Layer::IptablesLegacy:
      return "iptables-legacy";
    case Layer::Nft:
      return "nft";
  }
  return "";
}

Result<std::optional<std::string>> run_trial(TestBed& bed, const Trial& trial, Tally* tally) {
  return run_trial(bed, trial, TestBed::machine(), tally);
}

Result<std::optional<std::string>> run_trial(TestBed& bed, const Trial& trial, const SimulatedMachine& told,
                                             Tally* tally) {
  if (auto loaded = load(trial); !loaded) return fail(std::move(loaded).error().in(trial.ruleset));
  if (auto forgot = bed.forget_connections(); !forgot) return fail(forgot.error());
  if (auto loose = TestBed::set("net/netfilter/nf_conntrack_tcp_loose", trial.loose ? 1 : 0); !loose)
    return fail(loose.error());
  bed.settle();
  (void)bed.emitted();
  // In the kernel's own words the rules mean what the kernel does; in ours they come from the text a person wrote.
  Diagnostics remarks;
  ReadOptions options;
  options.family = trial.v4 ? RuleFamily::Ip4 : RuleFamily::Ip6;
  auto ruleset =
      trial.layer == Layer::Nft ? listed(trial) : Result<Ruleset>(read_iptables(trial.ruleset, options, remarks));
  if (!ruleset) return fail(ruleset.error());
  const Program program(*ruleset);
  SimulatedMachine machine = told;
  machine.connections.tcp.loose = trial.loose == told.connections.tcp.loose;
  Simulator simulator(program, std::move(machine));

  std::vector<std::string> simulated, by_lot;
  Tally own;
  const Time now{};
  std::size_t since_settled = 0;
  // A server answers to what it sees: where sources were translated, to the new one.
  std::unordered_map<FlowKey, FlowKey, FlowKeyHash> seen_as;
  std::unordered_set<FlowKey, FlowKeyHash> drawn;  // connections with a port by lot
  for (TestPacket test : trial.packets) {
    if (const auto key = flow_key(test.packet); key && test.origin == Origin::Right) {
      if (drawn.contains(key->reversed())) {
        ++own.unanswered;
        continue;
      }
      if (const auto seen = seen_as.find(key->reversed()); seen != seen_as.end()) {
        const FlowKey answer = seen->second.reversed();
        test.packet.values.set(Field::SourceAddress, answer.source);
        test.packet.values.set(Field::DestinationAddress, answer.destination);
        test.packet.values.set(Field::SourcePort, answer.source_port);
        test.packet.values.set(Field::DestinationPort, answer.destination_port);
      }
    }
    ++own.packets;
    const Octets bytes = ip_bytes(test.packet);
    if (test.origin == Origin::Here)
      bed.send(bytes);
    else
      bed.inject(test.origin == Origin::Left ? Side::Left : Side::Right, bytes);
    // The queue of a processor holds a thousand frames (net.core.netdev_max_backlog).
    if (++since_settled == 200) bed.settle(), since_settled = 0;
    Choices choices;
    const auto fates = test.origin == Origin::Here ? simulator.send(marked_arriving(test), now, choices)
                                                   : simulator.receive(marked_arriving(test), now, choices);
    const auto before = flow_key(test.packet), after = flow_key(fates.front().packet);
    if (test.origin == Origin::Left && fates.front().kind == PacketFate::Kind::Sent && test.packet.protocol() == kTcp &&
        fates.front().state != ConnectionState::Invalid)  // those leave as they came
      seen_as[*before] = *after;
    if (before && fates.front().guessed && drawn.insert(*before).second) ++own.lots;
    const bool lot = before && drawn.contains(*before);
    for (const PacketFate& fate : fates)
      if (fate.kind == PacketFate::Kind::Sent)
        (lot && !fate.cause ? by_lot : simulated).push_back(emitted_line(fate.packet));
    if (!choices.made().empty())
      return std::optional<std::string>("the simulator does not know whether " + choices.made().front().what);
  }
  bed.settle();
  const auto kernel = listed(trial);
  if (!kernel) return fail(kernel.error());
  std::string difference = counters_difference(program, simulator.memory(), *kernel);
  difference += emitted_difference(bed.emitted(), std::move(simulated), std::move(by_lot));
  if (auto unloaded = unload(trial); !unloaded) return fail(unloaded.error());
  if (tally != nullptr) {
    tally->packets += own.packets;
    tally->lots += own.lots;
    tally->unanswered += own.unanswered;
  }
  return difference.empty() ? std::nullopt : std::optional(std::move(difference));
}

namespace {

bool disagrees(TestBed& bed, const Trial& trial) {
  const auto difference = run_trial(bed, trial);
  return difference && difference->has_value();
}

// Takes away as much as it can, in halves, quarters, … of what is left.
template <typename Item, typename Keep>
std::vector<Item> shrunk_list(std::vector<Item> items, const Keep& still_disagrees) {
  for (std::size_t piece = std::max<std::size_t>(items.size() / 2, 1);;) {
    bool shorter = false;
    for (std::size_t begin = 0; begin < items.size();) {
      std::vector<Item> fewer(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(begin));
      fewer.insert(fewer.end(), items.begin() + static_cast<std::ptrdiff_t>(std::min(begin + piece, items.size())),
                   items.end());
      if (still_disagrees(fewer)) {
        items = std::move(fewer);
        shorter = true;
      } else {
        begin += piece;
      }
    }
    if (piece == 1 && !shorter) return items;
    piece = std::max<std::size_t>(piece / 2, 1);
  }
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::size_t declarations(const std::vector<std::string>& lines) {
  return static_cast<std::size_t>(std::ranges::count_if(
      lines, [](const std::string& line) { return line.starts_with(':') || line.starts_with('*'); }));
}

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace

Trial shrunk(TestBed& bed, Trial trial) {
  for (int round = 0; round != 2; ++round) {
    trial.packets = shrunk_list(trial.packets, [&](const std::vector<TestPacket>& packets) {
      Trial smaller = trial;
      smaller.packets = packets;
      return disagrees(bed, smaller);
    });
    const std::size_t declared = declarations(lines_of(trial.ruleset));
    const auto lines = shrunk_list(lines_of(trial.ruleset), [&](const std::vector<std::string>& fewer) {
      Trial smaller = trial;
      smaller.ruleset = joined_lines(fewer);
      // Chains stay declared: one that was never made counts nothing, whatever its policy.
      return declarations(fewer) == declared && disagrees(bed, smaller);
    });
    trial.ruleset = joined_lines(lines);
  }
  return trial;
}

std::string report(const Trial& trial, const std::string& difference) {
  std::string text = fmt::format("{} {}, tcp_loose {}\n{}", name_of(trial.layer), trial.v4 ? "IPv4" : "IPv6",
                                 trial.loose ? 1 : 0, trial.ruleset);
  for (std::size_t i = 0; i != trial.packets.size() && i != 20; ++i) {
    const TestPacket& test = trial.packets[i];
    const PacketValues& values = test.packet.values;
    const TcpOptions& options = test.packet.options;
    text += fmt::format("{}: {} seq {} ack {} win {} payload {} id {}{}{}{}\n",
                        test.origin == Origin::Here   ? "sent"
                        : test.origin == Origin::Left ? "left"
                                                      : "right",
                        packet_text(test.packet), values.number<std::uint32_t>(Field::TcpSequence),
                        values.number<std::uint32_t>(Field::TcpAcknowledgement),
                        values.number<std::uint32_t>(Field::TcpWindow), test.packet.payload, test.packet.icmp_id,
                        options.window_scale ? fmt::format(" scale {}", *options.window_scale) : "",
                        options.selective_ack ? " sack" : "", test.packet.bad_checksum ? " (bad checksum)" : "");
  }
  return text + difference;
}

}  // namespace mailweir::rules::differential
