// Packets as a person writes them:
//
//   tcp 172.16.7.70:50000 > 203.0.113.9:25 in eth1 out eth0 syn
//   udp [fd16::7]:? > [2001:db8::53]:53 in eth1
//   icmp 192.0.2.1 > 198.51.100.7 type 8 in eth0 state invalid
//
// PROTOCOL SOURCE > DESTINATION, then in any order: in NAME, out NAME, TCP flags (syn,ack or one by one), seq N,
// ack-number N, window N, length N, ttl N, mark N, uid N, gid N, type N[/CODE], state NAME (what conntrack made of it),
// payload N. "?" where something is not known, also within an address: 108.162.? is every address that begins so.
// Documented in mailweir(1). Without `in` a program here sends it; with it, it arrives.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "simulate/packet_values.h"
#include "simulate/worlds.h"

namespace mailweir::rules {

struct WrittenPacket {
  SimulatedPacket packet;
  Entry entry = Entry::Send;
  std::vector<std::pair<Field, IntervalSet>> narrowings;  // of what is partly known
};

// Malformed: what is wrong and where ("column 5: …").
[[nodiscard]] Result<WrittenPacket> read_packet(std::string_view text);
// The other way round, for what a reader can be shown and type again.
[[nodiscard]] std::string write_packet(const SimulatedPacket& packet);

}  // namespace mailweir::rules
