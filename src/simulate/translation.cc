#include "simulate/translation.h"

namespace mailweir::rules {

namespace {

constexpr IpAddress kLoopback4 = IpAddress::v4(0x7f000001), kLoopback6{0, 1};

std::optional<IpAddress> masquerade_address(const SimulatedMachine& machine, const PacketValues& packet, bool v4) {
  const std::string out = interface_name(packet.value(Field::OutputInterface));
  // RFC 6724 section 5, rule 1, as ipv6_dev_get_saddr() has it: to an address of ours from that address.
  if (!v4 && out == "lo") return packet.address(Field::DestinationAddress);
  auto address = machine.source_address(out, v4);
  // inet_select_addr(): an interface without one, and lo, takes that of the first that has one.
  for (const SimulatedMachine::Interface& other : machine.interfaces)
    if (!address && v4) address = machine.source_address(other.name, v4);
  return address;
}

// Where to: the address the rule names, or the one that follows from the interface.
std::optional<IpAddress> new_address(const Nat& nat, const Connection& connection, const SimulatedMachine& machine,
                                     const PacketValues& packet) {
  const bool v4 = connection.original.source.is_v4();
  switch (nat.kind) {
    case Nat::Kind::Masquerade:
      return masquerade_address(machine, packet, v4);
    case Nat::Kind::Redirect:
      if (packet.value(Field::InputInterface) == 0) return v4 ? kLoopback4 : kLoopback6;
      if (interface_name(packet.value(Field::InputInterface)) == "lo") return v4 ? kLoopback4 : kLoopback6;
      return machine.source_address(interface_name(packet.value(Field::InputInterface)), v4);
    case Nat::Kind::Source:
    case Nat::Kind::Destination:
      if (nat.first_address) return nat.first_address;
      return nat.kind == Nat::Kind::Source ? connection.reply.destination : connection.reply.source;
  }
  return std::nullopt;
}

bool has_ports(std::uint8_t protocol) { return protocol == kTcp || protocol == kUdp; }

void set_end(SimulatedPacket& packet, Field address_field, Field port_field, IpAddress address, std::uint16_t port) {
  packet.values.set(address_field, address);
  if (has_ports(packet.protocol())) packet.values.set(port_field, port);
}

}  // namespace

Manipulation manipulation_at(Hook hook) {
  return hook == Hook::Postrouting || hook == Hook::Input ? Manipulation::Source : Manipulation::Destination;
}

bool is_settled(const Connection& connection, Manipulation manipulation) {
  return manipulation == Manipulation::Source ? connection.source_settled : connection.destination_settled;
}

bool settle(Connection& connection, Manipulation manipulation, const Nat* nat, const SimulatedMachine& machine,
            const PacketValues& packet) {
  const bool source = manipulation == Manipulation::Source;
  if (connection.confirmed || is_settled(connection, manipulation)) return true;
  (source ? connection.source_settled : connection.destination_settled) = true;
  if (nat == nullptr) return true;
  const std::optional<IpAddress> address = new_address(*nat, connection, machine, packet);
  if (!address) return false;
  // The answers come to (source) or from (destination) the new end.
  IpAddress& end = source ? connection.reply.destination : connection.reply.source;
  std::uint16_t& port = source ? connection.reply.destination_port : connection.reply.source_port;
  const FlowKey before = connection.reply;
  end = *address;
  if (nat->first_port && has_ports(connection.original.protocol)) {
    const std::uint16_t last = nat->last_port.value_or(*nat->first_port);
    // A source port that is in the range already is kept (nf_nat_l4proto_unique_tuple).
    if (!source || port < *nat->first_port || port > last) port = *nat->first_port;
  }
  if (connection.reply != before) (source ? connection.source_translated : connection.destination_translated) = true;
  return true;
}

void draw_port(Connection& connection, const ConnectionTable& connections) {
  const bool ports = has_ports(connection.original.protocol);
  std::uint16_t& port = ports ? connection.reply.destination_port : connection.reply.source_port;
  // Ports of users stay among themselves (nf_nat_l4proto_unique_tuple).
  constexpr std::uint16_t kFirst = 1024;
  for (std::uint32_t tries = 0; tries <= UINT16_MAX && connections.is_taken(connection.reply); ++tries)
    port = port == UINT16_MAX ? kFirst : static_cast<std::uint16_t>(port + 1);
  connection.source_translated = true;
}

void translate(const Connection& connection, Manipulation manipulation, bool reply, SimulatedPacket& packet) {
  const bool source = manipulation == Manipulation::Source;
  // Of packets the other way the other end is put back.
  const bool touched = source != reply ? connection.source_translated : connection.destination_translated;
  if (!touched) return;
  const FlowKey& target = reply ? connection.original : connection.reply;
  if (source)
    set_end(packet, Field::SourceAddress, Field::SourcePort, target.destination, target.destination_port);
  else
    set_end(packet, Field::DestinationAddress, Field::DestinationPort, target.source, target.source_port);
}

}  // namespace mailweir::rules
