// The machine a log line was written on, as far as the line and the rules tell, and packets that walk through it.
//
// Everything here is the simulator's answer; nothing is evaluated a second time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "explain/logged_packet.h"
#include "ruleset/rule_place.h"
#include "simulate/worlds.h"

namespace mailweir::rules {

struct Scene {
  // More worlds of one packet than this are not followed here: a person reads a handful of them at most.
  static constexpr std::size_t kWorldsMax = 32;

  const Program* program = nullptr;
  SimulatedMachine machine;

  // `loose`: nf_conntrack_tcp_loose. Always with notes. `take` sees one world after the other, none is kept: notes of
  // 100,000 rules are large.
  void follow(const PartialPacket& packet, Entry entry, bool loose,
              const std::function<void(const World&)>& take) const;
};

// The machine the line was written on; `known`: what is known of it besides, of live rules.
[[nodiscard]] SimulatedMachine machine_of(const LoggedPacket& line, const SimulatedMachine* known);
// The line's packet on its way, and how it starts.
[[nodiscard]] Entry entry_of(const LoggedPacket& line);

// Did the rule of this step log the packet? A part after its log may have said no.
[[nodiscard]] const Log* logged_by(const TraceStep& step);
[[nodiscard]] RulePlace place_of(const TraceStep& step);
// Where the packet ended: a rule or a policy. Nothing in it: nobody stopped it.
[[nodiscard]] RulePlace end_of(const PacketFate& fate);
[[nodiscard]] bool is_stopped(const PacketFate& fate);
// The rule or policy that decided about it, be it to let it pass. Nothing in it: no rules.
[[nodiscard]] RulePlace decided_by(const PacketFate& fate);

// Whether a rule's prefix is what stands at the end of the line's. Both may have lost blanks and the bytes past the
// 29 that iptables keeps.
[[nodiscard]] bool fits_prefix(std::string_view line_prefix, std::string_view rule_prefix);

}  // namespace mailweir::rules
