#include "lint/stage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "base/escape.h"

namespace mailweir::rules {
namespace {

SimulatedMachine machine_for(const SimulatedPacket& packet, Way way) {
  const PacketValues& values = packet.values;
  const std::string in = interface_name(values.value(Field::InputInterface));
  const std::string out = interface_name(values.value(Field::OutputInterface));
  const std::string near = way == Way::In ? in : way == Way::Out ? out : kSampleIn;
  SimulatedMachine machine;
  machine.answers = false;
  if (way == Way::In)
    machine.interfaces.push_back({near, {values.address(Field::DestinationAddress)}});
  else if (way == Way::Out && out != "lo")
    machine.interfaces.push_back({near, {values.address(Field::SourceAddress)}});
  for (const char* all : {"0.0.0.0/0", "::/0"})
    machine.routes.push_back({*IpPrefix::parse(all), way == Way::In ? near : out.empty() ? kSampleOut : out});
  return machine;
}

bool stops(PacketFate::Kind kind) { return kind == PacketFate::Kind::Dropped || kind == PacketFate::Kind::Rejected; }

}  // namespace

bool Played::matches(const Rule& rule) const {
  return std::ranges::any_of(worlds.worlds, [&](const World& world) {
    return std::ranges::any_of(world.fates, [&](const PacketFate& fate) {
      return std::ranges::any_of(fate.notes.steps, [&](const TraceStep& step) {
        return step.rule == &rule && step.result != TraceStep::Result::NoMatch;
      });
    });
  });
}

Played Stage::play(const SimulatedPacket& packet, Way way, bool trace) const {
  const Simulator simulator(program_, machine_for(packet, way), false);
  Played played{explore(simulator, packet, way == Way::Out ? Entry::Send : Entry::Receive, Time{}, trace),
                Played::End::Passes};
  std::size_t stopped = 0, passed = 0;
  for (const World& world : played.worlds.worlds) {
    const PacketFate::Kind kind = world.fates.front().kind;
    if (stops(kind)) ++stopped;
    if (kind == PacketFate::Kind::Delivered || kind == PacketFate::Kind::Sent) ++passed;
  }
  const std::size_t all = played.worlds.worlds.size();
  played.end = played.worlds.cut ? Played::End::Depends
               : stopped == all  ? Played::End::Stopped
               : passed == all   ? Played::End::Passes
                                 : Played::End::Depends;
  return played;
}

Witness Stage::witness(const SimulatedPacket& packet, Way way, const Played& played) const {
  return {packet, way, fate_text(played)};
}

namespace {

std::string fate_text(const PacketFate& fate) {
  if (!stops(fate.kind)) return std::string(name_of(fate.kind));
  const std::string chain = escape(fate.chain->name, 40);
  if (fate.rule == nullptr) return fmt::format("{} by the policy of {}", name_of(fate.kind), chain);
  return fmt::format("{} by {} {}", name_of(fate.kind), chain, fate.rule - fate.chain->rules.data() + 1);
}

}  // namespace

std::string fate_text(const Played& played) {
  std::vector<std::string> said;
  for (const World& world : played.worlds.worlds) {
    std::string text = fate_text(world.fates.front());
    if (std::ranges::find(said, text) == said.end()) said.push_back(std::move(text));
  }
  std::string all = fmt::format("{}", fmt::join(said, " or "));
  return played.worlds.cut ? all + ", or something else" : all;
}

Hook filter_hook(Way way) { return way == Way::In ? Hook::Input : way == Way::Out ? Hook::Output : Hook::Forward; }

std::optional<Way> way_of(Hook hook) {
  switch (hook) {
    case Hook::Prerouting:
    case Hook::Input:
      return Way::In;
    case Hook::Forward:
      return Way::Through;
    case Hook::Output:
    case Hook::Postrouting:
      return Way::Out;
    default:
      return std::nullopt;
  }
}

}  // namespace mailweir::rules
