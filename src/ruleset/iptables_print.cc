#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/address_range.h"
#include "base/escape.h"
#include "ruleset/iptables_target_text.h"
#include "ruleset/iptables_value_text.h"
#include "ruleset/number_names.h"
#include "ruleset/part_text.h"
#include "ruleset/print_ruleset.h"
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
        if (!match.negated) protocol_ = static_cast<std::uint8_t>(values.front().first);
        return header(5, fmt::format("{}-p {}", no, protocol_text(static_cast<std::uint8_t>(values.front().first))));
      case Field::Fragment:
        if (!values.is_single() || values.front().first != 1 || !header_open(6)) return std::nullopt;
        return header(6, no + "-f");
      case Field::SourcePort:
      case Field::DestinationPort:
        if (!whole) return std::nullopt;
        return port(match);
      case Field::TcpFlags:
        if (!values.is_single()) return std::nullopt;
        return Option{"tcp", 3,
                      fmt::format("{}--tcp-flags {} {}", no, flags_list(match.operand.mask & 255),
                                  flags_list(values.front().first)),
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
        return Option{"mac", 1, fmt::format("{}--mac-source {}", no, value_text(field, values.front().first)), false};
      case Field::PacketMark:
      case Field::ConnectionMark:
        if (!values.is_single()) return std::nullopt;
        return Option{field == Field::PacketMark ? "mark" : "connmark", 1,
                      fmt::format("{}--mark {}", no, mark_text(match.operand, values.front().first)), true};
      case Field::SocketUser:
      case Field::SocketGroup:
        return owner(match);
      case Field::PacketType:
        if (!values.is_single()) return std::nullopt;
        return Option{
            "pkttype", 1,
            fmt::format("{}--pkt-type {}", no, packet_type_text(static_cast<std::uint8_t>(values.front().first))),
            true};
      case Field::Length:
        if (!values.is_range()) return std::nullopt;
        return Option{"length", 1, fmt::format("{}--length {}", no, range_text(values.front(), ':')), true};
      case Field::Ttl:
        return ttl(match);
      case Field::Dscp:
        if (!values.is_single() || !whole) return std::nullopt;
        return Option{"dscp", 1, fmt::format("{}--dscp 0x{:02x}", no, number(values.front().first)), true};
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
                                                address_of(match.values.front().first).text(), mask_said));
    }
    const auto prefix = prefix_text(match.values);
    const bool everything = match.values == domain_of(match.operand.field, v6_ ? RuleFamily::Ip6 : RuleFamily::Ip4);
    if (prefix && header_open(source ? 1 : 2) && (!everything || match.negated))
      return header(source ? 1 : 2, fmt::format("{}-{} {}", no, source ? "s" : "d", *prefix));
    if (!match.values.is_range()) return std::nullopt;
    return Option{
        "iprange", source ? 1 : 2,
        fmt::format("{}--{}-range {}-{}", no, source ? "src" : "dst", address_of(match.values.front().first).text(),
                    address_of(match.values.front().last).text()),
        false};
  }

  Said port(const Match& match) {
    const bool source = match.operand.field == Field::SourcePort;
    const std::string no = bang(match.negated);
    if (!protocol_ || !has_ports(*protocol_) || match.values.empty()) return std::nullopt;
    if (match.values.is_range())
      return Option{protocol_text(*protocol_), source ? 1 : 2,
                    fmt::format("{}--{} {}", no, source ? "sport" : "dport", range_text(match.values.front(), ':')),
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
    if (!match.operand.is_whole() || !match.values.is_range()) return std::nullopt;
    const Interval range = match.values.front();
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
    if (match.when_absent != match.negated || !match.values.is_range() || !match.operand.is_whole())
      return std::nullopt;
    if (user && match.values == IntervalSet::all(32)) return Option{"owner", 3, "--socket-exists", false};
    return Option{"owner", user ? 1 : 2,
                  fmt::format("{}--{}-owner {}", bang(match.negated), user ? "uid" : "gid",
                              range_text(match.values.front(), '-')),
                  false};
  }

  Said ttl(const Match& match) {
    const std::string module = v6_ ? "hl" : "ttl";
    const auto text = [&](std::string_view how, FieldValue value) {
      return Option{module, 1, fmt::format("{}--{}-{} {}", bang(match.negated), module, how, number(value)), true};
    };
    if (!match.operand.is_whole()) return std::nullopt;
    if (match.values.empty() && !match.negated) return text("lt", 0);
    if (!match.values.is_range()) return std::nullopt;
    if (match.values.is_single()) return text("eq", match.values.front().first);
    if (match.negated) return std::nullopt;
    if (match.values.front().first == 0) return text("lt", match.values.front().last + 1);
    if (match.values.front().last == 255) return text("gt", match.values.front().first - 1);
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
        value = std::to_string(number(match.values.front().first));
        break;
      case Field::ConnectionStatus: {
        if (!match.values.is_single() || match.values.front().first != 0) return std::nullopt;
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
        value = match.values.front().first == 0 ? "ORIGINAL" : "REPLY";
        break;
      case Field::OriginalSourcePort:
      case Field::OriginalDestinationPort:
      case Field::ReplySourcePort:
      case Field::ReplyDestinationPort:
        if (!match.values.is_range()) return std::nullopt;
        value = range_text(match.values.front(), ':');
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

  // What is done to the packet.
  template <typename Statement>
  Said say(const Statement& statement) {
    auto text = iptables_target_text(statement, v6_);
    if (!text) return std::nullopt;
    return text->empty() ? Option{} : Option{"-j", 0, " " + std::move(*text), false};
  }

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
