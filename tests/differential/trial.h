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
  bool conversations = false;  // servers speak only when spoken to: where two connections would share a translated
                               // address and port the kernel draws another by lot
  std::string ruleset;
  std::vector<TestPacket> packets;
};

// Nothing: they agree. A text: where they do not. An error: the trial could not be made.
Result<std::optional<std::string>> run_trial(TestBed& bed, const Trial& trial);
// As run_trial, with a simulator that has been told something wrong about the machine.
Result<std::optional<std::string>> run_trial(TestBed& bed, const Trial& trial, const SimulatedMachine& machine);

// A smaller trial that still disagrees: fewer rules, fewer packets.
[[nodiscard]] Trial shrunk(TestBed& bed, Trial trial);
// What a person needs to make it happen again: the rules, the packets, the difference.
[[nodiscard]] std::string report(const Trial& trial, const std::string& difference);

}  // namespace mailweir::rules::differential
