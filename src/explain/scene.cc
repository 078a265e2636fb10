#include "explain/scene.h"

#include <fmt/format.h>

#include "base/escape.h"
#include "base/trim.h"
#include "ruleset/print_ruleset.h"

namespace mailweir::rules {
namespace {

constexpr char kSomeInterface[] = "eth0";           // where the line does not say: the name most documentation uses
constexpr std::uint32_t kSomeAddress = 0xc0000201;  // 192.0.2.1 (RFC 5737), where ours is blacked out
constexpr std::uint64_t kSomeAddress6 = 0x20010db800000000;  // 2001:db8::1 (RFC 3849)
constexpr std::size_t kPrefixKept = 29;                      // xt_LOG.h: 30 bytes with the zero

IpAddress own_address(const LoggedPacket& line, Field field) {
  const PacketValues& values = line.seen.packet.values;
  if (values.is_known(field)) return values.address(field);
  return line.seen.packet.is_v4() ? IpAddress::v4(kSomeAddress) : IpAddress{kSomeAddress6, 1};
}

}  // namespace

void Scene::follow(const PartialPacket& packet, Entry entry, bool loose,
                   const std::function<void(const World&)>& take) const {
  SimulatedMachine fitting = machine;
  fitting.connections.tcp.loose = loose;
  Simulator start(*program, std::move(fitting), false);
  for (const auto& [field, possible] : packet.possible) start.narrow(field, possible);
  std::size_t worlds = 0;
  Choices choices;
  do {
    Simulator simulator = start;
    World world;
    world.fates = entry == Entry::Receive ? simulator.receive(packet.packet, Time{}, choices, true)
                                          : simulator.send(packet.packet, Time{}, choices, true);
    world.assumptions = choices.made();
    take(world);
  } while (++worlds < kWorldsMax && choices.next_world());
}

SimulatedMachine machine_of(const LoggedPacket& line, const SimulatedMachine* known) {
  SimulatedMachine machine;
  if (known != nullptr) machine = *known;
  machine.routes.clear();
  machine.interfaces.clear();
  machine.forwarding = true;
  const bool out = !line.out.empty() && line.out != "lo";
  const std::string near = line.in.empty() || line.in == "lo" ? (out ? line.out : kSomeInterface) : line.in;
  if (line.way == Hook::Output)
    machine.interfaces.push_back({near, {own_address(line, Field::SourceAddress)}});
  else if (line.way != Hook::Forward)
    machine.interfaces.push_back({near, {own_address(line, Field::DestinationAddress)}});
  else
    machine.interfaces.push_back(
        {near, {line.seen.packet.is_v4() ? IpAddress::v4(kSomeAddress) : IpAddress{kSomeAddress6, 1}}});
  // Our own address is where noise to everybody goes past.
  IpAddress& own = machine.interfaces.front().addresses.front();
  if (is_multicast(own) || is_broadcast(own) || own.is_unspecified())
    own = line.seen.packet.is_v4() ? IpAddress::v4(kSomeAddress) : IpAddress{kSomeAddress6, 1};
  for (const char* all : {"0.0.0.0/0", "::/0"})
    machine.routes.push_back({*IpPrefix::parse(all), out ? line.out : near});
  return machine;
}

Entry entry_of(const LoggedPacket& line) { return line.way == Hook::Output ? Entry::Send : Entry::Receive; }

const Log* logged_by(const TraceStep& step) {
  if (step.rule == nullptr) return nullptr;
  for (const RulePart& part : step.rule->parts) {
    if (step.result == TraceStep::Result::NoMatch && &part == step.part) return nullptr;
    if (const auto* log = std::get_if<Log>(&part)) return log;
  }
  return nullptr;
}

RulePlace place_of(const TraceStep& step) { return {step.table, step.chain, step.rule, step.number}; }

bool is_stopped(const PacketFate& fate) {
  return fate.kind == PacketFate::Kind::Dropped || fate.kind == PacketFate::Kind::Rejected;
}

RulePlace end_of(const PacketFate& fate) {
  if (!is_stopped(fate) || fate.notes.steps.empty()) return {};
  return place_of(fate.notes.steps.back());
}

RulePlace decided_by(const PacketFate& fate) {
  for (auto step = fate.notes.steps.rbegin(); step != fate.notes.steps.rend(); ++step)
    if (step->result != TraceStep::Result::NoMatch && step->result != TraceStep::Result::Matched &&
        step->hook != Hook::Postrouting)
      return place_of(*step);
  return {};
}

bool fits_prefix(std::string_view line_prefix, std::string_view rule_prefix) {
  const std::string_view line = trimmed(line_prefix), rule = trimmed(rule_prefix);
  if (rule.empty()) return line.empty();
  return line.ends_with(rule) || (rule.size() >= kPrefixKept && line.ends_with(trimmed(rule.substr(0, kPrefixKept))));
}

}  // namespace mailweir::rules
