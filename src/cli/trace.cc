#include "cli/trace.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/give_up.h"
#include "cli/read_rules.h"
#include "cli/screen.h"
#include "cli/trace_capture.h"
#include "cli/trace_view.h"
#include "simulate/live_machine.h"
#include "simulate/packet_notation.h"
#include "simulate/worlds.h"
#include "sys/clock.h"

namespace mailweir {
namespace {

using namespace rules;  // a packet and its way: nothing here is about a policy

constexpr char kSomeInterface[] = "eth0";  // where nobody said which: the name most documentation uses

// A machine on which the packet goes the way the person wrote: `in` alone is for us, `in` and `out` is forwarded.
SimulatedMachine fitting_machine(const WrittenPacket& written) {
  const PacketValues& values = written.packet.values;
  const std::string in = interface_name(values.value(Field::InputInterface));
  const std::string out = interface_name(values.value(Field::OutputInterface));
  SimulatedMachine machine;
  const bool arrives = written.entry == Entry::Receive;
  const Field ours = arrives ? Field::DestinationAddress : Field::SourceAddress;
  const std::string near = arrives ? in : out.empty() ? kSomeInterface : out;
  if (values.is_known(ours) && (!arrives || out.empty())) machine.interfaces.push_back({near, {values.address(ours)}});
  const std::string far = !out.empty() ? out : near;
  for (const char* all : {"0.0.0.0/0", "::/0"}) machine.routes.push_back({*IpPrefix::parse(all), far});
  return machine;
}

}  // namespace

int trace(const TraceOptions& options, const CommonOptions& common) {
  using namespace rules;
  if (options.packet.empty() == options.capture.empty())
    return give_up(Error(ErrorCode::Usage, "trace: either a packet, or --pcap FILE"));
  if (!options.capture.empty()) return trace_capture(options, common);
  auto written = read_packet(options.packet);
  if (!written) return give_up(std::move(written).error().in("the packet"));
  const auto ruleset = read_rules(options.ruleset, common);
  if (!ruleset) return give_up(ruleset.error());
  const Program program(*ruleset);
  Simulator simulator(program, options.ruleset.empty() ? live_machine() : fitting_machine(*written), false);
  for (const auto& [field, possible] : written->narrowings) simulator.narrow(field, possible);
  const Worlds all = explore(simulator, written->packet, written->entry, SystemClock().now(), true);
  if (common.json)
    print_trace_json(all);
  else
    print_trace(all, written->entry, options.brief, screen_of(stdout, common));
  return passes(all) ? 0 : 1;
}

}  // namespace mailweir
