// What the client's bytes say about how a mail connection ended. Shared by captures, logs and conntrack.
// Source: docs/detection.md section 2, "Outcome classes".
#pragma once

#include <algorithm>
#include <cstdint>

#include "record/connection_event.h"

namespace mailweir {

// Fewer client bytes than this cannot hold a message: on 25 a dialogue up to a refused RCPT; on the submission ports a
// TLS handshake and a failed login.
inline constexpr std::uint32_t kShortTransfer = 350;
inline constexpr std::uint32_t kShortSubmission = 1500;
// From here on a message went through; between the two nobody can tell.
inline constexpr std::uint32_t kDelivered = 700;

// `least` and `most`: bounds of the client's TCP payload; equal where it was counted, apart where it was estimated from
// IP bytes with unknown TCP options.
[[nodiscard]] constexpr Outcome outcome_of_payload(std::uint16_t server_port, std::uint64_t least, std::uint64_t most) {
  const std::uint32_t too_short = server_port == 25 ? kShortTransfer : kShortSubmission;
  if (most < too_short) return Outcome::Short;
  return least >= std::max(kDelivered, too_short) ? Outcome::Delivered : Outcome::Grey;
}

}  // namespace mailweir
