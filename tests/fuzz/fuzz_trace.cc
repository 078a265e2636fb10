// A packet and rules of anybody: what becomes of it, in bounded time, with every reason in words.
//
// The first line is a packet (simulate/packet_notation.h), the rest rules in iptables' notations.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "ruleset/read_ruleset.h"
#include "simulate/packet_notation.h"
#include "simulate/worlds.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  using namespace mailweir::rules;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = std::min(text.find('\n'), text.size());
  const auto written = read_packet(text.substr(0, end));
  if (!written) return 0;
  Diagnostics remarks;
  ReadOptions options;
  options.limits.steps_max = 100'000;
  const Ruleset ruleset = read_iptables(text.substr(end), options, remarks);
  const Program program(ruleset);
  SimulatedMachine machine;
  machine.interfaces = {{"eth0", {*IpAddress::parse("198.51.100.7"), *IpAddress::parse("2001:db8::7")}}};
  for (const char* all : {"0.0.0.0/0", "::/0"}) machine.routes.push_back({*IpPrefix::parse(all), "eth0"});
  Simulator simulator(program, machine, false);
  for (const auto& [field, possible] : written->narrowings) simulator.narrow(field, possible);
  for (const World& world : explore(simulator, written->packet, written->entry, Time{}, true).worlds)
    for (const PacketFate& fate : world.fates)
      for (const TraceStep& step : fate.notes.steps) (void)why_not(step);
  return 0;
}
