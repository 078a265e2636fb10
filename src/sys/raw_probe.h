// Packets that no ordinary socket sends, for seeing what becomes of them. In the network namespace of the calling
// thread; needs CAP_NET_RAW there.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"
#include "sys/probe.h"

namespace mailweir {

// An answer (SYN/ACK) to a TCP connection that nobody began: belongs to none, so conntrack calls it invalid.
// Nothing comes back, or a reset that finds nobody.
[[nodiscard]] Result<void> send_stray_answer(IpAddress source, IpAddress destination, std::uint16_t port);

// A ping: Established when it was answered.
[[nodiscard]] Result<ProbeEnd> probe_ping(IpAddress source, IpAddress destination, Duration patience);

// An ICMPv6 message of that type, its body all zero but for `target` at offset 8, where neighbour solicitations have
// it.
[[nodiscard]] Result<void> send_icmp6(IpAddress source, IpAddress destination, const std::string& interface,
                                      std::uint8_t type, IpAddress target);

// RFC 1071, over whole bytes; of a TCP segment with its pseudo header `sum` is that header's.
[[nodiscard]] std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes, std::uint32_t sum = 0);

}  // namespace mailweir
