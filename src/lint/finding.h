// What lint says of a ruleset: one value per thing found, with everything that is needed to believe it and to mend it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "lint/packet_box.h"
#include "lint/sample_packet.h"
#include "ruleset/edit.h"
#include "ruleset/rule_place.h"

namespace mailweir::rules {

// How sure: of all packets (sets of them were compared); of one packet (the simulator took it through the rules); of
// people (rules like this one are mostly mistakes, or something is missing that may be elsewhere).
enum class Confidence : std::uint8_t { Proved, Replayed, Heuristic };
[[nodiscard]] std::string_view name_of(Confidence confidence);

// A packet that shows it, taken through the rules by the simulator.
struct Witness {
  SimulatedPacket packet;
  Way way = Way::In;
  std::string fate;  // "dropped by INPUT 3", "rejected by the policy of OUTPUT", …
};

struct RelatedPlace {
  RulePlace place;
  std::string text;  // what it has to do with it
};

struct Finding {
  std::string_view number, id;  // "L07", "log-without-limit"; filled in by lint()
  Severity severity = Severity::Warning;
  Confidence confidence = Confidence::Heuristic;
  RulePlace place;
  std::string text;  // one or two sentences; what came from the ruleset is escaped
  std::vector<RelatedPlace> related;
  std::string fix;              // what to do, one sentence; empty: nothing that holds for everybody
  std::vector<RuleEdit> edits;  // the same for the machine; empty: not to be done without a person
  // Packets whose fate the edits mean to change. All others keep theirs, or the fix is not offered.
  std::vector<PacketBox> may_change;
  std::optional<Witness> witness;
};

}  // namespace mailweir::rules
