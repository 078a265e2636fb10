#include "lint/sample_packet.h"

#include <algorithm>
#include <array>
#include <span>

#include "record/packet_sighting.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): the same turn draws the same packet everywhere.
class Draw {
 public:
  explicit Draw(std::uint64_t turn) : state_(turn * 0x9e3779b97f4a7c15ULL) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

class Sampler {
 public:
  Sampler(const PacketBox& box, Way way, bool v4, std::uint64_t turn)
      : box_(box), way_(way), v4_(v4), turn_(turn), draw_(turn) {}

  std::optional<SimulatedPacket> sample() {
    if (box_.empty() || !box_.at(Field::Family).values.contains(v4_ ? kFamilyIp4 : kFamilyIp6)) return std::nullopt;
    if (!pick_interfaces()) return std::nullopt;
    const auto protocol = pick_protocol();
    const auto source = pick_address(Field::SourceAddress, way_ == Way::Out);
    const auto destination = pick_address(Field::DestinationAddress, way_ == Way::In);
    const auto state = pick_state();
    if (!protocol || !source || !destination || !state) return std::nullopt;
    SimulatedPacket packet = begin(*protocol, *source, *destination, *state);
    packet.values.set(Field::Protocol, *protocol);
    packet.values.set(Field::IpProtocol, *protocol);
    packet.values.set(Field::InputInterface, in_);
    packet.values.set(Field::OutputInterface, out_);
    packet.asserted_state = *state;
    for (const FieldValues& values : box_.fields()) {
      if (is_chosen(values.field)) continue;
      if (!values.values.empty())
        packet.values.set(values.field, any_of(values.values));
      else if (values.absent)
        packet.values.set_absent(values.field);
    }
    return packet;
  }

 private:
  static bool is_chosen(Field field) {
    switch (field) {
      case Field::Family:
      case Field::Protocol:
      case Field::IpProtocol:
      case Field::InputInterface:
      case Field::OutputInterface:
      case Field::SourceAddress:
      case Field::DestinationAddress:
      case Field::SourcePort:
      case Field::DestinationPort:
      case Field::TcpFlags:
      case Field::IcmpTypeCode:
      case Field::ConnectionState:
      case Field::PacketType:  // the way says
      case Field::SourceType:
      case Field::DestinationType:
        return true;
      default:
        return false;
    }
  }

  // The first of those that fit; else one of the set.
  FieldValue prefer(const IntervalSet& values, std::span<const FieldValue> liked) {
    std::vector<FieldValue> fitting;
    for (const FieldValue value : liked)
      if (values.contains(value)) fitting.push_back(value);
    if (fitting.empty()) return any_of(values);
    if (turn_ == 0) return fitting.front();
    // Sometimes something nobody thought of.
    return draw_.next() % 4 == 0 ? any_of(values) : fitting[draw_.next() % fitting.size()];
  }

  FieldValue any_of(const IntervalSet& values) {
    const auto intervals = values.intervals();
    const Interval& one = intervals[turn_ == 0 ? 0 : draw_.next() % intervals.size()];
    const FieldValue size = one.last - one.first;
    if (turn_ == 0) return one.first + (size > 1 ? 1 : 0);  // networks begin with an address nobody has
    if (size == ~FieldValue{0}) return draw_.next();
    return one.first + draw_.next() % (size > UINT32_MAX ? FieldValue{UINT32_MAX} : size + 1);
  }

  std::optional<FieldValue> pick_interface(Field field, bool has, std::string_view usual) {
    const IntervalSet& values = box_.at(field).values;
    if (!has) return values.contains(0) ? std::optional<FieldValue>(0) : std::nullopt;
    const IntervalSet named = values.without(IntervalSet::single(0));
    if (named.empty()) return std::nullopt;
    const FieldValue liked[] = {interface_value(usual), interface_value("eth0"), interface_value(kSampleOther),
                                interface_value("lo")};
    for (const FieldValue value : liked)
      if (named.contains(value) && (turn_ == 0 || draw_.next() % 3 != 0)) return value;
    // Of "eth*" the first is "eth", to which a number belongs; names are printable.
    const auto intervals = named.intervals();
    const Interval& one = intervals[turn_ == 0 ? 0 : draw_.next() % intervals.size()];
    const std::string name = interface_name(one.first);
    for (const std::string& longer : {name + "0", name})
      if (!longer.empty() && named.contains(interface_value(longer))) return interface_value(longer);
    return std::nullopt;
  }

  bool pick_interfaces() {
    const auto in = pick_interface(Field::InputInterface, way_ != Way::Out, kSampleIn);
    const auto out = pick_interface(Field::OutputInterface, way_ != Way::In, way_ == Way::Out ? kSampleIn : kSampleOut);
    if (!in || !out) return false;
    in_ = *in;
    out_ = *out;
    const FieldValue lo = interface_value("lo");
    if (way_ == Way::Through && (in_ == lo || out_ == lo)) return false;
    looped_ = way_ == Way::In ? in_ == lo : out_ == lo;
    return true;
  }

  std::optional<std::uint8_t> pick_protocol() {
    IntervalSet values = box_.at(Field::Protocol).values;
    if (box_.is_constrained(Field::IpProtocol)) values = values.intersected(box_.at(Field::IpProtocol).values);
    const FieldValue icmp = v4_ ? kProtocolIcmp : kProtocolIcmp6;
    const auto only = [&](std::initializer_list<FieldValue> some) {
      std::vector<Interval> list;
      for (const FieldValue one : some) list.push_back({one, one});
      values = values.intersected(IntervalSet::of(std::move(list)));
    };
    if (!box_.at(Field::TcpFlags).absent) only({kProtocolTcp});
    if (!box_.at(Field::IcmpTypeCode).absent) only({icmp});
    if (!box_.at(Field::DestinationPort).absent || !box_.at(Field::SourcePort).absent)
      only({kProtocolTcp, kProtocolUdp});
    if (box_.at(Field::DestinationPort).values.empty()) values = values.without(IntervalSet::of({{6, 6}, {17, 17}}));
    if (values.empty()) return std::nullopt;
    const FieldValue liked[] = {kProtocolTcp, kProtocolUdp, icmp};
    return static_cast<std::uint8_t>(prefer(values, liked));
  }

  std::optional<IpAddress> pick_address(Field field, bool ours) {
    const IntervalSet mine = domain_of(field, v4_ ? RuleFamily::Ip4 : RuleFamily::Ip6);
    const IntervalSet values = box_.at(field).values.intersected(mine);
    if (values.empty()) return std::nullopt;
    const auto address = [](const char* text) { return address_value(*IpAddress::parse(text)); };
    const auto looped = address(v4_ ? "127.0.0.1" : "::1");
    if (looped_ && values.contains(looped)) return address_of(looped);
    // RFC 5737, RFC 3849: 192.0.2.10 is this machine, the others are elsewhere.
    const auto near = address(v4_ ? "192.0.2.10" : "2001:db8:1::10");
    const FieldValue far[] = {address(v4_ ? "198.51.100.7" : "2001:db8:2::7"),
                              address(v4_ ? "203.0.113.9" : "2001:db8:3::9"), address(v4_ ? "172.16.7.70" : "fd16::7")};
    if (ours && values.contains(near)) return address_of(near);
    const bool to = field == Field::DestinationAddress;
    const FieldValue liked[] = {far[to ? 1 : 0], far[to ? 0 : 1], far[2]};
    return address_of(prefer(values, liked));
  }

  std::optional<ConnectionState> pick_state() {
    const IntervalSet& values = box_.at(Field::ConnectionState).values;
    std::vector<ConnectionState> fitting;
    for (const auto state : {ConnectionState::New, ConnectionState::Established, ConnectionState::Related,
                             ConnectionState::Invalid, ConnectionState::Untracked})
      if (values.contains(connection_state_value(state))) fitting.push_back(state);
    if (fitting.empty()) return std::nullopt;
    return fitting[turn_ == 0 ? 0 : draw_.next() % fitting.size()];
  }

  std::uint16_t port(Field field, std::initializer_list<FieldValue> liked) {
    const IntervalSet& values = box_.at(field).values;
    if (values.empty()) return 0;
    return static_cast<std::uint16_t>(prefer(values, std::span(liked.begin(), liked.size())));
  }

  std::uint8_t flags(ConnectionState state) {
    using namespace tcp_flag;
    const IntervalSet& values = box_.at(Field::TcpFlags).values;
    std::array<FieldValue, 6> liked{};
    switch (state) {
      case ConnectionState::New:
      case ConnectionState::Untracked:
        liked = {kSyn, kAck, kSyn, kSyn | kUrg, kAck | kUrg, kSyn};
        break;
      case ConnectionState::Established:
        liked = {kAck, kPsh | kAck, kSyn | kAck, kFin | kAck, kRst, kRst | kAck};
        break;
      default:
        liked = {kSyn | kAck, kRst, kFin, kFin | kAck, kRst | kAck, 0};
        break;
    }
    return static_cast<std::uint8_t>(prefer(values, liked));
  }

  SimulatedPacket begin(std::uint8_t protocol, IpAddress source, IpAddress destination, ConnectionState state) {
    if (protocol == kIcmp || protocol == kIcmp6) {
      const IntervalSet& values = box_.at(Field::IcmpTypeCode).values;
      const FieldValue echo = (v4_ ? 8U : 128U) * 256U, reply = (v4_ ? 0U : 129U) * 256U;
      const FieldValue unreachable = v4_ ? 3U * 256U + 3U : 1U * 256U + 4U;
      const FieldValue asks[] = {echo, reply, unreachable}, answers[] = {reply, unreachable, echo},
                       errors[] = {unreachable, reply, echo};
      const FieldValue type = values.empty() ? echo
                                             : prefer(values, state == ConnectionState::New           ? asks
                                                              : state == ConnectionState::Established ? answers
                                                                                                      : errors);
      return icmp_packet(source, destination, static_cast<std::uint8_t>(type >> 8),
                         static_cast<std::uint8_t>(type & 255));
    }
    const std::uint16_t from = port(Field::SourcePort, {50000, 40000, 1024, 80, 25}),
                        to = port(Field::DestinationPort, {12345, 25, 80, 22, 443, 53});
    if (protocol == kUdp) return udp_packet(source, from, destination, to, 20);
    SimulatedPacket packet = tcp_packet(source, from, destination, to, protocol == kTcp ? flags(state) : 0);
    if (protocol != kTcp)
      for (const Field field : {Field::SourcePort, Field::DestinationPort, Field::TcpFlags, Field::TcpSequence,
                                Field::TcpAcknowledgement, Field::TcpWindow})
        packet.values.set_absent(field);
    return packet;
  }

  const PacketBox& box_;
  Way way_;
  bool v4_;
  std::uint64_t turn_;
  Draw draw_;
  FieldValue in_ = 0, out_ = 0;
  bool looped_ = false;
};

}  // namespace

std::optional<SimulatedPacket> sample_packet(const PacketBox& box, Way way, bool v4, std::uint64_t turn) {
  return Sampler(box, way, v4, turn).sample();
}

}  // namespace mailweir::rules
