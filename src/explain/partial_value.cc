#include "explain/partial_value.h"

#include <algorithm>
#include <charconv>

#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

const IntervalSet* possible_of(const PartialPacket& packet, Field field) {
  const auto found = std::ranges::find(packet.possible, field, &std::pair<Field, IntervalSet>::first);
  return found == packet.possible.end() ? nullptr : &found->second;
}

// "108.162." of a prefix of whole bytes; empty: it is none.
std::string beginning_of(const IntervalSet& addresses) {
  if (addresses.intervals().size() != 1) return {};
  const Interval range = addresses.front();
  const IpAddress first = address_of(range.first);
  const FieldValue size = range.last - range.first + 1;
  if (!first.is_v4()) return {};
  const std::string text = first.text();
  const int dots = size == (1U << 24) ? 1 : size == (1U << 16) ? 2 : size == (1U << 8) ? 3 : 0;
  std::size_t end = 0;
  for (int i = 0; i < dots; ++i) end = text.find('.', end) + 1;
  return text.substr(0, end);
}

// Puts what is known in part where packet_text() says "?".
void show_part(std::string& text, std::size_t from, const PartialPacket& packet, Field field) {
  const IntervalSet* possible = possible_of(packet, field);
  if (possible == nullptr || packet.packet.values.is_known(field)) return;
  const std::size_t at = text.find('?', from);
  if (at != std::string::npos) text.insert(at, beginning_of(*possible));
}

}  // namespace

std::optional<std::uint32_t> read_whole_number(std::string_view text, std::uint32_t max, int base) {
  if (base == 16 && text.starts_with("0x")) text.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size() || number > max) return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

PartialAddress read_partial_address(std::string_view text) {
  PartialAddress read;
  if (const auto whole = IpAddress::parse(text)) {
    read.whole = whole;
    read.v4 = whole->is_v4();
    return read;
  }
  std::uint32_t base = 0;
  int bytes = 0;
  for (std::string_view rest = text; bytes < 4;) {
    const std::size_t dot = rest.find('.');
    const auto number = dot == std::string_view::npos ? std::nullopt : read_whole_number(rest.substr(0, dot), 255);
    if (!number) break;
    base |= *number << (24 - 8 * bytes++);
    rest.remove_prefix(dot + 1);
  }
  if (bytes > 0 && bytes < 4) {
    read.possible = values_of(IpPrefix::of(IpAddress::v4(base), 8 * bytes));
    read.v4 = true;
  } else if (text.find(':') != std::string_view::npos) {
    read.v4 = false;
  } else if (std::ranges::count(text, '.') == 3) {
    read.v4 = true;  // "x.x.x.x"
  }
  return read;
}

SimulatedPacket packet_of(std::uint8_t protocol, const IpAddress& source, const IpAddress& destination) {
  if (protocol == kTcp) return tcp_packet(source, 0, destination, 0, 0);
  if (protocol == kIcmp || protocol == kIcmp6) {
    SimulatedPacket packet = icmp_packet(source, destination, 0, 0);
    packet.values.set(Field::Protocol, protocol);
    packet.values.set(Field::IpProtocol, protocol);
    return packet;
  }
  SimulatedPacket packet = udp_packet(source, 0, destination, 0);
  packet.values.set(Field::Protocol, protocol);
  packet.values.set(Field::IpProtocol, protocol);
  if (!has_ports(protocol)) {
    packet.values.set_absent(Field::SourcePort);
    packet.values.set_absent(Field::DestinationPort);
  }
  return packet;
}

bool is_possible(const PartialPacket& packet, Field field, FieldValue value) {
  switch (packet.packet.values.knowledge_of(field)) {
    case Knowledge::Known:
      return packet.packet.values.value(field) == value;
    case Knowledge::Absent:
      return false;
    case Knowledge::Unknown:
      break;
  }
  const IntervalSet* possible = possible_of(packet, field);
  return possible == nullptr || possible->contains(value);
}

bool PartialPacket::may_be(Field field, const PartialPacket& other, Field others) const {
  if (packet.values.is_known(field)) return is_possible(other, others, packet.values.value(field));
  if (other.packet.values.is_known(others)) return is_possible(*this, field, other.packet.values.value(others));
  const IntervalSet* mine = possible_of(*this, field);
  const IntervalSet* theirs = possible_of(other, others);
  return mine == nullptr || theirs == nullptr || mine->meets(*theirs);
}

std::string address_words(const PartialPacket& packet, Field field) {
  if (packet.packet.values.is_known(field)) return packet.packet.values.address(field).text();
  const IntervalSet* possible = possible_of(packet, field);
  return (possible == nullptr ? std::string() : beginning_of(*possible)) + "?";
}

std::string partial_text(const PartialPacket& packet) {
  std::string text = packet_text(packet.packet);
  const std::size_t arrow = text.find(" > ");
  if (arrow == std::string::npos) return text;
  if (!packet.packet.values.is_known(Field::DestinationAddress))
    show_part(text, arrow, packet, Field::DestinationAddress);
  if (!packet.packet.values.is_known(Field::SourceAddress)) show_part(text, 0, packet, Field::SourceAddress);
  return text;
}

}  // namespace mailweir::rules
