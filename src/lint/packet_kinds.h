// Boxes of everyday packets, and what rules and checks say of them: mail, names, services.
#pragma once

#include <initializer_list>
#include <optional>
#include <vector>

#include "lint/packet_box.h"
#include "lint/subject.h"

namespace mailweir::rules {

// The first packet of a connection to that port (TCP, UDP).
[[nodiscard]] PacketBox opening(std::uint8_t protocol, std::uint16_t port);
[[nodiscard]] PacketBox in_state(ConnectionState state);
// The same box, free again in these fields and in its facts.
[[nodiscard]] PacketBox freed(const PacketBox& box, std::initializer_list<Field> fields);

// Does the rule name that destination port, alone or among a few? A range of more than kNamedWidthMax does not.
inline constexpr unsigned kNamedWidthMax = 16;
[[nodiscard]] bool names_port(const Rule& rule, std::uint16_t port);
// Drops or rejects openings to that TCP port and names it; never dead, never limited, everything of it understood.
[[nodiscard]] bool stops_named(LintSubject& subject, const RulePlace& place, std::uint16_t port);

// Could any packet of the box pass on that way? No is sure: neither what the rules leave to the policy nor a rule that
// accepts, jumps elsewhere or is not understood lets one through. Yes may be wrong.
[[nodiscard]] bool may_pass(LintSubject& subject, const PacketBox& box, Way way, bool v4);

// The hook where packets of that way are filtered.
[[nodiscard]] Hook filter_hook(Way way);
[[nodiscard]] bool sees(const Table& table, bool v4);
// Rules of base chains and chains below them that filter at that hook, for that family.
[[nodiscard]] std::vector<RulePlace> filtering_rules(LintSubject& subject, Hook hook, bool v4);

}  // namespace mailweir::rules
