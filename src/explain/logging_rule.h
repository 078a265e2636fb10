// Which rule wrote a log line, and what conntrack had made of the packet.
//
// The line's packet is sent through the rules once per state it can have had; a rule that logs it with the line's
// prefix is the one. What it can have been follows from the packet itself first: a reset opens nothing, so it is never
// NEW.
#pragma once

#include <string>
#include <vector>

#include "explain/scene.h"

namespace mailweir::rules {

struct LoggingRule {
  RulePlace place;
  Hook hook = Hook::Input;
  Log log;
  const Limit* limit = nullptr;         // before its log, in the same rule
  std::vector<ConnectionState> states;  // that bring the packet there, the likeliest first; never empty
  std::vector<TraceStep> before;        // rules asked before it that did not take the packet, under the first state
  std::vector<Assumption> assumptions;  // what had to be assumed for it to come there
  PacketFate fate;                      // what became of the packet, under the first state
  std::vector<RulePlace> others;        // that could have written the line as well
};

struct RuleSearch {
  std::optional<LoggingRule> found;
  // Nothing was found. Rules with that prefix to which the packet does not come, and what takes it before.
  struct Miss {
    RulePlace place;
    RulePlace taken_by;
  };
  std::vector<Miss> misses;
  std::vector<std::string> prefixes;  // of all logging rules, when none fits
  std::string_view limit;             // not empty: of the simulation, past which the packet was not followed
};
// `likeliest`: what the packet was, where somebody knows better than the packet's own form tells.
[[nodiscard]] RuleSearch find_logging_rule(const Scene& scene, const LoggedPacket& line,
                                           std::optional<ConnectionState> likeliest = {});

// What conntrack makes of the packet when it knows no connection of it; the likeliest first, without doubles.
[[nodiscard]] std::vector<ConnectionState> first_states(const Scene& scene, const LoggedPacket& line);

// The packet of the line as if conntrack had said so.
[[nodiscard]] PartialPacket with_state(const LoggedPacket& line, ConnectionState state);

}  // namespace mailweir::rules
