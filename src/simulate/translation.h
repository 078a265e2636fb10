// Address translation of connections and their packets.
//
// Source: nf_nat_core.c (nf_nat_setup_info, nf_nat_packet), nf_nat_masquerade.c, nf_nat_redirect.c of Linux 6.18.
// Not modelled: the choice among several addresses or ports (hashed with a secret): the first is taken and said to be a
// guess.
#pragma once

#include <optional>

#include "ruleset/model.h"
#include "simulate/connection_table.h"
#include "simulate/machine.h"

namespace mailweir::rules {

enum class Manipulation : std::uint8_t { Source, Destination };
// Postrouting and input change sources, prerouting and output destinations.
[[nodiscard]] Manipulation manipulation_at(Hook hook);

[[nodiscard]] bool is_settled(const Connection& connection, Manipulation manipulation);
// Decides for the connection: what `nat` says, or (nothing) that all stays as it is. Does nothing once it is settled or
// confirmed. False: `nat` wants an address that the machine does not have; the packet is dropped.
bool settle(Connection& connection, Manipulation manipulation, const Nat* nat, const SimulatedMachine& machine,
            const PacketValues& packet);
// Another source port (of ICMP: identifier), so that answers meet this connection alone. REQUIRES: connections are
// fewer than ports.
void draw_port(Connection& connection, const ConnectionTable& connections);
// Changes a packet as the connection says. `reply`: against the connection's direction.
void translate(const Connection& connection, Manipulation manipulation, bool reply, SimulatedPacket& packet);

}  // namespace mailweir::rules
