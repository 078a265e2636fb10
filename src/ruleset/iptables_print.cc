#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/address_range.h"
#include "base/escape.h"
#include "ruleset/number_names.h"
#include "ruleset/part_text.h"
#include "ruleset/print_ruleset.h"
#include "ruleset/reject_names.h"
#include "ruleset/words.h"

namespace mailweir::rules {
namespace {

// What an option belongs to and where it stands in it, so that parts next to each other share one -m, as they were
// written, and no more than those.
struct Option {
  std::string module;  // empty: of the header
  int rank = 0;
  std::string text;
  bool alone = false;  // never shares its -m
};

using Said = std::optional<Option>;

std::string bang(bool negated) { return negated ? "! " : ""; }

bool is_range(const IntervalSet& values) { return values.intervals().size() == 1; }
const Interval& only(const IntervalSet& values) { return values.intervals()[0]; }
std::uint64_t number(FieldValue value) { return static_cast<std::uint64_t>(value); }

std::string range_text(const Interval& interval, char between) {
  return interval.first == interval.last
             ? std::to_string(number(interval.first))
             : fmt::format("{}{}{}", number(interval.first), between, number(interval.last));
}

std::optional<std::string> prefix_text(const IntervalSet& values) {
  if (!is_range(values)) return std::nullopt;
  const IpAddress first = address_of(only(values).first);
  const IpAddress last = address_of(only(values).last);
  if (first.is_v4() != last.is_v4()) return std::nullopt;
  const auto prefixes = prefixes_of(first, last);
  if (prefixes.size() != 1) return std::nullopt;
  return fmt::format("{}/{}", first.text(), prefixes[0].length());
}

// "eth0", "eth+"
std::optional<std::string> interface_text(const IntervalSet& values) {
  if (!is_range(values)) return std::nullopt;
  const std::string name = interface_name(only(values).first);
  if (values == IntervalSet::single(interface_value(name)) && !name.empty()) return name;
  if (values == interfaces_beginning(name)) return name + "+";
  return std::nullopt;
}

std::optional<std::string> state_text(const IntervalSet& values) {
  std::string text;
  IntervalSet said;
  const auto say = [&](const IntervalSet& some, std::string_view word) {
    if (!values.covers(some)) return;
    said = said.united(some);
    if (!text.empty()) text += ',';
    for (const char c : word) text += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  };
  for (int i = 0; i < kConnectionStates; ++i)
    say(values_of(static_cast<ConnectionState>(i)), name_of(static_cast<ConnectionState>(i)));
  for (const FieldValue bit : {8, 16}) {
    std::vector<Interval> some;
    for (FieldValue v = 0; v < 32; ++v)
      if ((v & bit) != 0 && (v & 7) < kConnectionStates) some.push_back({v, v});
    say(IntervalSet::of(std::move(some)), bit == 8 ? "snat" : "dnat");
  }
  if (said != values || text.empty()) return std::nullopt;
  return text;
}

std::string flags_list(FieldValue flags) {
  if (flags == 0) return "NONE";
  return flags_text(static_cast<std::uint8_t>(flags & 255), ",", true);
}

std::string mark_text(const Operand& operand, FieldValue value) {
  if (operand.is_whole()) return fmt::format("0x{:x}", number(value));
  return fmt::format("0x{:x}/0x{:x}", number(value), number(operand.mask));
}

std::string types_text(const IntervalSet& values, std::string (*text_of)(std::uint8_t)) {
  std::string text;
  for (const Interval& interval : values.intervals())
    for (FieldValue v = interval.first; v <= interval.last && v < 256; ++v) {
      if (!text.empty()) text += ',';
      for (const char c : text_of(static_cast<std::uint8_t>(v)))
        text += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  return text;
}

class RulePrinter {
 public:
  RulePrinter(const Rule& rule, bool v6) : rule_(rule), v6_(v6) {}

  // Without counters: these stand before the rule.
  Result<std::string> print() {
    for (const RulePart& part : rule_.parts) {
      const Said said = std::visit([this](const auto& each) { return say(each); }, part);
      if (!said) return fail(ErrorCode::Unsupported, fmt::format("iptables cannot say '{}'", plain_part_text(part)));
      put(*said);
      if (is_match(part) && comment_said_)
        return fail(ErrorCode::Unsupported, "iptables cannot ask for anything behind a counter");
    }
    if (!comment_said_) comment();
    return text_ + target_;
  }

 private:
  void put(const Option& option) {
    if (option.text.empty() && option.module.empty()) return;
    if (option.module == "-j") {
      target_ += option.text;
      return;
    }
    const bool shares = !option.module.empty() && option.module == module_ && option.rank > rank_ && !option.alone;
    if (!option.module.empty() && !shares) text_ += " -m " + option.module;
    module_ = option.alone ? "" : option.module;
    rank_ = option.rank;
    if (!option.text.empty()) text_ += " " + option.text;
  }

  void comment() {
    comment_said_ = true;
    if (!rule_.comment.empty()) text_ += " -m comment --comment " + quoted_word(rule_.comment);
  }

  // In the header as long as nothing of a module was said.
  [[nodiscard]] bool header_open(int rank) const { return module_.empty() && rank > rank_ && !text_has_module(); }
  [[nodiscard]] bool text_has_module() const { return text_.find(" -m ") != std::string::npos; }
  static Option header(int rank, std::string text) { return {"", rank, std::move(text), false}; }

  Said say(const Match& match) {
    if (match.implied) return Option{};
    const Field field = match.operand.field;
    const IntervalSet& values = match.values;
    const std::string no = bang(match.negated);
    const bool whole = match.operand.is_whole();
    switch (field) {
      case Field::SourceAddress:
      case Field::DestinationAddress:
        return address(match);
      case Field::InputInterface:
      case Field::OutputInterface: {
        const bool in = field == Field::InputInterface;
        const auto name = interface_text(values);
        if (!name || !whole || !header_open(in ? 3 : 4)) return std::nullopt;
        return header(in ? 3 : 4, fmt::format("{}-{} {}", no, in ? "i" : "o", quoted_word(*name)));
      }
      case Field::Protocol:
        if (!values.is_single() || !whole || !header_open(5)) return std::nullopt;
        if (!match.negated) protocol_ = static_cast<std::uint8_t>(only(values).first);
        return header(5, fmt::format("{}-p {}", no, protocol_text(static_cast<std::uint8_t>(only(values).first))));
      case Field::Fragment:
        if (!values.is_single() || only(values).first != 1 || !header_open(6)) return std::nullopt;
        return header(6, no + "-f");
      case Field::SourcePort:
      case Field::DestinationPort:
        if (!whole) return std::nullopt;
        return port(match);
      case Field::TcpFlags:
        if (!values.is_single()) return std::nullopt;
        return Option{"tcp", 3,
                      fmt::format("{}--tcp-flags {} {}", no, flags_list(match.operand.mask & 255),
                                  flags_list(only(values).first)),
                      false};
      case Field::IcmpTypeCode:
        return icmp(match);
      case Field::ConnectionState: {
        const auto text = state_text(values);
        if (!text || !whole) return std::nullopt;
        with_state_ = true;
        return Option{"conntrack", 0, fmt::format("{}--ctstate {}", no, *text), false};
      }
      case Field::SourceMac:
        if (!values.is_single()) return std::nullopt;
        return Option{"mac", 1, fmt::format("{}--mac-source {}", no, value_text(field, only(values).first)), false};
      case Field::PacketMark:
      case Field::ConnectionMark:
        if (!values.is_single()) return std::nullopt;
        return Option{field == Field::PacketMark ? "mark" : "connmark", 1,
                      fmt::format("{}--mark {}", no, mark_text(match.operand, only(values).first)), true};
      case Field::SocketUser:
      case Field::SocketGroup:
        return owner(match);
      case Field::PacketType:
        if (!values.is_single()) return std::nullopt;
        return Option{
            "pkttype", 1,
            fmt::format("{}--pkt-type {}", no, packet_type_text(static_cast<std::uint8_t>(only(values).first))), true};
      case Field::Length:
        if (!is_range(values)) return std::nullopt;
        return Option{"length", 1, fmt::format("{}--length {}", no, range_text(only(values), ':')), true};
      case Field::Ttl:
        return ttl(match);
      case Field::Dscp:
        if (!values.is_single() || !whole) return std::nullopt;
        return Option{"dscp", 1, fmt::format("{}--dscp 0x{:02x}", no, number(only(values).first)), true};
      case Field::SourceType:
      case Field::DestinationType: {
        if (values.empty()) return std::nullopt;
        const bool source = field == Field::SourceType;
        return Option{"addrtype", source ? 1 : 2,
                      fmt::format("{}--{}-type {}", no, source ? "src" : "dst", types_text(values, address_type_text)),
                      false};
      }
      default:
        return connection(match);
    }
  }

  Said address(const Match& match) {
    const bool source = match.operand.field == Field::SourceAddress;
    const std::string no = bang(match.negated);
    if (!match.operand.is_whole()) {
      if (!match.values.is_single() || !header_open(source ? 1 : 2)) return std::nullopt;
      const FieldValue mask = match.operand.mask;
      // Of IPv4 the upper bits say only that it is IPv4.
      const std::string mask_said =
          v6_ ? address_of(mask).text() : IpAddress::v4(static_cast<std::uint32_t>(mask)).text();
      return header(source ? 1 : 2, fmt::format("{}-{} {}/{}", no, source ? "s" : "d",
                                                address_of(only(match.values).first).text(), mask_said));
    }
    const auto prefix = prefix_text(match.values);
    const bool everything = match.values == domain_of(match.operand.field, v6_ ? RuleFamily::Ip6 : RuleFamily::Ip4);
    if (prefix && header_open(source ? 1 : 2) && (!everything || match.negated))
      return header(source ? 1 : 2, fmt::format("{}-{} {}", no, source ? "s" : "d", *prefix));
    if (!is_range(match.values)) return std::nullopt;
    return Option{"iprange", source ? 1 : 2,
                  fmt::format("{}--{}-range {}-{}", no, source ? "src" : "dst",
                              address_of(only(match.values).first).text(), address_of(only(match.values).last).text()),
                  false};
  }

  Said port(const Match& match) {
    const bool source = match.operand.field == Field::SourcePort;
    const std::string no = bang(match.negated);
    if (!protocol_ || !has_ports(*protocol_) || match.values.empty()) return std::nullopt;
    if (is_range(match.values))
      return Option{protocol_text(*protocol_), source ? 1 : 2,
                    fmt::format("{}--{} {}", no, source ? "sport" : "dport", range_text(only(match.values), ':')),
                    false};
    return multiport(source ? "--sports" : "--dports", match.values, match.negated);
  }

  static Said multiport(std::string_view option, const IntervalSet& values, bool negated) {
    std::string list;
    std::size_t slots = 0;
    for (const Interval& interval : values.intervals()) {
      if (!list.empty()) list += ',';
      list += range_text(interval, ':');
      slots += interval.first == interval.last ? 1 : 2;
    }
    if (slots > 15 || slots == 0) return std::nullopt;  // XT_MULTI_PORTS
    return Option{"multiport", 1, fmt::format("{}{} {}", bang(negated), option, list), true};
  }

  Said icmp(const Match& match) {
    const std::string module = v6_ ? "icmp6" : "icmp";
    const std::string option = v6_ ? "--icmpv6-type" : "--icmp-type";
    const std::string no = bang(match.negated);
    if (!match.operand.is_whole() || !is_range(match.values)) return std::nullopt;
    const Interval range = only(match.values);
    if (match.values == IntervalSet::all(16)) return Option{module, 1, no + option + " any", true};
    const auto type = number(range.first) >> 8;
    if (type != number(range.last) >> 8) return std::nullopt;
    const Interval codes{range.first & 255, range.last & 255};
    std::string text = std::to_string(type);
    if (codes != Interval{0, 255}) text += "/" + range_text(codes, '-');
    // A range of codes cannot be written; iptables has words for single ones only.
    if (codes != Interval{0, 255} && codes.first != codes.last) return std::nullopt;
    return Option{module, 1, fmt::format("{}{} {}", no, option, text), true};
  }

  Said owner(const Match& match) {
    const bool user = match.operand.field == Field::SocketUser;
    if (user && match.values.empty() && match.when_absent && !match.negated)
      return Option{"owner", 3, "! --socket-exists", false};
    if (match.when_absent != match.negated || !is_range(match.values) || !match.operand.is_whole()) return std::nullopt;
    if (user && match.values == IntervalSet::all(32)) return Option{"owner", 3, "--socket-exists", false};
    return Option{
        "owner", user ? 1 : 2,
        fmt::format("{}--{}-owner {}", bang(match.negated), user ? "uid" : "gid", range_text(only(match.values), '-')),
        false};
  }

  Said ttl(const Match& match) {
    const std::string module = v6_ ? "hl" : "ttl";
    const auto text = [&](std::string_view how, FieldValue value) {
      return Option{module, 1, fmt::format("{}--{}-{} {}", bang(match.negated), module, how, number(value)), true};
    };
    if (!match.operand.is_whole()) return std::nullopt;
    if (match.values.empty() && !match.negated) return text("lt", 0);
    if (!is_range(match.values)) return std::nullopt;
    if (match.values.is_single()) return text("eq", only(match.values).first);
    if (match.negated) return std::nullopt;
    if (only(match.values).first == 0) return text("lt", only(match.values).last + 1);
    if (only(match.values).last == 255) return text("gt", only(match.values).first - 1);
    return std::nullopt;
  }

  Said connection(const Match& match) {
    struct Sub {
      Field field;
      std::string_view option;
    };
    // In the order in which a reader takes them.
    static constexpr std::array<Sub, 11> kSubs{{{Field::ConnectionProtocol, "ctproto"},
                                                {Field::OriginalSource, "ctorigsrc"},
                                                {Field::OriginalDestination, "ctorigdst"},
                                                {Field::ReplySource, "ctreplsrc"},
                                                {Field::ReplyDestination, "ctrepldst"},
                                                {Field::OriginalSourcePort, "ctorigsrcport"},
                                                {Field::OriginalDestinationPort, "ctorigdstport"},
                                                {Field::ReplySourcePort, "ctreplsrcport"},
                                                {Field::ReplyDestinationPort, "ctrepldstport"},
                                                {Field::ConnectionStatus, "ctstatus"},
                                                {Field::ConnectionDirection, "ctdir"}}};
    const auto* const sub =
        std::find_if(kSubs.begin(), kSubs.end(), [&](const Sub& s) { return s.field == match.operand.field; });
    if (sub == kSubs.end()) return std::nullopt;
    // A state in the same -m changes the answer where there is no connection.
    const bool beside_state = module_ == "conntrack" && with_state_;
    if (match.when_absent && !beside_state) return std::nullopt;
    std::string value;
    bool negated = match.negated;
    switch (match.operand.field) {
      case Field::ConnectionProtocol:
        if (!match.values.is_single()) return std::nullopt;
        value = std::to_string(number(only(match.values).first));
        break;
      case Field::ConnectionStatus: {
        if (!match.values.is_single() || only(match.values).first != 0) return std::nullopt;
        if (match.operand.is_whole()) {
          value = "NONE";
          break;
        }
        negated = !negated;
        constexpr std::array<std::string_view, 4> kWords = {"EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"};
        if (match.operand.mask > 15) return std::nullopt;
        for (std::size_t i = 0; i < 4; ++i)
          if ((match.operand.mask >> i & 1U) != 0) value += (value.empty() ? "" : ",") + std::string(kWords[i]);
        break;
      }
      case Field::ConnectionDirection:
        if (!match.values.is_single()) return std::nullopt;
        value = only(match.values).first == 0 ? "ORIGINAL" : "REPLY";
        break;
      case Field::OriginalSourcePort:
      case Field::OriginalDestinationPort:
      case Field::ReplySourcePort:
      case Field::ReplyDestinationPort:
        if (!is_range(match.values)) return std::nullopt;
        value = range_text(only(match.values), ':');
        break;
      default: {
        const auto prefix = prefix_text(match.values);
        if (!prefix || !match.operand.is_whole()) return std::nullopt;
        value = *prefix;
      }
    }
    Option option{"conntrack", 1 + static_cast<int>(sub - kSubs.begin()),
                  fmt::format("{}--{} {}", bang(negated), sub->option, value), false};
    // Separate from a state that it was not written with.
    if (!match.when_absent && beside_state) {
      option.rank = rank_;
      with_state_ = false;
    }
    return option;
  }

  Said say(const Lookup& lookup) {
    const bool either_port = lookup.set.empty() && lookup.key.size() == 2 && lookup.elements.size() == 2 &&
                             lookup.key[0] == Operand{Field::SourcePort} &&
                             lookup.key[1] == Operand{Field::DestinationPort} && lookup.elements[0].size() == 2 &&
                             lookup.elements[0][1] == IntervalSet::all(16);
    if (either_port) return multiport("--ports", lookup.elements[0][0], lookup.negated);
    if (!lookup.ipset) return std::nullopt;
    std::string directions;
    for (const Operand& operand : lookup.key)
      directions +=
          std::string(directions.empty() ? "" : ",") + (operand.field == Field::SourceAddress ? "src" : "dst");
    return Option{"set", 1,
                  fmt::format("{}--match-set {} {}{}{}", bang(lookup.negated), quoted_word(lookup.set), directions,
                              lookup.ipset_options.empty() ? "" : " ", lookup.ipset_options),
                  true};
  }

  static std::string rate(const Limit& limit) {
    const std::string_view unit = limit.per_s == 86400  ? "day"
                                  : limit.per_s == 3600 ? "hour"
                                  : limit.per_s == 60   ? "min"
                                                        : "sec";
    return fmt::format("{}/{}", limit.rate, unit);
  }

  Said say(const Limit& limit) {
    if (limit.bytes || limit.over || !limit.name.empty() || limit.per_s > 86400) return std::nullopt;
    return Option{
        "limit", 1,
        fmt::format("--limit {}{}", rate(limit), limit.burst == 5 ? "" : fmt::format(" --limit-burst {}", limit.burst)),
        true};
  }

  Said say(const KeyedLimit& keyed) {
    std::string text = fmt::format("--hashlimit-{} {} --hashlimit-burst {}", keyed.limit.over ? "above" : "upto",
                                   rate(keyed.limit), keyed.limit.burst);
    std::string mode, masks;
    for (const Operand& operand : keyed.key) {
      const bool address = operand.field == Field::SourceAddress || operand.field == Field::DestinationAddress;
      const bool source = operand.field == Field::SourceAddress || operand.field == Field::SourcePort;
      mode += fmt::format("{}{}{}", mode.empty() ? "" : ",", source ? "src" : "dst", address ? "ip" : "port");
      if (address && !operand.is_whole())
        masks += fmt::format(" --hashlimit-{}mask {}", source ? "src" : "dst", mask_bits(operand.mask));
    }
    if (!mode.empty()) text += " --hashlimit-mode " + mode;
    text += " --hashlimit-name " + quoted_word(keyed.name) + masks;
    for (const std::string& option : keyed.options) text += " " + option;
    return Option{"hashlimit", 1, text, true};
  }

  [[nodiscard]] int mask_bits(FieldValue mask) const {
    int bits = 0;
    while (bits < 128 && (mask >> (127 - bits) & 1U) != 0) ++bits;
    return v6_ ? bits : std::max(0, bits - 96);
  }

  Said say(const Recent& recent) {
    constexpr std::string_view kActions[] = {"--set", "--rcheck", "--update", "--remove"};
    std::string text = bang(recent.negated) + std::string(kActions[static_cast<std::size_t>(recent.action)]);
    if (recent.seconds) text += fmt::format(" --seconds {}", *recent.seconds);
    if (recent.reap) text += " --reap";
    if (recent.hits) text += fmt::format(" --hitcount {}", *recent.hits);
    if (recent.same_ttl) text += " --rttl";
    text += " --name " + quoted_word(recent.name);
    const FieldValue mask = recent.key.mask;
    text += fmt::format(" --mask {}",
                        v6_ ? address_of(mask).text() : IpAddress::v4(static_cast<std::uint32_t>(mask)).text());
    text += recent.key.field == Field::DestinationAddress ? " --rdest" : " --rsource";
    return Option{"recent", 1, text, true};
  }

  Said say(const ConnectionCount& count) {
    if (count.key.size() != 1) return std::nullopt;
    return Option{
        "connlimit", 1,
        fmt::format("--connlimit-{} {} --connlimit-mask {} --connlimit-{}", count.over ? "above" : "upto", count.count,
                    mask_bits(count.key[0].mask), count.key[0].field == Field::DestinationAddress ? "daddr" : "saddr"),
        true};
  }

  // Word for word, with its own -m.
  Said say(const OpaqueMatch& opaque) {
    if (opaque.nft || !opaque.complete) return std::nullopt;
    module_.clear();
    rank_ = 0;
    text_ += " " + opaque.text;
    return Option{};
  }

  // Before the rule; the place says where matches end.
  Said say(const Counter& counter) {
    if (!counter.name.empty() || comment_said_) return std::nullopt;
    comment();
    return Option{};
  }

  static Option target(std::string text) { return {"-j", 0, " " + std::move(text), false}; }

  static Said say(const Log& log) {
    if (log.audit) return std::nullopt;
    std::string text = log.group ? "-j NFLOG" : "-j LOG";
    if (log.group) {
      if (!log.prefix.empty()) text += " --nflog-prefix " + quoted_word(log.prefix);
      if (*log.group != 0) text += fmt::format(" --nflog-group {}", *log.group);
      if (log.bytes_max) text += fmt::format(" --nflog-size {}", *log.bytes_max);
      if (log.queue_threshold) text += fmt::format(" --nflog-threshold {}", *log.queue_threshold);
      return target(text);
    }
    if (!log.prefix.empty()) text += " --log-prefix " + quoted_word(log.prefix);
    if (log.level) text += fmt::format(" --log-level {}", *log.level);
    if ((log.flags & 1) != 0) text += " --log-tcp-sequence";
    if ((log.flags & 2) != 0) text += " --log-tcp-options";
    if ((log.flags & 4) != 0) text += " --log-ip-options";
    if ((log.flags & 8) != 0) text += " --log-uid";
    if ((log.flags & 32) != 0) text += " --log-macdecode";
    return target(text);
  }

  [[nodiscard]] Said say(const Assign& assign) const {
    switch (assign.field) {
      case Field::PacketMark:
      case Field::ConnectionMark:
        return target(fmt::format("-j {} --set-xmark 0x{:x}/0x{:x}",
                                  assign.field == Field::PacketMark ? "MARK" : "CONNMARK", number(assign.value),
                                  number(assign.mask)));
      case Field::Dscp:
        return target(fmt::format("-j DSCP --set-dscp 0x{:02x}", number(assign.value)));
      case Field::Ttl:
        return target(fmt::format("-j {} --{}-set {}", v6_ ? "HL" : "TTL", v6_ ? "hl" : "ttl", number(assign.value)));
      case Field::Priority:
        return target(fmt::format("-j CLASSIFY --set-class {:x}:{:x}", number(assign.value) >> 16,
                                  number(assign.value) & 0xffff));
      default:
        return std::nullopt;
    }
  }

  static Said say(const CopyMark& copy) {
    const bool save = copy.to == Field::ConnectionMark;
    return target(fmt::format("-j CONNMARK --{}-mark --nfmask 0x{:x} --ctmask 0x{:x}", save ? "save" : "restore",
                              save ? copy.from_mask : copy.to_mask, save ? copy.to_mask : copy.from_mask));
  }

  static Said say(const Notrack&) { return target("-j CT --notrack"); }

  static Said say(const TcpMss& mss) {
    return target(mss.size ? fmt::format("-j TCPMSS --set-mss {}", *mss.size) : "-j TCPMSS --clamp-mss-to-pmtu");
  }

  static Said say(const SetUpdate&) { return std::nullopt; }

  static Said say(const OpaqueStatement& opaque) {
    if (opaque.nft || !opaque.complete) return std::nullopt;
    return target(opaque.text);
  }

  [[nodiscard]] Said say(const Nat& nat) const {
    if (!nat.text.empty()) return std::nullopt;
    std::string place;
    if (nat.first_address) {
      place = nat.first_address->text();
      if (*nat.last_address != *nat.first_address) place += "-" + nat.last_address->text();
      if (v6_ && nat.first_port) place = "[" + place + "]";
    }
    std::string ports;
    if (nat.first_port) {
      ports = std::to_string(*nat.first_port);
      if (*nat.last_port != *nat.first_port) ports += "-" + std::to_string(*nat.last_port);
    }
    std::string text;
    switch (nat.kind) {
      case Nat::Kind::Source:
      case Nat::Kind::Destination:
        text = nat.kind == Nat::Kind::Source ? "-j SNAT --to-source " : "-j DNAT --to-destination ";
        text += place + (ports.empty() ? "" : ":" + ports);
        break;
      case Nat::Kind::Masquerade:
      case Nat::Kind::Redirect:
        text = nat.kind == Nat::Kind::Masquerade ? "-j MASQUERADE" : "-j REDIRECT";
        if (!ports.empty()) text += " --to-ports " + ports;
        break;
    }
    if (nat.random) text += " --random";
    if (nat.fully_random) text += " --random-fully";
    if (nat.persistent) text += " --persistent";
    return target(text);
  }

  [[nodiscard]] Said say(const Reject& reject) const {
    const auto word = iptables_word(reject, v6_);
    if (!word) return std::nullopt;
    return target("-j REJECT --reject-with " + *word);
  }

  static Said say(const Verdict& verdict) {
    switch (verdict.kind) {
      case Verdict::Kind::Accept:
        return target("-j ACCEPT");
      case Verdict::Kind::Drop:
        return target("-j DROP");
      case Verdict::Kind::Return:
        return target("-j RETURN");
      case Verdict::Kind::Jump:
        return target("-j " + quoted_word(verdict.chain));
      case Verdict::Kind::Goto:
        return target("-g " + quoted_word(verdict.chain));
      case Verdict::Kind::Continue:
        return Option{};
      case Verdict::Kind::Queue:
        break;
    }
    std::string text = verdict.queue_first == verdict.queue_last
                           ? fmt::format("-j NFQUEUE --queue-num {}", verdict.queue_first)
                           : fmt::format("-j NFQUEUE --queue-balance {}:{}", verdict.queue_first, verdict.queue_last);
    if (verdict.queue_bypass) text += " --queue-bypass";
    if (verdict.queue_fanout) text += " --queue-cpu-fanout";
    return target(text);
  }

  static Said say(const VerdictMap&) { return std::nullopt; }

  const Rule& rule_;
  bool v6_;
  std::string text_, target_, module_;
  int rank_ = 0;
  bool with_state_ = false, comment_said_ = false;
  std::optional<std::uint8_t> protocol_;
};

}  // namespace

Result<std::string> iptables_rule_text(const Rule& rule, bool v6) { return RulePrinter(rule, v6).print(); }

Result<std::string> print_iptables(const Ruleset& ruleset, RuleFamily family, const PrintOptions& options) {
  std::string text;
  for (const Table& table : ruleset.tables) {
    if (table.family != family || !is_iptables_table(table.name)) continue;
    text += "*" + table.name + "\n";
    for (const Chain& chain : table.chains) {
      if (!chain.hook && !chain.declared) continue;
      const bool drops = chain.hook && chain.hook->policy == Verdict::Kind::Drop;
      text += fmt::format(":{} {}", quoted_word(chain.name), !chain.hook ? "-" : drops ? "DROP" : "ACCEPT");
      if (options.counters && chain.packets) text += fmt::format(" [{}:{}]", *chain.packets, chain.bytes.value_or(0));
      text += '\n';
    }
    for (const Chain& chain : table.chains)
      for (const Rule& rule : chain.rules) {
        auto said = iptables_rule_text(rule, family == RuleFamily::Ip6);
        if (!said)
          return fail(std::move(said).error().in(fmt::format("rule '{}' in {} {}", escape(rule.origin.text, 120),
                                                             escape(table.name, 40), escape(chain.name, 40))));
        for (const RulePart& part : rule.parts)
          if (const auto* counter = std::get_if<Counter>(&part);
              counter != nullptr && options.counters && counter->packets)
            text += fmt::format("[{}:{}] ", *counter->packets, counter->bytes.value_or(0));
        text += fmt::format("-A {}{}\n", quoted_word(chain.name), *said);
      }
    text += "COMMIT\n";
  }
  return text;
}

}  // namespace mailweir::rules
