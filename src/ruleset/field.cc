#include "ruleset/field.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/address_range.h"
#include "base/escape.h"
#include "base/must.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

constexpr std::array<FieldInfo, kFieldCount> kFields{{
    {Field::Family, 8, "family", "meta nfproto"},
    {Field::Protocol, 8, "protocol", "meta l4proto"},
    {Field::InputInterface, 128, "input interface", "iifname"},
    {Field::OutputInterface, 128, "output interface", "oifname"},
    {Field::PacketMark, 32, "mark", "meta mark"},
    {Field::Length, 32, "length", "meta length"},
    {Field::PacketType, 8, "packet type", "meta pkttype"},
    {Field::Priority, 32, "priority", "meta priority"},
    {Field::SourceAddress, 128, "source address", "saddr"},
    {Field::DestinationAddress, 128, "destination address", "daddr"},
    {Field::Ttl, 8, "TTL", ""},
    {Field::Dscp, 6, "DSCP", "dscp"},
    {Field::Fragment, 1, "later fragment", ""},
    {Field::IpProtocol, 8, "protocol in the IP header", ""},
    {Field::IpId, 16, "IP id", "ip id"},
    {Field::FragmentOffset, 16, "fragment offset", "ip frag-off"},
    {Field::SourcePort, 16, "source port", "sport"},
    {Field::DestinationPort, 16, "destination port", "dport"},
    {Field::TcpFlags, 8, "TCP flags", "tcp flags"},
    {Field::TcpSequence, 32, "TCP sequence number", "tcp sequence"},
    {Field::TcpAcknowledgement, 32, "TCP acknowledgement", "tcp ackseq"},
    {Field::TcpWindow, 16, "TCP window", "tcp window"},
    {Field::IcmpTypeCode, 16, "ICMP type", ""},
    {Field::SourceMac, 48, "source MAC address", "ether saddr"},
    {Field::DestinationMac, 48, "destination MAC address", "ether daddr"},
    {Field::ConnectionState, 5, "connection state", "ct state"},
    {Field::ConnectionStatus, 32, "connection status", "ct status"},
    {Field::ConnectionMark, 32, "connection mark", "ct mark"},
    {Field::ConnectionDirection, 1, "connection direction", "ct direction"},
    {Field::ConnectionProtocol, 8, "protocol of the connection", ""},
    {Field::OriginalSource, 128, "original source address", "ct original saddr"},
    {Field::OriginalDestination, 128, "original destination address", "ct original daddr"},
    {Field::OriginalSourcePort, 16, "original source port", "ct original proto-src"},
    {Field::OriginalDestinationPort, 16, "original destination port", "ct original proto-dst"},
    {Field::ReplySource, 128, "source address of replies", "ct reply saddr"},
    {Field::ReplyDestination, 128, "destination address of replies", "ct reply daddr"},
    {Field::ReplySourcePort, 16, "source port of replies", "ct reply proto-src"},
    {Field::ReplyDestinationPort, 16, "destination port of replies", "ct reply proto-dst"},
    {Field::SocketUser, 32, "user of the socket", "meta skuid"},
    {Field::SocketGroup, 32, "group of the socket", "meta skgid"},
    {Field::SourceType, 8, "type of the source address", "fib saddr type"},
    {Field::DestinationType, 8, "type of the destination address", "fib daddr type"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kFields.size(); ++i)
    if (static_cast<std::size_t>(kFields[i].field) != i) return false;
  return true;
}
static_assert(in_order());

constexpr std::size_t kInterfaceBytes = 15;  // IFNAMSIZ without the zero (linux/if.h)

bool is_interface(Field field) { return field == Field::InputInterface || field == Field::OutputInterface; }

const IntervalSet& v4_addresses() {
  static const IntervalSet set = values_of(IpPrefix::of(IpAddress::v4(0U), 0));
  return set;
}

std::string mac_text(FieldValue value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", (bits >> 40) & 255, (bits >> 32) & 255,
                     (bits >> 24) & 255, (bits >> 16) & 255, (bits >> 8) & 255, bits & 255);
}

// A name is zeros from its end on; an interval from a name to the same with all ones behind is "begins with".
std::optional<std::string> interface_pattern(const Interval& interval) {
  const std::string name = interface_name(interval.first);
  if (interval == Interval{interval.first, interval.first}) return name.empty() ? std::string("none") : name;
  const IntervalSet pattern = interfaces_beginning(name);
  if (pattern == IntervalSet::range(interval.first, interval.last)) return name + "*";
  return std::nullopt;
}

std::string interval_text(Field field, const Interval& interval) {
  if (interval.first == interval.last) return value_text(field, interval.first);
  if (is_interface(field))
    if (const auto pattern = interface_pattern(interval)) return *pattern;
  if (is_address(field)) {
    const IpAddress first = address_of(interval.first);
    const IpAddress last = address_of(interval.last);
    if (first.is_v4() == last.is_v4()) {
      const auto prefixes = prefixes_of(first, last);
      if (prefixes.size() == 1) return prefixes[0].text();
    }
  }
  if (field == Field::IcmpTypeCode && (interval.first & 255) == 0 && interval.last == interval.first + 255)
    return std::to_string(static_cast<unsigned>(interval.first) >> 8);
  return value_text(field, interval.first) + "-" + value_text(field, interval.last);
}

}  // namespace

bool is_address(Field field) {
  switch (field) {
    case Field::SourceAddress:
    case Field::DestinationAddress:
    case Field::OriginalSource:
    case Field::OriginalDestination:
    case Field::ReplySource:
    case Field::ReplyDestination:
      return true;
    default:
      return false;
  }
}

const FieldInfo& info_of(Field field) { return kFields[static_cast<std::size_t>(field)]; }

std::string_view name_of(RuleFamily family) {
  constexpr std::string_view kNames[] = {"ip", "ip6", "inet", "arp", "bridge", "netdev"};
  return kNames[static_cast<std::size_t>(family)];
}

IntervalSet domain_of(Field field, RuleFamily family) {
  const bool v4 = family == RuleFamily::Ip4;
  if (field == Field::ConnectionState)
    return IntervalSet::of({{0, 4}, {8, 12}, {16, 20}, {24, 28}});  // connection_state_value()
  if (!v4 && family != RuleFamily::Ip6) {
    if (field == Field::Family && family == RuleFamily::Inet)
      return IntervalSet::of({{kFamilyIp4, kFamilyIp4}, {kFamilyIp6, kFamilyIp6}});
    return IntervalSet::all(width_of(field));
  }
  if (field == Field::Family) return IntervalSet::single(v4 ? kFamilyIp4 : kFamilyIp6);
  if (!is_address(field)) return IntervalSet::all(width_of(field));
  return v4 ? v4_addresses() : v4_addresses().complement(128);
}

IntervalSet values_of(const IpPrefix& prefix) {
  const int bits = prefix.length() + (prefix.base().is_v4() ? 96 : 0);
  const FieldValue first = address_value(prefix.base());
  return IntervalSet::range(first, bits == 128 ? first : first | (~FieldValue{0} >> bits));
}

FieldValue interface_value(std::string_view name) {
  FieldValue value = 0;
  for (std::size_t i = 0; i < 16; ++i)
    value = value << 8 | (i < std::min(name.size(), kInterfaceBytes) ? static_cast<unsigned char>(name[i]) : 0U);
  return value;
}

IntervalSet interfaces_beginning(std::string_view prefix) {
  const FieldValue first = interface_value(prefix);
  const auto bytes = std::min(prefix.size(), kInterfaceBytes);
  return IntervalSet::range(first, first | (~FieldValue{0} >> (8 * bytes)));
}

std::string interface_name(FieldValue value) {
  std::string name;
  for (int shift = 120; shift >= 0; shift -= 8) {
    const auto byte = static_cast<unsigned char>(value >> shift);
    if (byte == 0) break;
    name += static_cast<char>(byte);
  }
  return name;
}

std::string_view name_of(ConnectionState state) {
  constexpr std::string_view kNames[] = {"invalid", "new", "established", "related", "untracked"};
  return kNames[static_cast<std::size_t>(state)];
}

IntervalSet values_of(ConnectionState state) {
  std::vector<Interval> values;
  for (const bool snat : {false, true})
    for (const bool dnat : {false, true}) {
      const FieldValue value = connection_state_value(state, snat, dnat);
      values.push_back({value, value});
    }
  return IntervalSet::of(std::move(values));
}

std::string value_text(Field field, FieldValue value) {
  if (is_address(field)) return address_of(value).text();
  if (is_interface(field)) return value == 0 ? "none" : escape(interface_name(value));
  switch (field) {
    case Field::SourceMac:
    case Field::DestinationMac:
      return mac_text(value);
    case Field::ConnectionState: {
      const auto bits = static_cast<unsigned>(value);
      std::string text((bits & 7) < kConnectionStates ? name_of(connection_state_of(value)) : "?");
      if ((bits & 8) != 0) text += ",snat";
      if ((bits & 16) != 0) text += ",dnat";
      return text;
    }
    case Field::Protocol:
    case Field::IpProtocol:
    case Field::ConnectionProtocol:
      return protocol_text(static_cast<std::uint8_t>(value));
    case Field::Family:
      return value == kFamilyIp4 ? "IPv4" : value == kFamilyIp6 ? "IPv6" : std::to_string(static_cast<unsigned>(value));
    case Field::TcpFlags:
      return flags_text(static_cast<std::uint8_t>(value), ",", true);
    case Field::SourceType:
    case Field::DestinationType:
      return address_type_text(static_cast<std::uint8_t>(value));
    case Field::PacketType:
      return packet_type_text(static_cast<std::uint8_t>(value));
    case Field::IcmpTypeCode:
      return fmt::format("{}/{}", static_cast<unsigned>(value) >> 8, static_cast<unsigned>(value) & 255);
    case Field::PacketMark:
    case Field::ConnectionMark:
    case Field::ConnectionStatus:
      return fmt::format("0x{:x}", static_cast<std::uint32_t>(value));
    default:
      return std::to_string(static_cast<std::uint64_t>(value));
  }
}

std::string values_text(Field field, const IntervalSet& values, std::size_t items_max) {
  if (values.empty()) return "none";
  if (values == IntervalSet::all(width_of(field))) return "any";
  // States come as up to four numbers each: said once, when translation makes no difference.
  if (field == Field::ConnectionState) {
    std::string text;
    IntervalSet said;
    for (int i = 0; i < kConnectionStates; ++i) {
      const auto state = static_cast<ConnectionState>(i);
      if (!values.covers(values_of(state))) continue;
      text += (text.empty() ? "" : ", ") + std::string(name_of(state));
      said = said.united(values_of(state));
    }
    if (said == values) return text;
  }
  std::string text;
  std::size_t items = 0;
  for (const Interval& interval : values.intervals()) {
    if (items++ == items_max) return text + ", …";
    if (items > 1) text += ", ";
    text += interval_text(field, interval);
  }
  return text;
}

}  // namespace mailweir::rules
