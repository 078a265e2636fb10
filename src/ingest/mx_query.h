// Does this UDP packet ask for the mail servers of a domain? (docs/detection.md, F5: ordinary clients never do.)
//
// In:  a UDP packet of anybody's making, perhaps cut behind its question.   Out: a hash of the name, never 0.
// Invariants: names that differ in case only are one; the name itself is not kept.
// Does not know: questions over TCP, TLS or HTTPS; the second question of a message (nobody sends one).
// Sources: RFC 1035 section 4.1; names are skipped by the C library's resolver (dn_skipname).
#pragma once

#include <cstdint>
#include <optional>

#include "packet/decode.h"
#include "record/connection_event.h"
#include "record/packet_sighting.h"

namespace mailweir {

inline constexpr std::uint16_t kDnsPort = 53;

[[nodiscard]] std::optional<std::uint32_t> mx_query(const UdpPacket& packet);
[[nodiscard]] PacketSighting mx_sighting(const UdpPacket& packet, std::uint32_t name, Time time);
// REQUIRES: packet.mx_name != 0.
[[nodiscard]] ConnectionEvent asked_mx(const PacketSighting& packet);

}  // namespace mailweir
