// Packets to try rules with: first packets of all kinds, and conversations of many packets over a few connections.
#pragma once

#include <cstdint>
#include <vector>

#include "lab/dice.h"
#include "simulate/packet_values.h"

namespace mailweir::rules::differential {

enum class Origin : std::uint8_t { Left, Right, Here };

struct TestPacket {
  Origin origin = Origin::Left;
  SimulatedPacket packet;
};

// Every packet has a connection of its own, if any.
[[nodiscard]] std::vector<TestPacket> first_packets(lab::Dice& dice, std::size_t count, bool v4);
// Few connections, each with packets both ways: handshakes, data, closes, resets, in and out of order and of window.
[[nodiscard]] std::vector<TestPacket> conversations(lab::Dice& dice, std::size_t count, bool v4);

}  // namespace mailweir::rules::differential
