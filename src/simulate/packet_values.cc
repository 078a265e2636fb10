#include "simulate/packet_values.h"

#include <fmt/format.h>

#include "record/packet_sighting.h"

namespace mailweir::rules {

namespace {

constexpr std::uint16_t kIpv4Header = 20, kIpv6Header = 40, kTcpHeader = 20, kUdpHeader = 8, kIcmpHeader = 8;
constexpr std::uint16_t kTimestamps = 12;  // RFC 792: three of them

SimulatedPacket ip_packet(IpAddress source, IpAddress destination, std::uint8_t protocol, std::uint16_t behind_header) {
  SimulatedPacket packet;
  PacketValues& values = packet.values;
  const bool v4 = source.is_v4();
  values.set(Field::Family, v4 ? 2 : 10);
  values.set(Field::Protocol, protocol);
  values.set(Field::IpProtocol, protocol);
  values.set(Field::Length, static_cast<FieldValue>((v4 ? kIpv4Header : kIpv6Header) + behind_header));
  values.set(Field::SourceAddress, source);
  values.set(Field::DestinationAddress, destination);
  values.set(Field::Ttl, 64);
  for (const Field zero : {Field::InputInterface, Field::OutputInterface, Field::PacketMark, Field::PacketType,
                           Field::Priority, Field::Dscp, Field::Fragment, Field::ConnectionState})
    values.set(zero, 0);
  for (const Field absent : {Field::SourcePort,
                             Field::DestinationPort,
                             Field::TcpFlags,
                             Field::TcpSequence,
                             Field::TcpAcknowledgement,
                             Field::TcpWindow,
                             Field::IcmpTypeCode,
                             Field::ConnectionStatus,
                             Field::ConnectionMark,
                             Field::ConnectionDirection,
                             Field::ConnectionProtocol,
                             Field::OriginalSource,
                             Field::OriginalDestination,
                             Field::OriginalSourcePort,
                             Field::OriginalDestinationPort,
                             Field::ReplySource,
                             Field::ReplyDestination,
                             Field::ReplySourcePort,
                             Field::ReplyDestinationPort,
                             Field::SocketUser,
                             Field::SocketGroup,
                             Field::SourceMac,
                             Field::DestinationMac,
                             Field::IpId,
                             Field::FragmentOffset})
    values.set_absent(absent);
  if (v4) {
    values.set(Field::IpId, 0);
    values.set(Field::FragmentOffset, 0);
  }
  return packet;
}

std::string end_text(const PacketValues& values, Field address, Field port) {
  const std::string host = values.is_known(address) ? values.address(address).text() : "?";
  if (values.knowledge_of(port) == Knowledge::Absent) return host;
  const std::string number = values.is_known(port) ? fmt::format("{}", values.number<unsigned>(port)) : "?";
  return host.find(':') == std::string::npos ? host + ":" + number : "[" + host + "]:" + number;
}

std::string protocol_text(const PacketValues& values) {
  if (!values.is_known(Field::Protocol)) return "?";
  return value_text(Field::Protocol, values.value(Field::Protocol));
}

}  // namespace

void PacketValues::copy(Field to, const PacketValues& other, Field from) {
  switch (other.knowledge_of(from)) {
    case Knowledge::Known:
      return set(to, other.value(from));
    case Knowledge::Absent:
      return set_absent(to);
    case Knowledge::Unknown:
      return set_unknown(to);
  }
}

SimulatedPacket tcp_packet(IpAddress source, std::uint16_t source_port, IpAddress destination,
                           std::uint16_t destination_port, std::uint8_t flags) {
  SimulatedPacket packet = ip_packet(source, destination, kTcp, kTcpHeader);
  packet.values.set(Field::SourcePort, source_port);
  packet.values.set(Field::DestinationPort, destination_port);
  packet.values.set(Field::TcpFlags, flags);
  packet.values.set(Field::TcpSequence, 0);
  packet.values.set(Field::TcpAcknowledgement, 0);
  packet.values.set(Field::TcpWindow, 65535);
  return packet;
}

SimulatedPacket udp_packet(IpAddress source, std::uint16_t source_port, IpAddress destination,
                           std::uint16_t destination_port, std::uint16_t payload) {
  SimulatedPacket packet = ip_packet(source, destination, kUdp, static_cast<std::uint16_t>(kUdpHeader + payload));
  packet.values.set(Field::SourcePort, source_port);
  packet.values.set(Field::DestinationPort, destination_port);
  return packet;
}

SimulatedPacket icmp_packet(IpAddress source, IpAddress destination, std::uint8_t type, std::uint8_t code,
                            std::uint16_t id) {
  const bool timestamp = source.is_v4() && (type == 13 || type == 14);
  SimulatedPacket packet = ip_packet(source, destination, source.is_v4() ? kIcmp : kIcmp6,
                                     timestamp ? kIcmpHeader + kTimestamps : kIcmpHeader);
  packet.values.set(Field::IcmpTypeCode, static_cast<FieldValue>(type * 256U + code));
  packet.icmp_id = id;
  return packet;
}

std::string flags_text(std::uint8_t flags) {
  static constexpr std::pair<std::uint8_t, std::string_view> kNames[] = {
      {tcp_flag::kSyn, "syn"}, {tcp_flag::kAck, "ack"}, {tcp_flag::kRst, "rst"}, {tcp_flag::kFin, "fin"},
      {tcp_flag::kPsh, "psh"}, {tcp_flag::kUrg, "urg"}, {0x40, "ece"},           {0x80, "cwr"}};
  std::string text;
  for (const auto& [bit, name] : kNames) {
    if ((flags & bit) == 0) continue;
    if (!text.empty()) text += ',';
    text += name;
  }
  return text.empty() ? "none" : text;
}

std::string packet_text(const SimulatedPacket& packet) {
  const PacketValues& values = packet.values;
  std::string text =
      fmt::format("{} {} > {}", protocol_text(values), end_text(values, Field::SourceAddress, Field::SourcePort),
                  end_text(values, Field::DestinationAddress, Field::DestinationPort));
  if (values.is_known(Field::TcpFlags)) text += " " + flags_text(values.number<std::uint8_t>(Field::TcpFlags));
  if (values.is_known(Field::IcmpTypeCode))
    text += " " + value_text(Field::IcmpTypeCode, values.value(Field::IcmpTypeCode));
  if (values.value(Field::InputInterface) != 0) text += " in " + interface_name(values.value(Field::InputInterface));
  if (values.value(Field::OutputInterface) != 0) text += " out " + interface_name(values.value(Field::OutputInterface));
  return text;
}

}  // namespace mailweir::rules
