// Values people blacked out before they showed a line: what is still known of them.
//
// In:  the text of one value.   Out: what it can be.   Never an error: what cannot be read is not known.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ruleset/interval_set.h"
#include "simulate/packet_values.h"

namespace mailweir::rules {

// An address that was written whole, in part ("108.162.[edited]", "108.162.x.x", "108.162.*"), or not at all
// ("x.x.x.x").
struct PartialAddress {
  std::optional<IpAddress> whole;
  std::optional<IntervalSet> possible;  // of one known in part
  std::optional<bool> v4;               // nothing: not even that can be told
};
[[nodiscard]] PartialAddress read_partial_address(std::string_view text);

// A whole decimal or 0x number of at most `max`; nothing else.
[[nodiscard]] std::optional<std::uint32_t> read_whole_number(std::string_view text, std::uint32_t max, int base = 10);

// A packet of any protocol with its ends; of protocols without ports these are absent. REQUIRES: both of one family.
[[nodiscard]] SimulatedPacket packet_of(std::uint8_t protocol, const IpAddress& source, const IpAddress& destination);

// The packet as known so far, with what is possible of fields that are known in part.
struct PartialPacket {
  SimulatedPacket packet;
  std::vector<std::pair<Field, IntervalSet>> possible;

  // Could both stand for the same packet's end? What is not known fits everything.
  [[nodiscard]] bool may_be(Field field, const PartialPacket& other, Field others) const;
};
[[nodiscard]] bool is_possible(const PartialPacket& packet, Field field, FieldValue value);

// Of an address: "192.0.2.7", "108.162.?", "?".
[[nodiscard]] std::string address_words(const PartialPacket& packet, Field field);
// "tcp 89.238.65.123:3594 > 108.162.?:80 rst out ifext": packet_text() with what is known of addresses in part.
[[nodiscard]] std::string partial_text(const PartialPacket& packet);

}  // namespace mailweir::rules
