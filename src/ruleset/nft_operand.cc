#include "ruleset/nft_operand.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "ruleset/nft_json.h"
#include "ruleset/number_names.h"
#include "ruleset/reject_names.h"

namespace mailweir::rules {
namespace {

using nlohmann::json;

struct Payload {
  std::string_view protocol, name;
  Field field;
};
constexpr Payload kPayloads[] = {{"ip", "saddr", Field::SourceAddress},
                                 {"ip", "daddr", Field::DestinationAddress},
                                 {"ip", "ttl", Field::Ttl},
                                 {"ip", "dscp", Field::Dscp},
                                 {"ip", "protocol", Field::IpProtocol},
                                 {"ip", "length", Field::Length},
                                 {"ip", "id", Field::IpId},
                                 {"ip", "frag-off", Field::FragmentOffset},
                                 {"ip6", "saddr", Field::SourceAddress},
                                 {"ip6", "daddr", Field::DestinationAddress},
                                 {"ip6", "hoplimit", Field::Ttl},
                                 {"ip6", "dscp", Field::Dscp},
                                 {"ip6", "nexthdr", Field::IpProtocol},
                                 {"th", "sport", Field::SourcePort},
                                 {"th", "dport", Field::DestinationPort},
                                 {"tcp", "flags", Field::TcpFlags},
                                 {"tcp", "sequence", Field::TcpSequence},
                                 {"tcp", "ackseq", Field::TcpAcknowledgement},
                                 {"tcp", "window", Field::TcpWindow},
                                 {"ether", "saddr", Field::SourceMac},
                                 {"ether", "daddr", Field::DestinationMac}};

struct Named {
  std::string_view name;
  Field field;
};
constexpr Named kMeta[] = {
    {"nfproto", Field::Family},     {"l4proto", Field::Protocol},        {"iifname", Field::InputInterface},
    {"iif", Field::InputInterface}, {"oifname", Field::OutputInterface}, {"oif", Field::OutputInterface},
    {"mark", Field::PacketMark},    {"length", Field::Length},           {"pkttype", Field::PacketType},
    {"priority", Field::Priority},  {"skuid", Field::SocketUser},        {"skgid", Field::SocketGroup}};
constexpr Named kConnection[] = {{"state", Field::ConnectionState},
                                 {"status", Field::ConnectionStatus},
                                 {"mark", Field::ConnectionMark},
                                 {"direction", Field::ConnectionDirection}};
constexpr Named kTuple[] = {{"original saddr", Field::OriginalSource},
                            {"original daddr", Field::OriginalDestination},
                            {"original proto-src", Field::OriginalSourcePort},
                            {"original proto-dst", Field::OriginalDestinationPort},
                            {"reply saddr", Field::ReplySource},
                            {"reply daddr", Field::ReplyDestination},
                            {"reply proto-src", Field::ReplySourcePort},
                            {"reply proto-dst", Field::ReplyDestinationPort},
                            {"original protocol", Field::ConnectionProtocol}};
constexpr Named kTypes[] = {{"ipv4_addr", Field::SourceAddress},
                            {"ipv6_addr", Field::SourceAddress},
                            {"inet_service", Field::DestinationPort},
                            {"inet_proto", Field::Protocol},
                            {"ether_addr", Field::SourceMac},
                            {"mark", Field::PacketMark},
                            {"ifname", Field::InputInterface},
                            {"iface_index", Field::InputInterface},
                            {"ct_state", Field::ConnectionState},
                            {"pkt_type", Field::PacketType},
                            {"uid", Field::SocketUser},
                            {"gid", Field::SocketGroup},
                            {"fib_addrtype", Field::SourceType},
                            {"dscp", Field::Dscp},
                            {"nf_proto", Field::Family},
                            {"ct_dir", Field::ConnectionDirection}};

template <std::size_t N>
std::optional<Field> find(const Named (&list)[N], std::string_view name) {
  for (const Named& each : list)
    if (each.name == name) return each.field;
  return std::nullopt;
}

std::optional<NftOperand> payload(const json& p) {
  const std::string protocol = word(p, "protocol");
  const std::string name = word(p, "field");
  NftOperand said;
  if (protocol == "icmp" || protocol == "icmpv6") {
    if (name != "type" && name != "code") return std::nullopt;
    said.operand.field = Field::IcmpTypeCode;
    if (name == "code") said.operand.mask = 0xff;
    said.family = protocol == "icmp" ? kFamilyIp4 : kFamilyIp6;
    said.protocol = protocol == "icmp" ? kProtocolIcmp : kProtocolIcmp6;
    return said;
  }
  const auto number = protocol_number(protocol);
  if ((name == "sport" || name == "dport") && number && has_ports(*number)) {
    said.operand.field = name == "sport" ? Field::SourcePort : Field::DestinationPort;
    said.protocol = *number;
    return said;
  }
  for (const Payload& known : kPayloads) {
    if (known.protocol != protocol || known.name != name) continue;
    said.operand.field = known.field;
    if (protocol == "ip") said.family = kFamilyIp4;
    if (protocol == "ip6") said.family = kFamilyIp6;
    if (protocol == "tcp") said.protocol = kProtocolTcp;
    return said;
  }
  return std::nullopt;
}

std::optional<NftOperand> connection(const json& c) {
  std::string key = word(c, "key");
  const std::string direction = word(c, "dir");
  NftOperand said;
  if (direction.empty()) {
    const auto field = find(kConnection, key);
    if (!field) return std::nullopt;
    said.operand.field = *field;
    return said;
  }
  if (key.starts_with("ip ") || key.starts_with("ip6 ")) {
    said.family = key.starts_with("ip ") ? kFamilyIp4 : kFamilyIp6;
    key.erase(0, key.find(' ') + 1);
  }
  const auto field = find(kTuple, direction + " " + key);
  if (!field) return std::nullopt;
  said.operand.field = *field;
  return said;
}

IntervalSet shifted_type(const Operand& operand, std::uint64_t first, std::uint64_t last) {
  if (operand.mask == 0xff) return IntervalSet::range(first, last);
  if (operand.mask != 0xff00) return IntervalSet::range(first << 8, last << 8 | 0xff);
  // Without codes the values lie apart; a range of types cannot be one of them.
  std::vector<Interval> values;
  for (std::uint64_t type = first; type <= last; ++type) values.push_back({type << 8, type << 8});
  return IntervalSet::of(std::move(values));
}

// NF_CT_STATE_BIT: the numbers of `nft -n`.
std::optional<IntervalSet> state_bit(std::uint64_t bit) {
  switch (bit) {
    case 1:
      return values_of(ConnectionState::Invalid);
    case 2:
      return values_of(ConnectionState::Established);
    case 4:
      return values_of(ConnectionState::Related);
    case 8:
      return values_of(ConnectionState::New);
    case 64:
      return values_of(ConnectionState::Untracked);
    default:
      return std::nullopt;
  }
}

std::optional<IntervalSet> number_value(const Operand& operand, std::uint64_t number) {
  const bool icmp = operand.field == Field::IcmpTypeCode;
  if (operand.field == Field::ConnectionState) return state_bit(number);
  if (number > largest_value(icmp ? 8 : width_of(operand.field))) return std::nullopt;
  if (icmp) return shifted_type(operand, number, number);
  return IntervalSet::single(number);
}

std::optional<FieldValue> mac(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  FieldValue value = 0;
  for (std::size_t i = 0; i < 17; ++i) {
    if (i % 3 == 2) {
      if (text[i] != ':') return std::nullopt;
      continue;
    }
    const auto digit = whole_number("0x" + std::string(text.substr(i, 1)), 15);
    if (!digit) return std::nullopt;
    value = value << 4 | *digit;
  }
  return value;
}

// As nft prints them.
std::optional<std::uint8_t> icmp_code(std::string_view text, bool icmp6) {
  const auto reject = reject_of_nft(icmp6 ? "icmpv6" : "icmp", text);
  if (!reject) return std::nullopt;
  return reject->code;
}

template <typename Number>
std::optional<IntervalSet> one(const std::optional<Number>& number) {
  if (!number) return std::nullopt;
  return IntervalSet::single(*number);
}

std::optional<IntervalSet> word_value(const Operand& operand, const std::string& text, bool icmp6) {
  switch (operand.field) {
    case Field::SourceAddress:
    case Field::DestinationAddress:
    case Field::OriginalSource:
    case Field::OriginalDestination:
    case Field::ReplySource:
    case Field::ReplyDestination: {
      const auto address = IpAddress::parse(text);
      if (!address) return std::nullopt;
      return IntervalSet::single(address_value(*address));
    }
    case Field::InputInterface:
    case Field::OutputInterface:
      if (text.find('\\') != std::string::npos || text.size() > 16) return std::nullopt;
      if (text.ends_with('*')) return interfaces_beginning(std::string_view(text).substr(0, text.size() - 1));
      return IntervalSet::single(interface_value(text));
    case Field::Protocol:
    case Field::IpProtocol:
    case Field::ConnectionProtocol:
      return one(protocol_number(text));
    case Field::Family:
      if (text == "ipv4") return IntervalSet::single(kFamilyIp4);
      if (text == "ipv6") return IntervalSet::single(kFamilyIp6);
      return std::nullopt;
    case Field::ConnectionState:
      for (int i = 0; i < kConnectionStates; ++i)
        if (name_of(static_cast<ConnectionState>(i)) == text) return values_of(static_cast<ConnectionState>(i));
      return std::nullopt;
    case Field::ConnectionDirection:
      if (text != "original" && text != "reply") return std::nullopt;
      return IntervalSet::single(text == "reply" ? 1 : 0);
    case Field::SourcePort:
    case Field::DestinationPort:
      // nft has names of its own for these; numbers are asked for with -n.
      return one(port_number(text, "tcp"));
    case Field::PacketType:
      return one(packet_type_number(text));
    case Field::SourceType:
    case Field::DestinationType:
      return one(address_type_number(text));
    case Field::Dscp:
      return one(dscp_number(text));
    case Field::SourceMac:
    case Field::DestinationMac:
      return one(mac(text));
    case Field::IcmpTypeCode: {
      if (operand.mask == 0xff) return one(icmp_code(text, icmp6));
      const auto type = icmp_range(text, icmp6);
      if (!type || type->code_first != 0 || type->code_last != 255) return std::nullopt;
      return shifted_type(operand, type->type, type->type);
    }
    case Field::TcpFlags:
    case Field::ConnectionStatus:
      return one(nft_bits(operand.field, json(text)));
    default:
      return one(whole_number(text, 0xffffffff));
  }
}

}  // namespace

std::optional<NftOperand> nft_operand(const json& expression, int depth) {
  if (depth > kNftDepthMax || !expression.is_object() || expression.size() != 1) return std::nullopt;
  const auto& [kind, e] = *expression.get_ref<const json::object_t&>().begin();
  if (kind == "&" && e.is_array() && e.size() == 2) {
    auto said = nft_operand(e[0], depth + 1);
    if (!said || !said->operand.is_whole() || said->operand.field == Field::IcmpTypeCode) return std::nullopt;
    const Field field = said->operand.field;
    if (field == Field::TcpFlags || field == Field::ConnectionStatus) {
      const auto bits = nft_bits(field, e[1]);
      if (!bits) return std::nullopt;
      said->operand.mask = *bits;
      return said;
    }
    const auto mask = nft_values(said->operand, e[1], false);
    if (!mask || !mask->is_single()) return std::nullopt;
    said->operand.mask = mask->front().first;
    // The bits that say "IPv4" always count.
    if (width_of(field) == 128 && address_of(said->operand.mask).is_v4()) said->operand.mask |= ~FieldValue{0} << 32;
    return said;
  }
  if (!e.is_object()) return std::nullopt;
  if (kind == "payload") return payload(e);
  if (kind == "ct") return connection(e);
  NftOperand said;
  if (kind == "meta") {
    const auto field = find(kMeta, word(e, "key"));
    if (!field) return std::nullopt;
    said.operand.field = *field;
    return said;
  }
  if (kind == "fib" && word(e, "result") == "type") {
    const auto flags = e.find("flags");
    const bool alone = flags != e.end() && flags->is_array() && flags->size() == 1 && (*flags)[0].is_string();
    const std::string flag = alone ? (*flags)[0].get<std::string>() : word(e, "flags");
    if (flag != "saddr" && flag != "daddr") return std::nullopt;
    said.operand.field = flag == "saddr" ? Field::SourceType : Field::DestinationType;
    return said;
  }
  return std::nullopt;
}

std::optional<Operand> nft_type_operand(std::string_view type) {
  if (type == "icmp_type" || type == "icmpv6_type") return Operand{Field::IcmpTypeCode, 0xff00};
  const auto field = find(kTypes, type);
  if (!field) return std::nullopt;
  return Operand{*field};
}

std::optional<FieldValue> nft_bits(Field field, const json& value, int depth) {
  if (depth > kNftDepthMax) return std::nullopt;
  if (value.is_number_unsigned()) {
    const auto bits = value.get<std::uint64_t>();
    return bits <= largest_value(width_of(field)) ? std::optional<FieldValue>(bits) : std::nullopt;
  }
  if (value.is_string()) {
    const std::string text = value.get<std::string>();
    if (field == Field::TcpFlags) {
      const auto flag = flag_number(text);
      if (flag) return FieldValue{*flag};
      return whole_number(text, 255);
    }
    constexpr std::array<std::string_view, 10> kStatus = {"expected", "seen-reply", "assured", "confirmed", "snat",
                                                          "dnat",     "?",          "?",       "?",         "dying"};
    const auto* const found = std::find(kStatus.begin(), kStatus.end(), text);
    if (found == kStatus.end() || text == "?") return whole_number(text, 0xffffffff);
    return FieldValue{1} << (found - kStatus.begin());
  }
  const json* list = value.is_array() ? &value : nullptr;
  if (value.is_object() && value.size() == 1 && value.contains("|")) list = &value["|"];
  if (list == nullptr || !list->is_array()) return std::nullopt;
  FieldValue bits = 0;
  for (const json& each : *list) {
    const auto some = nft_bits(field, each, depth + 1);
    if (!some) return std::nullopt;
    bits |= *some;
  }
  return bits;
}

std::optional<IntervalSet> nft_values(const Operand& operand, const json& value, bool icmp6, int depth) {
  if (depth > kNftDepthMax) return std::nullopt;
  if (value.is_number_unsigned()) return number_value(operand, value.get<std::uint64_t>());
  if (value.is_string()) return word_value(operand, value.get<std::string>(), icmp6);
  const json* list = value.is_array() ? &value : nullptr;
  if (value.is_object() && value.size() == 1) {
    const auto& [kind, e] = *value.get_ref<const json::object_t&>().begin();
    if (kind == "set" && e.is_array()) list = &e;
    if (kind == "elem" && e.is_object() && e.contains("val")) return nft_values(operand, e["val"], icmp6, depth + 1);
    if (kind == "|") return one(nft_bits(operand.field, value));
    if (kind == "prefix" && e.is_object() && e.contains("addr") && e.contains("len") && e["len"].is_number_unsigned()) {
      const auto base = nft_values(operand, e["addr"], icmp6, depth + 1);
      const auto length = e["len"].get<std::uint64_t>();
      if (!base || !base->is_single()) return std::nullopt;
      const FieldValue first = base->front().first;
      const int width = width_of(operand.field) == 128 && address_of(first).is_v4() ? 32 : width_of(operand.field);
      if (length > static_cast<std::uint64_t>(width)) return std::nullopt;
      const int host_bits = width - static_cast<int>(length);
      const FieldValue host = host_bits == 0 ? 0 : largest_value(host_bits);
      return IntervalSet::range(first & ~host, first | host);
    }
    if (kind == "range" && e.is_array() && e.size() == 2) {
      const auto first = nft_values(operand, e[0], icmp6, depth + 1);
      const auto last = nft_values(operand, e[1], icmp6, depth + 1);
      if (!first || !last || first->intervals().size() != 1 || last->intervals().size() != 1) return std::nullopt;
      if (operand.field == Field::IcmpTypeCode && operand.mask == 0xff00)
        return shifted_type(operand, static_cast<std::uint64_t>(first->front().first >> 8),
                            static_cast<std::uint64_t>(last->front().first >> 8));
      if (first->front().first > last->front().last) return std::nullopt;
      return IntervalSet::range(first->front().first, last->front().last);
    }
  }
  if (list == nullptr) return std::nullopt;
  std::vector<Interval> values;
  for (const json& each : *list) {
    const auto some = nft_values(operand, each, icmp6, depth + 1);
    if (!some) return std::nullopt;
    values.insert(values.end(), some->intervals().begin(), some->intervals().end());
  }
  return IntervalSet::of(std::move(values));
}

std::optional<std::vector<IntervalSet>> nft_element(const std::vector<Operand>& key, const json& value, bool icmp6) {
  const json* said = &value;
  if (said->is_object() && said->contains("elem") && (*said)["elem"].is_object() && (*said)["elem"].contains("val"))
    said = &(*said)["elem"]["val"];
  std::vector<IntervalSet> element;
  if (key.size() == 1) {
    auto values = nft_values(key[0], *said, icmp6);
    if (!values) return std::nullopt;
    element.push_back(std::move(*values));
    return element;
  }
  if (!said->is_object() || !said->contains("concat") || !(*said)["concat"].is_array()) return std::nullopt;
  const json& parts = (*said)["concat"];
  if (parts.size() != key.size() || key.empty()) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    auto values = nft_values(key[i], parts[i], icmp6);
    if (!values) return std::nullopt;
    element.push_back(std::move(*values));
  }
  return element;
}

}  // namespace mailweir::rules
