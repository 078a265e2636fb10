#include "lint/packet_kinds.h"

#include <algorithm>

#include "record/packet_sighting.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

IntervalSet addresses_in(std::initializer_list<const char*> prefixes) {
  IntervalSet all;
  for (const char* text : prefixes) all = all.united(values_of(*IpPrefix::parse(text)));
  return all;
}

bool has_interval_for(const IntervalSet& values, std::uint16_t port) {
  return std::ranges::any_of(values.intervals(), [port](const Interval& interval) {
    return interval.first <= port && port <= interval.last && interval.last - interval.first < kNamedWidthMax;
  });
}

}  // namespace

PacketBox from_elsewhere(Way way) {
  // Martians: dropped where they are routed (net/ipv4/route.c, net/ipv6/ip6_input.c).
  static const IntervalSet kNoSource = addresses_in({"127.0.0.0/8", "224.0.0.0/4", "::1/128", "ff00::/8"});
  static const IntervalSet kNoDestination = addresses_in({"127.0.0.0/8", "::1/128"});
  PacketBox box;
  const IntervalSet lo = IntervalSet::single(interface_value("lo"));
  box.constrain(
      FieldValues{way == Way::Out ? Field::OutputInterface : Field::InputInterface, lo.complement(128), false});
  box.constrain(FieldValues{Field::SourceAddress, kNoSource.complement(128), false});
  box.constrain(FieldValues{Field::DestinationAddress, kNoDestination.complement(128), false});
  return box;
}

PacketBox opening(std::uint8_t protocol, std::uint16_t port) {
  PacketBox box = in_state(ConnectionState::New);
  box.constrain(FieldValues{Field::Protocol, IntervalSet::single(protocol), false});
  box.constrain(FieldValues{Field::DestinationPort, IntervalSet::single(port), false});
  return box;
}

PacketBox in_state(ConnectionState state) {
  PacketBox box;
  box.constrain(FieldValues{Field::ConnectionState, values_of(state), false});
  return box;
}

PacketBox freed(const PacketBox& box, std::initializer_list<Field> fields) {
  PacketBox free(box.family());
  for (const FieldValues& values : box.fields())
    if (std::ranges::find(fields, values.field) == fields.end()) free.constrain(values);
  return free;
}

PacketBox tcp_packets(ConnectionState state, Way way) {
  PacketBox box = from_elsewhere(way);
  box.constrain(FieldValues{Field::Protocol, IntervalSet::single(kTcp), false});
  box.constrain(FieldValues{Field::ConnectionState, values_of(state), false});
  return box;
}

PacketBox packets_to(std::uint8_t protocol, std::uint16_t port, ConnectionState state, Way way) {
  PacketBox box = from_elsewhere(way);
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
  PacketBox box = from_elsewhere(way);
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

bool names_port(const Rule& rule, std::uint16_t port) {
  return std::ranges::any_of(rule.parts, [port](const RulePart& part) {
    if (const auto* match = std::get_if<Match>(&part)) {
      if (match->operand.field != Field::DestinationPort) return false;
      const auto values = whole_values(*match);
      return values && has_interval_for(*values, port);
    }
    const auto* lookup = std::get_if<Lookup>(&part);
    if (lookup == nullptr || lookup->negated || !lookup->set.empty()) return false;
    for (std::size_t i = 0; i != lookup->key.size(); ++i)
      if (lookup->key[i].field == Field::DestinationPort)
        return std::ranges::any_of(lookup->elements, [&](const auto& key) { return has_interval_for(key[i], port); });
    return false;
  });
}

bool stops_named(LintSubject& subject, const RulePlace& place, std::uint16_t port) {
  const Rule& rule = *place.rule;
  if (!stops(effect_of(rule)) || !names_port(rule, port) || is_limited(rule)) return false;
  const RuleSpace& space = subject.spaces().space_of(rule);
  if (!space.exact || !space.box.facts().empty() || !space.box.meets(opening(kProtocolTcp, port))) return false;
  return subject.dead().find(rule) == nullptr && subject.duplicate_of(rule) == nullptr;
}

}  // namespace mailweir::rules
