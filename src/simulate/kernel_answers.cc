#include "simulate/kernel_answers.h"

#include <algorithm>
#include <array>

#include "record/packet_sighting.h"

namespace mailweir::rules {

namespace {

using namespace tcp_flag;

std::uint8_t icmp_type(const SimulatedPacket& packet) {
  return static_cast<std::uint8_t>(packet.values.number<std::uint32_t>(Field::IcmpTypeCode) >> 8);
}

bool is_error(const SimulatedPacket& packet) {
  return packet.values.is_known(Field::IcmpTypeCode) && is_icmp_error(packet.protocol(), icmp_type(packet));
}

bool is_to_many(const SimulatedPacket& packet) {
  const IpAddress destination = packet.values.address(Field::DestinationAddress);
  return is_multicast(destination) || is_broadcast(destination);
}

std::uint8_t flags_of(const SimulatedPacket& packet) { return packet.values.number<std::uint8_t>(Field::TcpFlags); }

// An end that is not known is nobody's address of the right family.
IpAddress end_of(const SimulatedPacket& packet, Field address) {
  if (packet.values.is_known(address)) return packet.values.address(address);
  return packet.is_v4() ? IpAddress::v4(0) : IpAddress{};
}

// What was not known of the packet is not known of its answer.
void turn_ends(SimulatedPacket& answer, const SimulatedPacket& packet) {
  answer.values.copy(Field::SourceAddress, packet.values, Field::DestinationAddress);
  answer.values.copy(Field::DestinationAddress, packet.values, Field::SourceAddress);
}

SimulatedPacket turned(const SimulatedPacket& packet, std::uint8_t flags) {
  SimulatedPacket answer =
      tcp_packet(end_of(packet, Field::DestinationAddress), 0, end_of(packet, Field::SourceAddress), 0, flags);
  turn_ends(answer, packet);
  answer.values.copy(Field::SourcePort, packet.values, Field::DestinationPort);
  answer.values.copy(Field::DestinationPort, packet.values, Field::SourcePort);
  return answer;
}

// RFC 9293 section 3.10.7.1: about a segment with ACK its number is the sequence; else ours is 0 and all of it is
// acknowledged.
std::optional<SimulatedPacket> reset_of(const SimulatedPacket& packet) {
  const std::uint8_t flags = flags_of(packet);
  if (packet.protocol() != kTcp || (flags & kRst) != 0 || packet.bad_checksum || is_to_many(packet))
    return std::nullopt;
  const TcpSegment segment = TcpSegment::of(packet);
  SimulatedPacket reset = turned(packet, (flags & kAck) != 0 ? kRst : kRst | kAck);
  reset.values.set(Field::TcpWindow, 0);
  if ((flags & kAck) != 0)
    reset.values.set(Field::TcpSequence, segment.acknowledgement);
  else
    reset.values.set(Field::TcpAcknowledgement, segment.end());
  return reset;
}

std::optional<SimulatedPacket> error_of(const SimulatedPacket& packet, std::uint8_t type, std::uint8_t code) {
  const PacketValues& values = packet.values;
  if (is_error(packet) || is_to_many(packet) || packet.bad_checksum || values.value(Field::Fragment) != 0)
    return std::nullopt;
  const bool v4 = packet.is_v4();
  SimulatedPacket error =
      icmp_packet(end_of(packet, Field::DestinationAddress), end_of(packet, Field::SourceAddress), type, code);
  turn_ends(error, packet);
  // RFC 1812 section 4.3.2.3: as much as fits into 576 bytes; RFC 4443 section 2.4: into 1280.
  const auto quoted = std::min<std::uint32_t>(values.number<std::uint32_t>(Field::Length), v4 ? 548 : 1232);
  error.values.set(Field::Length, (v4 ? 28 : 48) + quoted);
  error.values.set(Field::Dscp, v4 ? 48 : 0);  // icmp.c: precedence internetwork control
  QuotedPacket about{.source = values.address(Field::SourceAddress),
                     .destination = values.address(Field::DestinationAddress),
                     .protocol = packet.protocol()};
  if (const std::optional<FlowKey> key = flow_key(packet)) {
    about.source_port = key->source_port;
    about.destination_port = key->destination_port;
  }
  error.quoted = about;
  return error;
}

std::optional<KernelAnswer> answer(std::optional<SimulatedPacket> packet, KernelAnswer::Maker maker, bool inherits,
                                   bool by_icmp_socket) {
  if (!packet) return std::nullopt;
  return KernelAnswer{std::move(*packet), maker, inherits, by_icmp_socket};
}

struct UnreachableCode {
  std::uint8_t v4, v6;
};
// nft_reject.c: icmp_code_v4[], icmp_code_v6[], by NFT_REJECT_ICMPX_*.
constexpr std::array<UnreachableCode, 4> kIcmpx{{{0, 0}, {3, 4}, {1, 3}, {13, 1}}};

std::optional<KernelAnswer> answer_of_tcp(const SimulatedMachine& machine, const SimulatedPacket& packet,
                                          bool established) {
  const auto port = packet.values.number<std::uint16_t>(Field::DestinationPort);
  const std::uint8_t flags = flags_of(packet);
  const bool open = std::ranges::find(machine.open_tcp, port) != machine.open_tcp.end();
  if (open && established && (flags & (kSyn | kRst)) == 0) return std::nullopt;  // its socket takes it
  if (!open || (flags & kAck) != 0) return answer(reset_of(packet), KernelAnswer::Maker::ClosedPort, false, false);
  if ((flags & (kSyn | kFin | kRst)) != kSyn) return std::nullopt;
  SimulatedPacket greeting = turned(packet, kSyn | kAck);
  greeting.values.set(Field::TcpAcknowledgement, TcpSegment::of(packet).end());
  greeting.options = packet.options;
  return answer(std::move(greeting), KernelAnswer::Maker::OpenPort, false, false);
}

std::optional<KernelAnswer> answer_of_icmp(const SimulatedPacket& packet) {
  const std::uint8_t type = icmp_type(packet);
  const bool v4 = packet.is_v4();
  const bool echo = type == (v4 ? 8 : 128), timestamp = v4 && type == 13;
  if ((!echo && !timestamp) || packet.bad_checksum || is_to_many(packet)) return std::nullopt;
  const auto reply_type = static_cast<std::uint8_t>(!v4 ? 129 : echo ? 0 : 14);
  SimulatedPacket reply = icmp_packet(end_of(packet, Field::DestinationAddress), end_of(packet, Field::SourceAddress),
                                      reply_type, 0, packet.icmp_id);
  turn_ends(reply, packet);
  reply.values.copy(Field::Length, packet.values, Field::Length);
  return answer(std::move(reply), KernelAnswer::Maker::EchoReply, false, true);
}

}  // namespace

std::string_view name_of(KernelAnswer::Maker maker) {
  switch (maker) {
    case KernelAnswer::Maker::RejectRule:
      return "a REJECT rule";
    case KernelAnswer::Maker::ClosedPort:
      return "the closed port";
    case KernelAnswer::Maker::OpenPort:
      return "the open port";
    case KernelAnswer::Maker::EchoReply:
      return "the reply to a ping";
    case KernelAnswer::Maker::NoRoute:
      return "routing";
    case KernelAnswer::Maker::HopLimit:
      return "the hop limit";
  }
  return "the kernel";
}

std::optional<KernelAnswer> answer_of_reject(const Reject& reject, const SimulatedPacket& packet, bool icmp_busy) {
  if (reject.kind == Reject::Kind::TcpReset)
    return answer(reset_of(packet), KernelAnswer::Maker::RejectRule, true, false);
  if (icmp_busy) return std::nullopt;
  std::uint8_t code = reject.code;
  if (reject.kind == Reject::Kind::Icmpx) {
    if (code >= kIcmpx.size()) return std::nullopt;
    code = packet.is_v4() ? kIcmpx[code].v4 : kIcmpx[code].v6;
  }
  return answer(error_of(packet, packet.is_v4() ? 3 : 1, code), KernelAnswer::Maker::RejectRule, true, true);
}

std::optional<KernelAnswer> answer_of_delivery(const SimulatedMachine& machine, const SimulatedPacket& packet,
                                               bool established) {
  if (!machine.answers || !machine.knows_sockets) return std::nullopt;
  switch (packet.protocol()) {
    case kTcp:
      return answer_of_tcp(machine, packet, established);
    case kUdp: {
      const auto port = packet.values.number<std::uint16_t>(Field::DestinationPort);
      if (std::ranges::find(machine.open_udp, port) != machine.open_udp.end()) return std::nullopt;
      return answer(error_of(packet, packet.is_v4() ? 3 : 1, packet.is_v4() ? 3 : 4), KernelAnswer::Maker::ClosedPort,
                    false, true);  // udp.c lets go of the connection first
    }
    case kIcmp:
    case kIcmp6:
      return answer_of_icmp(packet);
    default:
      // No such protocol here: RFC 792 code 2, RFC 4443 section 3.4 code 1.
      return answer(error_of(packet, packet.is_v4() ? 3 : 4, packet.is_v4() ? 2 : 1), KernelAnswer::Maker::ClosedPort,
                    true, true);
  }
}

std::optional<KernelAnswer> answer_of_routing(KernelAnswer::Maker maker, const SimulatedPacket& packet) {
  const bool v4 = packet.is_v4();
  if (maker == KernelAnswer::Maker::HopLimit) return answer(error_of(packet, v4 ? 11 : 3, 0), maker, true, true);
  return answer(error_of(packet, v4 ? 3 : 1, v4 ? 1 : 0), maker, true, true);
}

}  // namespace mailweir::rules
