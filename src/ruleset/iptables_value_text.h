// What a packet is compared with, in the words of iptables' options. Nothing: it has none for these values.
#pragma once

#include <optional>
#include <string>

#include "ruleset/match.h"

namespace mailweir::rules {

// "25", "1:1023"
[[nodiscard]] std::string range_text(const Interval& interval, char between);
// "192.0.2.0/24"
[[nodiscard]] std::optional<std::string> prefix_text(const IntervalSet& values);
// "eth0", "eth+"
[[nodiscard]] std::optional<std::string> interface_text(const IntervalSet& values);
// "NEW,ESTABLISHED"
[[nodiscard]] std::optional<std::string> state_text(const IntervalSet& values);
// "SYN,ACK", "NONE"
[[nodiscard]] std::string flags_list(FieldValue flags);
// "0x1", "0x1/0xff"
[[nodiscard]] std::string mark_text(const Operand& operand, FieldValue value);
// "LOCAL,BROADCAST"
[[nodiscard]] std::string types_text(const IntervalSet& values, std::string (*text_of)(std::uint8_t));

}  // namespace mailweir::rules
