#include "ingest/client_scope.h"

#include "base/mail_ports.h"

namespace mailweir {
namespace {

enum class Side { Client, Server, Unclear, None };

// Which side sent the packet.
Side sender_of(const PacketSighting& packet) {
  const bool to_server = is_sending_port(packet.destination_port);
  const bool from_server = is_sending_port(packet.source_port);
  const bool asks = (packet.flags & (tcp_flag::kSyn | tcp_flag::kAck)) == tcp_flag::kSyn;
  if (to_server && from_server) {
    if ((packet.flags & tcp_flag::kSyn) == 0) return Side::Unclear;
    return asks ? Side::Client : Side::Server;
  }
  if (to_server) return Side::Client;
  return from_server && !asks ? Side::Server : Side::None;  // asking from a mail port is not mail
}

}  // namespace

Way ClientScope::way_of(const PacketSighting& packet, AddressScope source, AddressScope destination) const {
  const Side sender = sender_of(packet);
  if (sender == Side::None) return Way::Impossible;
  if (sender == Side::Unclear) return Way::Unclear;
  const bool from_client = sender == Side::Client;
  const IpAddress client = from_client ? packet.source : packet.destination;
  const IpAddress server = from_client ? packet.destination : packet.source;
  const AddressScope client_scope = from_client ? source : destination;
  const AddressScope server_scope = from_client ? destination : source;
  if (client_scope == AddressScope::Impossible || server_scope == AddressScope::Impossible) return Way::Impossible;
  if (client_scope == AddressScope::Loopback || server_scope == AddressScope::Loopback) return Way::Local;

  const Way leaves = from_client ? Way::FromClient : Way::ToClient;
  // The machine is the server of what clients send to it, and of what it answers.
  if (packet.path == (from_client ? Path::Input : Path::Output)) return Way::Inbound;
  if (!clients_.empty()) {
    if (clients_.contains(client)) return leaves;
    return clients_.contains(server) ? Way::Inbound : Way::Foreign;
  }
  if (packet.path == (from_client ? Path::Output : Path::Input)) return leaves;
  return client_scope == AddressScope::Public && server_scope == AddressScope::Private ? Way::Inbound : leaves;
}

std::string_view name_of(Way way) {
  switch (way) {
    case Way::FromClient:
      return "from a client";
    case Way::ToClient:
      return "to a client";
    case Way::Inbound:
      return "inbound mail";
    case Way::Foreign:
      return "mail of others";
    case Way::Local:
      return "local mail";
    case Way::Impossible:
      return "impossible address or port";
    case Way::Unclear:
      return "both ports are mail ports";
  }
  return "";
}

}  // namespace mailweir
