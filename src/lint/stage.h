// Packets taken through the rules for lint: on a machine that sends them the way a check wants.
//
// In:  a ruleset.   Out: what becomes of a packet in every world, shortly said; a packet that comes to a rule.
// The machine is made for the packet: its destination is ours (In), or there is a route on (Through). States are those
// the packet asserts; packets that the kernel makes in answer are followed too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lint/finding.h"
#include "lint/rule_space.h"
#include "lint/sample_packet.h"
#include "simulate/program.h"
#include "simulate/worlds.h"

namespace mailweir::rules {

struct Played {
  Worlds worlds;
  enum class End : std::uint8_t {
    Passes,   // in every world
    Stopped,  // dropped or rejected in every world
    Depends,  // on something that is not known
  } end = End::Passes;
  [[nodiscard]] const PacketFate& fate() const { return worlds.worlds.front().fates.front(); }  // of the first world
  // Was known all along: one world, nothing assumed.
  [[nodiscard]] bool certain() const { return worlds.worlds.size() == 1 && !worlds.cut; }
  // Does the packet (or one it brings about) come to the rule and match it? REQUIRES: played with a trace.
  [[nodiscard]] bool matches(const Rule& rule) const;
};

class Stage {
 public:
  explicit Stage(const Ruleset& ruleset) : program_(ruleset) {}

  [[nodiscard]] Played play(const SimulatedPacket& packet, Way way, bool trace = false) const;
  [[nodiscard]] Witness witness(const SimulatedPacket& packet, Way way, const Played& played) const;
  [[nodiscard]] const Program& program() const { return program_; }

 private:
  Program program_;
};

// "dropped by INPUT 3", "delivered", "rejected by the policy of OUTPUT"; where that hangs on something unknown, all of
// them: "dropped by INPUT 3 or delivered".
[[nodiscard]] std::string fate_text(const Played& played);
[[nodiscard]] Hook filter_hook(Way way);             // where packets of that way are filtered
[[nodiscard]] std::optional<Way> way_of(Hook hook);  // Prerouting: In; Postrouting: Out; nothing: not of IP

}  // namespace mailweir::rules
