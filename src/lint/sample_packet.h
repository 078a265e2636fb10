// One real packet out of a box: as programs send them where the box leaves it open.
#pragma once

#include <cstdint>
#include <optional>

#include "lint/packet_box.h"
#include "simulate/packet_values.h"

namespace mailweir::rules {

// A packet's way through the machine: to us, through us, from us.
enum class Way : std::uint8_t { In, Through, Out };

inline constexpr char kSampleIn[] = "eth0", kSampleOut[] = "eth1";  // where the box names no interface
inline constexpr char kSampleOther[] = "eth2";                      // where it excludes those

// `turn` 0: the most ordinary one (TCP, opening a connection, documentation addresses); each other turn draws another
// one, the same for the same turn. The state is asserted. Nothing: no packet on that way fits (another family, an
// interface it cannot have).
[[nodiscard]] std::optional<SimulatedPacket> sample_packet(const PacketBox& box, Way way, bool v4,
                                                           std::uint64_t turn = 0);

}  // namespace mailweir::rules
