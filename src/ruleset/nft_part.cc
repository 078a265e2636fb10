#include <fmt/format.h>

#include <algorithm>

#include "base/address_range.h"
#include "ruleset/number_names.h"
#include "ruleset/part_text.h"
#include "ruleset/reject_names.h"

namespace mailweir::rules {
namespace {

using Text = std::optional<std::string>;

constexpr std::size_t kWordsMax = 256;
constexpr FieldValue kIcmpType = 0xff00, kIcmpCode = 0xff;

// The expression in front of the comparison.
Text operand_text(const Operand& operand, const NftContext& context) {
  const auto by_family = [&](std::string_view v4, std::string_view v6) -> Text {
    if (!context.v4) return std::nullopt;
    return std::string(*context.v4 ? v4 : v6);
  };
  Text text;
  switch (operand.field) {
    case Field::SourceAddress:
      text = by_family("ip saddr", "ip6 saddr");
      break;
    case Field::DestinationAddress:
      text = by_family("ip daddr", "ip6 daddr");
      break;
    case Field::OriginalSource:
    case Field::OriginalDestination:
    case Field::ReplySource:
    case Field::ReplyDestination: {
      if (!context.v4) return std::nullopt;
      const std::string_view nft = info_of(operand.field).nft;
      const auto space = nft.rfind(' ');
      text = fmt::format("{} {}{}", nft.substr(0, space), *context.v4 ? "ip" : "ip6", nft.substr(space));
      break;
    }
    case Field::Ttl:
      text = by_family("ip ttl", "ip6 hoplimit");
      break;
    case Field::Dscp:
      text = by_family("ip dscp", "ip6 dscp");
      break;
    case Field::IpProtocol:
      text = by_family("ip protocol", "ip6 nexthdr");
      break;
    case Field::Length:
      // The former asks for IPv4, which in a table of both families is part of the rule.
      text = context.v4 == true && context.family == RuleFamily::Inet ? "ip length" : "meta length";
      break;
    case Field::Fragment:
      if (context.v4 != true) return std::nullopt;
      text = "ip frag-off & 0x1fff";
      break;
    case Field::SourcePort:
    case Field::DestinationPort: {
      const std::string which = operand.field == Field::SourcePort ? " sport" : " dport";
      text = (context.protocol && has_ports(*context.protocol) ? protocol_text(*context.protocol) : "th") + which;
      break;
    }
    case Field::IcmpTypeCode: {
      if (context.protocol != kProtocolIcmp && context.protocol != kProtocolIcmp6) return std::nullopt;
      return std::string(context.protocol == kProtocolIcmp ? "icmp" : "icmpv6") +
             (operand.mask == kIcmpCode ? " code" : " type");
    }
    case Field::ConnectionProtocol:
      text = "ct original protocol";
      break;
    default:
      text = std::string(info_of(operand.field).nft);
      if (text->empty()) return std::nullopt;
  }
  if (text && !operand.is_whole()) {
    const bool v4_mask = is_address(operand.field) && context.v4 == true;
    const bool v6_mask = is_address(operand.field) && context.v4 == false;
    *text += " & ";
    if (v4_mask)
      *text += IpAddress::v4(static_cast<std::uint32_t>(operand.mask)).text();
    else if (v6_mask)
      *text += address_of(operand.mask).text();
    else
      *text += fmt::format("0x{:x}", number(operand.mask));
  }
  return text;
}

std::string one_value(const Operand& operand, FieldValue value) {
  switch (operand.field) {
    case Field::InputInterface:
    case Field::OutputInterface:
      return nft_quoted(interface_name(value));
    case Field::Protocol:
    case Field::IpProtocol:
    case Field::ConnectionProtocol:
      return protocol_text(static_cast<std::uint8_t>(value));
    case Field::Family:
      return value == kFamilyIp4 ? "ipv4" : value == kFamilyIp6 ? "ipv6" : std::to_string(number(value));
    case Field::ConnectionState:
      return std::string(name_of(connection_state_of(value)));
    case Field::ConnectionDirection:
      return value == 0 ? "original" : "reply";
    case Field::PacketType:
      return value == 0 ? "host" : value == 3 ? "other" : packet_type_text(static_cast<std::uint8_t>(value));
    case Field::SourceType:
    case Field::DestinationType:
      return value <= 8 ? address_type_text(static_cast<std::uint8_t>(value)) : std::to_string(number(value));
    case Field::SourceMac:
    case Field::DestinationMac:
      return value_text(operand.field, value);
    case Field::IcmpTypeCode:
      return std::to_string(number(operand.mask == kIcmpCode ? value : value >> 8));
    case Field::PacketMark:
    case Field::ConnectionMark:
    case Field::ConnectionStatus:
    case Field::TcpFlags:
    case Field::Priority:
      return fmt::format("0x{:x}", number(value));
    default:
      return is_address(operand.field) ? address_of(value).text() : std::to_string(number(value));
  }
}

// Intervals as nft writes them in a set; ICMP types come as blocks of 256 codes.
std::optional<std::vector<std::string>> values_list(const Operand& operand, const IntervalSet& values) {
  std::vector<std::string> list;
  const bool words = operand.field == Field::SourceType || operand.field == Field::DestinationType ||
                     operand.field == Field::PacketType || operand.field == Field::Family;
  for (Interval interval : values.intervals()) {
    // There is no range of words.
    for (; words && interval.first < interval.last && list.size() < kWordsMax; ++interval.first)
      list.push_back(one_value(operand, interval.first));
    if (operand.field == Field::IcmpTypeCode && operand.mask != kIcmpCode && operand.mask != kIcmpType) {
      if ((interval.first & 255) != 0 || (interval.last & 255) != 255) return std::nullopt;
      interval.last -= 255;
    }
    const bool interface = operand.field == Field::InputInterface || operand.field == Field::OutputInterface;
    if (interface && interval.first != interval.last) {
      const std::string name = interface_name(interval.first);
      const IntervalSet pattern = interfaces_beginning(name);
      if (pattern != IntervalSet::range(interval.first, interval.last)) return std::nullopt;
    }
    if (operand.field == Field::IcmpTypeCode && interval.first != interval.last) {
      list.push_back(fmt::format("{}-{}", one_value(operand, interval.first), one_value(operand, interval.last)));
      continue;
    }
    list.push_back(nft_value_text(operand, interval));
  }
  return list;
}

std::string joined(const std::vector<std::string>& list, std::string_view between) {
  std::string text;
  for (const std::string& each : list) {
    if (!text.empty()) text += between;
    text += each;
  }
  return text;
}

// A state is one of five, so all numbers of a state, or none, must be there.
Text state_text(const Match& match) {
  std::vector<std::string> states;
  IntervalSet said;
  for (int i = 0; i < kConnectionStates; ++i) {
    const auto state = static_cast<ConnectionState>(i);
    if (!match.values.covers(values_of(state))) continue;
    said = said.united(values_of(state));
    states.emplace_back(name_of(state));
  }
  if (said != match.values || states.empty()) return std::nullopt;
  if (!match.negated) return "ct state " + joined(states, ",");
  if (states.size() == 1) return "ct state != " + states[0];
  return "ct state != { " + joined(states, ", ") + " }";
}

Text type_and_code(const Match& match, const NftContext& context) {
  if (match.negated || !match.operand.is_whole() || match.values.intervals().size() != 1) return std::nullopt;
  const Interval range = match.values.front();
  if (range.first >> 8 != range.last >> 8) return std::nullopt;
  const auto type = operand_text({Field::IcmpTypeCode, kIcmpType}, context);
  const auto code = operand_text({Field::IcmpTypeCode, kIcmpCode}, context);
  if (!type || !code) return std::nullopt;
  const Interval codes{range.first & 255, range.last & 255};
  return fmt::format("{} {} {} {}", *type, number(range.first) >> 8, *code,
                     nft_value_text({Field::IcmpTypeCode, kIcmpCode}, codes));
}

Text say(const Match& match, const NftContext& context) {
  if (match.implied) return "";
  if (match.when_absent) return std::nullopt;
  const Field field = match.operand.field;
  if (field == Field::ConnectionState) return state_text(match);
  NftContext here = context;
  if (is_address(field) && !here.v4) {
    if (domain_of(Field::SourceAddress, RuleFamily::Ip4).covers(match.values)) here.v4 = true;
    if (domain_of(Field::SourceAddress, RuleFamily::Ip6).covers(match.values)) here.v4 = false;
  }
  if (field == Field::Fragment) {
    const auto operand = operand_text(match.operand, here);
    if (!operand || !match.values.is_single()) return std::nullopt;
    return *operand + ((match.values.contains(1)) == match.negated ? " == 0" : " != 0");
  }
  const auto operand = operand_text(match.operand, here);
  if (!operand) return std::nullopt;
  // "any of these bits"
  const bool bits = !match.operand.is_whole() && match.values == IntervalSet::single(0);
  if (bits && (field == Field::TcpFlags || field == Field::ConnectionStatus))
    return *operand + (match.negated ? " != 0" : " == 0");
  const auto list = values_list(match.operand, match.values);
  if (!list) return type_and_code(match, context);
  if (list->empty()) return std::nullopt;
  if (list->size() > 1) return fmt::format("{} {}{{ {} }}", *operand, match.negated ? "!= " : "", joined(*list, ", "));
  const bool compares_bits = field == Field::TcpFlags || field == Field::ConnectionStatus || !match.operand.is_whole();
  return fmt::format("{} {}{}", *operand, match.negated ? "!= " : compares_bits ? "== " : "", (*list)[0]);
}

Text key_expression(const std::vector<Operand>& key, const NftContext& context) {
  std::vector<std::string> parts;
  for (const Operand& operand : key) {
    const auto text = operand_text(operand, context);
    if (!text) return std::nullopt;
    parts.push_back(*text);
  }
  if (parts.empty()) return std::nullopt;
  return joined(parts, " . ");
}

Text say(const Lookup& lookup, const NftContext& context) {
  if (lookup.ipset) return std::nullopt;
  const auto key = key_expression(lookup.key, context);
  if (!key) return std::nullopt;
  const std::string text = *key + (lookup.negated ? " != " : " ");
  if (!lookup.set.empty()) return text + "@" + lookup.set;
  std::vector<std::string> elements;
  for (const auto& element : lookup.elements) {
    const auto said = nft_key_text(lookup.key, element);
    if (!said) return std::nullopt;
    elements.push_back(*said);
  }
  return text + "{ " + joined(elements, ", ") + " }";
}

std::string limit_text(const Limit& limit) {
  if (!limit.name.empty()) return "limit name " + nft_quoted(limit.name);
  const std::string_view unit = limit.per_s == 604800  ? "week"
                                : limit.per_s == 86400 ? "day"
                                : limit.per_s == 3600  ? "hour"
                                : limit.per_s == 60    ? "minute"
                                                       : "second";
  std::string text =
      fmt::format("limit rate {}{}{}/{}", limit.over ? "over " : "", limit.rate, limit.bytes ? " bytes" : "", unit);
  if (limit.burst > 0) text += fmt::format(" burst {} {}", limit.burst, limit.bytes ? "bytes" : "packets");
  return text;
}

Text say(const Limit& limit, const NftContext&) { return limit_text(limit); }
Text say(const KeyedLimit&, const NftContext&) { return std::nullopt; }
Text say(const Recent&, const NftContext&) { return std::nullopt; }

Text say(const ConnectionCount& count, const NftContext&) {
  if (!count.key.empty()) return std::nullopt;
  return fmt::format("ct count {}{}", count.over ? "over " : "", count.count);
}

Text say(const OpaqueMatch& opaque, const NftContext&) {
  if (!opaque.nft || !opaque.complete) return std::nullopt;
  return opaque.text;
}

Text say(const Counter& counter, const NftContext&) {
  if (!counter.name.empty()) return "counter name " + nft_quoted(counter.name);
  if (!counter.packets) return "counter";
  return fmt::format("counter packets {} bytes {}", *counter.packets, counter.bytes.value_or(0));
}

Text say(const Log& log, const NftContext&) {
  std::string text = "log";
  if (log.audit) return "log level audit";
  if (!log.prefix.empty()) text += " prefix " + nft_quoted(log.prefix);
  if (log.group) text += fmt::format(" group {}", *log.group);
  if (log.bytes_max) text += fmt::format(" snaplen {}", *log.bytes_max);
  if (log.queue_threshold) text += fmt::format(" queue-threshold {}", *log.queue_threshold);
  if (log.level && !log.group) text += fmt::format(" level {}", log_level_text(*log.level));
  std::string flags;
  if ((log.flags & 3) != 0)
    flags += fmt::format(" flags tcp {}", (log.flags & 3) == 3   ? "sequence,options"
                                          : (log.flags & 1) != 0 ? "sequence"
                                                                 : "options");
  if ((log.flags & 4) != 0) flags += " flags ip options";
  if ((log.flags & 8) != 0) flags += " flags skuid";
  if ((log.flags & 32) != 0) flags += " flags ether";
  if ((log.flags & 0x2f) == 0x2f) flags = " flags all";
  return text + flags;
}

Text say(const Assign& assign, const NftContext& context) {
  if (assign.field == Field::Dscp || assign.field == Field::Ttl) {
    const auto operand = operand_text({assign.field}, context);
    if (!operand) return std::nullopt;
    return fmt::format("{} set {}", *operand, number(assign.value));
  }
  std::string name;
  if (assign.field == Field::PacketMark) name = "meta mark";
  if (assign.field == Field::ConnectionMark) name = "ct mark";
  if (assign.field == Field::Priority)
    return fmt::format("meta priority set {:x}:{:x}", number(assign.value) >> 16, number(assign.value) & 0xffff);
  if (name.empty()) return std::nullopt;
  if (assign.mask == largest_value(32)) return fmt::format("{} set 0x{:x}", name, number(assign.value));
  const FieldValue keep = ~assign.mask & largest_value(32);
  // As nft says it: keep some bits and set others, or change some.
  if ((assign.mask & assign.value) == assign.mask)
    return assign.mask == assign.value
               ? fmt::format("{0} set {0} | 0x{1:x}", name, number(assign.value))
               : fmt::format("{0} set {0} & 0x{1:x} ^ 0x{2:x}", name, number(keep), number(assign.value));
  if (assign.value == 0) return fmt::format("{0} set {0} & 0x{1:x}", name, number(keep));
  if (assign.mask == 0) return fmt::format("{0} set {0} ^ 0x{1:x}", name, number(assign.value));
  return fmt::format("{0} set {0} & 0x{1:x} ^ 0x{2:x}", name, number(keep), number(assign.value));
}

Text say(const CopyMark& copy, const NftContext&) {
  if (copy.from_mask != 0xffffffff || copy.to_mask != 0xffffffff) return std::nullopt;
  return copy.to == Field::ConnectionMark ? "ct mark set meta mark" : "meta mark set ct mark";
}

Text say(const Notrack&, const NftContext&) { return "notrack"; }

Text say(const TcpMss& mss, const NftContext&) {
  return mss.size ? fmt::format("tcp option maxseg size set {}", *mss.size) : "tcp option maxseg size set rt mtu";
}

Text say(const SetUpdate& update, const NftContext& context) {
  constexpr std::string_view kActions[] = {"add", "update", "delete"};
  const auto key = key_expression(update.key, context);
  if (!key) return std::nullopt;
  std::string text = fmt::format("{} @{} {{ {}", kActions[static_cast<std::size_t>(update.action)], update.set, *key);
  if (update.timeout_s) text += fmt::format(" timeout {}s", *update.timeout_s);
  if (update.limit) text += " " + limit_text(*update.limit);
  if (!update.text.empty()) text += " " + update.text;
  return text + " }";
}

Text say(const OpaqueStatement& opaque, const NftContext&) {
  if (!opaque.nft || !opaque.complete) return std::nullopt;
  return opaque.text;
}

Text say(const Nat& nat, const NftContext& context) {
  if (!nat.text.empty()) return nat.text;
  constexpr std::string_view kKinds[] = {"snat", "dnat", "masquerade", "redirect"};
  std::string text(kKinds[static_cast<std::size_t>(nat.kind)]);
  if (nat.first_address) {
    const bool v4 = nat.first_address->is_v4();
    if (context.family == RuleFamily::Inet) text += v4 ? " ip" : " ip6";
    const std::string first = nat.first_address->text();
    const std::string last = nat.last_address->text();
    const bool bracket = !v4 && nat.first_port.has_value();
    const auto shown = [&](const std::string& address) { return bracket ? "[" + address + "]" : address; };
    text += " to " + shown(first);
    if (first != last) text += "-" + shown(last);
  } else if (nat.first_port) {
    text += " to ";
  }
  if (nat.first_port) {
    text += fmt::format(":{}", *nat.first_port);
    if (*nat.last_port != *nat.first_port) text += fmt::format("-{}", *nat.last_port);
  }
  std::vector<std::string> flags;
  if (nat.random) flags.emplace_back("random");
  if (nat.fully_random) flags.emplace_back("fully-random");
  if (nat.persistent) flags.emplace_back("persistent");
  if (!flags.empty()) text += " " + joined(flags, ",");
  return text;
}

Text say(const Reject& reject, const NftContext&) { return nft_text(reject); }
Text say(const Verdict& verdict, const NftContext&) { return nft_verdict_text(verdict); }

Text say(const VerdictMap& map, const NftContext& context) {
  const auto key = key_expression(map.key, context);
  if (!key) return std::nullopt;
  if (!map.map.empty()) return fmt::format("{} vmap @{}", *key, map.map);
  std::vector<std::string> elements;
  for (const auto& element : map.elements) {
    const auto said = nft_key_text(map.key, element.key);
    if (!said) return std::nullopt;
    elements.push_back(*said + " : " + nft_verdict_text(element.verdict));
  }
  return fmt::format("{} vmap {{ {} }}", *key, joined(elements, ", "));
}

}  // namespace

void NftContext::learn(const Match& match) {
  if (match.negated || !match.values.is_single() || !match.operand.is_whole()) return;
  const FieldValue value = match.values.front().first;
  if (match.operand.field == Field::Protocol) protocol = static_cast<std::uint8_t>(value);
  if (match.operand.field == Field::Family) v4 = value == kFamilyIp4;
}

std::optional<std::string> nft_part_text(const RulePart& part, const NftContext& context) {
  return std::visit([&](const auto& each) { return say(each, context); }, part);
}

std::string nft_quoted(std::string_view text) {
  // nft has no way to write a quote inside quotes; it takes everything else.
  std::string quoted = "\"";
  for (const char c : text)
    if (c != '"' && c != '\n') quoted += c;
  return quoted + '"';
}

std::string nft_value_text(const Operand& operand, const Interval& interval) {
  if (interval.first == interval.last) return one_value(operand, interval.first);
  if (operand.field == Field::InputInterface || operand.field == Field::OutputInterface)
    return nft_quoted(interface_name(interval.first) + "*");
  if (is_address(operand.field)) {
    const IpAddress first = address_of(interval.first);
    const IpAddress last = address_of(interval.last);
    if (first.is_v4() == last.is_v4()) {
      const auto prefixes = prefixes_of(first, last);
      if (prefixes.size() == 1) return fmt::format("{}/{}", first.text(), prefixes[0].length());
    }
  }
  return one_value(operand, interval.first) + "-" + one_value(operand, interval.last);
}

std::optional<std::string> nft_key_text(const std::vector<Operand>& key, const std::vector<IntervalSet>& element) {
  if (key.size() != element.size()) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (!text.empty()) text += " . ";
    if (key[i].field == Field::ConnectionState) {
      // One state is up to four numbers.
      if (element[i].empty()) return std::nullopt;
      text += one_value(key[i], element[i].front().first);
      continue;
    }
    const auto list = values_list(key[i], element[i]);
    if (!list || list->size() != 1) return std::nullopt;
    text += (*list)[0];
  }
  return text;
}

std::string nft_verdict_text(const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::Accept:
      return "accept";
    case Verdict::Kind::Drop:
      return "drop";
    case Verdict::Kind::Jump:
      return "jump " + verdict.chain;
    case Verdict::Kind::Goto:
      return "goto " + verdict.chain;
    case Verdict::Kind::Return:
      return "return";
    case Verdict::Kind::Continue:
      return "continue";
    case Verdict::Kind::Queue:
      break;
  }
  std::string text = "queue";
  std::vector<std::string> flags;
  if (verdict.queue_bypass) flags.emplace_back("bypass");
  if (verdict.queue_fanout) flags.emplace_back("fanout");
  if (!flags.empty()) text += " flags " + joined(flags, ",");
  text += fmt::format(" to {}", verdict.queue_first);
  if (verdict.queue_last != verdict.queue_first) text += fmt::format("-{}", verdict.queue_last);
  return text;
}

Result<std::string> nft_rule_text(const Rule& rule, RuleFamily family, bool counters) {
  NftContext context;
  context.family = family;
  if (family == RuleFamily::Ip4) context.v4 = true;
  if (family == RuleFamily::Ip6) context.v4 = false;
  std::string text;
  for (const RulePart& part : rule.parts) {
    if (const auto* match = std::get_if<Match>(&part)) context.learn(*match);
    const auto* counter = std::get_if<Counter>(&part);
    auto said =
        counter != nullptr && !counters && counter->name.empty() ? Text("counter") : nft_part_text(part, context);
    if (!said) return fail(ErrorCode::Unsupported, fmt::format("nft cannot say '{}'", part_text(part)));
    if (!said->empty()) text += (text.empty() ? "" : " ") + *said;
  }
  if (!rule.comment.empty()) text += " comment " + nft_quoted(rule.comment);
  return text;
}

}  // namespace mailweir::rules
