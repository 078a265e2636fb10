// Which of our rules takes a packet, by what the policy says of them: for choosing packets that get to the rule under
// test.
//
// In:  the compiled table, a packet.   Out: the rule that ends its way before the one under test.
// Invariants: pure; knows our table alone, so that a packet that should arrive and does not is somebody else's doing.
#pragma once

#include <cstdint>

#include "base/ip.h"
#include "record/compiled_table.h"

namespace mailweir {

enum class Protocol : std::uint8_t { Tcp, Udp, Icmp };  // Icmp: of either family
[[nodiscard]] std::string_view name_of(Protocol protocol);

struct TestPacket {
  RuleHook hook = RuleHook::Output;
  IpAddress from, to;
  Protocol protocol = Protocol::Tcp;
  std::uint16_t port = 0, source_port = 0;  // 0 as source: any free one
  std::uint8_t icmp_type = 0;
  PacketState state = PacketState::New;
  std::uint32_t user = 0, group = 0;  // whose socket; of the output hook
  bool loopback = false, broadcast = false;
  bool one_hop = false;  // hop limit 255
  bool blocked = false;  // its client is in the sets of blocks
  bool slowed = false;   // its client is slowed down, and does not know the server

  [[nodiscard]] bool is_v4() const { return to.is_v4(); }
};

[[nodiscard]] bool matches(const RuleInfo& rule, const TestPacket& packet);

// The rule that ends the packet's way before `rule` sees it; nothing: it arrives. REQUIRES: `rule` is one of `table`.
[[nodiscard]] const RuleInfo* taken_before(const CompiledTable& table, const RuleInfo& rule, const TestPacket& packet);

}  // namespace mailweir
