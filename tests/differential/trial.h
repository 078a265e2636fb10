// One ruleset and some packets, through the kernel and through the simulator: are all counters and all emitted packets
// the same?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/differential/random_packets.h"
#include "tests/differential/test_bed.h"

namespace mailweir::rules::differential {

enum class Layer : std::uint8_t { IptablesNft, IptablesLegacy, Nft };
[[nodiscard]] std::string_view name_of(Layer layer);

struct Trial {
  Layer layer = Layer::Nft;
  bool v4 = true;  // of iptables' layers: which of the two programs
  bool loose = true;
  std::string ruleset;
  std::vector<TestPacket> packets;
};

// What was compared, and what was not.
struct Tally {
  std::uint64_t packets = 0;
  std::uint64_t lots = 0;  // connections whose translated port the kernel drew by lot: all but the port was compared
  std::uint64_t unanswered = 0;  // answers to those, which were not sent: only the kernel knows where to
};

// Nothing: they agree. A text: where they do not. An error: the trial could not be made.
Result<std::optional<std::string>> run_trial(TestBed& bed, const Trial& trial, Tally* tally = nullptr);
// As run_trial, with a simulator that has been told something wrong about the machine.
Result<std::optional<std::string>> run_trial(TestBed& bed, const Trial& trial, const SimulatedMachine& machine,
                                             Tally* tally = nullptr);

// A smaller trial that still disagrees: fewer rules, fewer packets.
[[nodiscard]] Trial shrunk(TestBed& bed, Trial trial);
// What a person needs to make it happen again: the rules, the packets, the difference.
[[nodiscard]] std::string report(const Trial& trial, const std::string& difference);

}  // namespace mailweir::rules::differential
