#include "lint/usual_packets.h"

#include "record/packet_sighting.h"

namespace mailweir::rules {
namespace {

PacketBox not_over_lo(Way way) {
  PacketBox box;
  const IntervalSet lo = IntervalSet::single(interface_value("lo"));
  box.constrain(
      FieldValues{way == Way::Out ? Field::OutputInterface : Field::InputInterface, lo.complement(128), false});
  return box;
}

}  // namespace

PacketBox tcp_packets(ConnectionState state, Way way) {
  PacketBox box = not_over_lo(way);
  box.constrain(FieldValues{Field::Protocol, IntervalSet::single(kTcp), false});
  box.constrain(FieldValues{Field::ConnectionState, values_of(state), false});
  return box;
}

PacketBox packets_to(std::uint8_t protocol, std::uint16_t port, ConnectionState state, Way way) {
  PacketBox box = not_over_lo(way);
  box.constrain(FieldValues{Field::Protocol, IntervalSet::single(protocol), false});
  box.constrain(FieldValues{Field::ConnectionState, values_of(state), false});
  box.constrain(FieldValues{Field::DestinationPort, IntervalSet::single(port), false});
  return box;
}

PacketBox loopback_packets(Way way) {
  PacketBox box;
  const IntervalSet lo = IntervalSet::single(interface_value("lo"));
  box.constrain(FieldValues{way == Way::Out ? Field::OutputInterface : Field::InputInterface, lo, false});
  box.constrain(FieldValues{Field::Protocol, IntervalSet::single(kTcp), false});
  box.constrain(FieldValues{Field::ConnectionState, values_of(ConnectionState::New), false});
  return box;
}

PacketBox icmp_packets(bool v4, std::uint8_t type, std::uint8_t code, ConnectionState state, Way way) {
  PacketBox box = not_over_lo(way);
  box.constrain(FieldValues{Field::Protocol, IntervalSet::single(v4 ? kIcmp : kIcmp6), false});
  box.constrain(FieldValues{Field::IcmpTypeCode, IntervalSet::single(type * 256U + code), false});
  box.constrain(FieldValues{Field::ConnectionState, values_of(state), false});
  return box;
}

SimulatedPacket answer_to(const SimulatedPacket& packet) {
  SimulatedPacket answer = packet;
  PacketValues& values = answer.values;
  for (const auto& [to, from] :
       {std::pair{Field::SourceAddress, Field::DestinationAddress},
        std::pair{Field::DestinationAddress, Field::SourceAddress},
        std::pair{Field::SourcePort, Field::DestinationPort}, std::pair{Field::DestinationPort, Field::SourcePort},
        std::pair{Field::InputInterface, Field::OutputInterface},
        std::pair{Field::OutputInterface, Field::InputInterface}})
    values.copy(to, packet.values, from);
  values.set_absent(Field::SocketUser);
  values.set_absent(Field::SocketGroup);
  values.set_absent(Field::SourceMac);
  if (packet.protocol() == kTcp) values.set(Field::TcpFlags, tcp_flag::kSyn | tcp_flag::kAck);
  answer.asserted_state = ConnectionState::Established;
  return answer;
}

}  // namespace mailweir::rules
