#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <array>

#include "base/escape.h"
#include "ruleset/iptables_arguments.h"
#include "ruleset/iptables_rule.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

// xt_multiport.h: XT_MULTI_PORTS; a range takes two.
constexpr std::size_t kPortSlots = 15;

bool needs_protocol(RuleDraft& draft, const SpokenModule& module, std::uint8_t wanted) {
  if (draft.protocol == wanted) return true;
  draft.error(module.word, "ruleset.needs-protocol",
              fmt::format("{} needs '-p {}' in the same rule", module.name, protocol_text(wanted)),
              fmt::format("write '-p {}' before it", protocol_text(wanted)));
  return false;
}

void ports(RuleDraft& draft, const SpokenOption& option, Field field) {
  const Word& word = argument(option);
  const std::string protocol = draft.protocol ? protocol_text(*draft.protocol) : std::string();
  const auto range = port_argument(word.text, protocol);
  if (!range) {
    const auto colon = word.text.find(':');
    const bool backwards = colon != std::string::npos && port_argument(word.text.substr(0, colon), protocol) &&
                           port_argument(word.text.substr(colon + 1), protocol);
    return draft.error(word, backwards ? "ruleset.backward-range" : "ruleset.bad-port",
                       backwards ? fmt::format("the range {} runs backwards", escape(word.text, 40))
                                 : fmt::format("'{}' is no port", escape(word.text, 60)),
                       word.text.find(',') != std::string::npos ? "several ports need '-m multiport --dports'" : "");
  }
  draft.match(field, IntervalSet::of({*range}), option.negated);
}

bool transport(RuleDraft& draft, const SpokenModule& module, std::uint8_t protocol) {
  if (!needs_protocol(draft, module, protocol)) return true;
  for (const std::string_view unread : {"tcp-option", "chunk-types", "dccp-types", "dccp-option"})
    if (module.find(unread) != nullptr) return false;
  if (const auto* option = module.find("sport")) ports(draft, *option, Field::SourcePort);
  if (const auto* option = module.find("dport")) ports(draft, *option, Field::DestinationPort);
  if (const auto* option = module.find("syn")) {
    Match match{{Field::TcpFlags, 1 | 2 | 4 | 16}, IntervalSet::single(2), option->negated, false, false};
    draft.add(match);
  }
  if (const auto* option = module.find("tcp-flags")) {
    std::array<FieldValue, 2> flags{};
    for (std::size_t i = 0; i < 2; ++i) {
      if (i >= option->arguments.size()) {
        bad_value(draft, *option, "two lists of TCP flags");
        return true;
      }
      const bool good = each_item(option->arguments[i].text, [&](std::string_view word) {
        if (word == "ALL") flags[i] |= 0x3f;
        if (word == "ALL" || word == "NONE") return true;
        const auto flag = flag_number(word);
        flags[i] |= flag.value_or(0);
        return flag.has_value();
      });
      if (!good) {
        draft.error(option->arguments[i], "ruleset.bad-value",
                    fmt::format("'{}' is no list of TCP flags", escape(option->arguments[i].text, 60)),
                    "SYN ACK FIN RST URG PSH ALL NONE");
        return true;
      }
    }
    draft.add(Match{{Field::TcpFlags, flags[0]}, IntervalSet::single(flags[1]), option->negated, false, false});
  }
  return true;
}

bool multiport(RuleDraft& draft, const SpokenModule& module) {
  if (!draft.protocol || !has_ports(*draft.protocol)) {
    draft.error(module.word, "ruleset.needs-protocol", "multiport needs a protocol with ports in the same rule",
                "write '-p tcp' or '-p udp' before it");
    return true;
  }
  if (module.options.empty()) {
    draft.error(module.word, "ruleset.missing-value", "multiport needs --dports, --sports or --ports");
    return true;
  }
  for (const SpokenOption& option : module.options) {
    std::vector<Interval> list;
    std::size_t slots = 0;
    const bool good = each_item(argument(option).text, [&](std::string_view item) {
      const auto range = port_argument(item, protocol_text(*draft.protocol));
      if (range) list.push_back(*range);
      slots += item.find(':') == std::string_view::npos ? 1 : 2;
      return range.has_value();
    });
    if (!good) {
      bad_value(draft, option, "a list of ports");
      return true;
    }
    if (slots > kPortSlots) {
      draft.error(argument(option), "ruleset.too-many-ports",
                  fmt::format("multiport holds {} ports, a range counting as two; here are {}", kPortSlots, slots),
                  "make two rules of it");
      return true;
    }
    const IntervalSet set = IntervalSet::of(std::move(list));
    if (option.name != "ports") {
      draft.match(option.name == "sports" ? Field::SourcePort : Field::DestinationPort, set, option.negated);
      continue;
    }
    // One of the two: everything on the other side.
    Lookup lookup;
    lookup.key = {{Field::SourcePort}, {Field::DestinationPort}};
    lookup.elements = {{set, IntervalSet::all(16)}, {IntervalSet::all(16), set}};
    lookup.negated = option.negated;
    draft.add(std::move(lookup));
  }
  return true;
}

bool icmp(RuleDraft& draft, const SpokenModule& module, bool v6) {
  if (!needs_protocol(draft, module, v6 ? kProtocolIcmp6 : kProtocolIcmp)) return true;
  const auto* option = module.find("icmp-type");
  if (option == nullptr) return true;
  if (!v6 && (argument(*option).text == "any" || argument(*option).text == "255")) {
    if (option->negated) draft.match(Field::IcmpTypeCode, IntervalSet::all(16), true);
    return true;
  }
  const auto range = icmp_range(argument(*option).text, v6);
  if (!range) {
    bad_value(draft, *option, "an ICMP type");
    return true;
  }
  const FieldValue type = FieldValue{range->type} << 8;
  draft.match(Field::IcmpTypeCode, IntervalSet::range(type | range->code_first, type | range->code_last),
              option->negated);
  return true;
}

std::optional<IntervalSet> states(std::string_view list) {
  IntervalSet set;
  const bool good = each_item(list, [&](std::string_view word) {
    for (int i = 0; i < kConnectionStates; ++i) {
      const auto state = static_cast<ConnectionState>(i);
      std::string name(name_of(state));
      std::transform(name.begin(), name.end(), name.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
      if (name == word) {
        set = set.united(values_of(state));
        return true;
      }
    }
    if (word != "SNAT" && word != "DNAT") return false;
    const FieldValue bit = word == "SNAT" ? 8 : 16;
    std::vector<Interval> values;
    for (FieldValue v = 0; v < 32; ++v)
      if ((v & bit) != 0 && (v & 7) < kConnectionStates) values.push_back({v, v});
    set = set.united(IntervalSet::of(std::move(values)));
    return true;
  });
  if (!good) return std::nullopt;
  return set;
}

void state(RuleDraft& draft, const SpokenOption& option) {
  const auto set = states(argument(option).text);
  if (!set)
    return draft.error(argument(option), "ruleset.bad-value",
                       fmt::format("'{}' is no list of connection states", escape(argument(option).text, 60)),
                       "NEW ESTABLISHED RELATED INVALID UNTRACKED SNAT DNAT");
  draft.match(Field::ConnectionState, *set, option.negated);
}

bool conntrack(RuleDraft& draft, const SpokenModule& module) {
  struct Sub {
    std::string_view option;
    Field field;
  };
  static constexpr Sub kAddresses[] = {{"ctorigsrc", Field::OriginalSource},
                                       {"ctorigdst", Field::OriginalDestination},
                                       {"ctreplsrc", Field::ReplySource},
                                       {"ctrepldst", Field::ReplyDestination}};
  static constexpr Sub kPorts[] = {{"ctorigsrcport", Field::OriginalSourcePort},
                                   {"ctorigdstport", Field::OriginalDestinationPort},
                                   {"ctreplsrcport", Field::ReplySourcePort},
                                   {"ctrepldstport", Field::ReplyDestinationPort}};
  if (module.find("ctexpire") != nullptr) return false;
  const auto* by_state = module.find("ctstate");
  if (by_state != nullptr) state(draft, *by_state);
  // xt_conntrack.c: without a connection the state alone decides, where one is asked for.
  const bool absent = by_state != nullptr;
  if (const auto* option = module.find("ctproto")) {
    const auto number = protocol_number(argument(*option).text);
    if (!number) {
      bad_value(draft, *option, "a protocol");
      return true;
    }
    draft.match(Field::ConnectionProtocol, IntervalSet::single(*number), option->negated, absent);
  }
  for (const auto& [name, field] : kAddresses)
    if (const auto* option = module.find(name)) {
      const auto said = address_argument(argument(*option).text, draft.site().v6);
      if (!said || !said->prefix()) {
        bad_value(draft, *option, "an address or network of this family");
        return true;
      }
      draft.match(field, values_of(*said->prefix()), option->negated, absent);
    }
  for (const auto& [name, field] : kPorts)
    if (const auto* option = module.find(name)) {
      const auto range = port_argument(argument(*option).text, "tcp");
      if (!range) {
        bad_value(draft, *option, "a port");
        return true;
      }
      draft.match(field, IntervalSet::of({*range}), option->negated, absent);
    }
  if (const auto* option = module.find("ctstatus")) {
    FieldValue mask = 0;
    const bool good = each_item(argument(*option).text, [&](std::string_view word) {
      if (word == "NONE") return true;
      constexpr std::array<std::string_view, 4> kWords = {"EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"};
      const auto* const found = std::find(kWords.begin(), kWords.end(), word);
      if (found == kWords.end()) return false;
      mask |= FieldValue{1} << (found - kWords.begin());
      return true;
    });
    if (!good) {
      bad_value(draft, *option, "NONE, EXPECTED, SEEN_REPLY, ASSURED or CONFIRMED");
      return true;
    }
    // Any of the bits; NONE: no bit at all.
    if (mask == 0)
      draft.match(Field::ConnectionStatus, IntervalSet::single(0), option->negated, absent);
    else
      draft.add(Match{{Field::ConnectionStatus, mask}, IntervalSet::single(0), !option->negated, absent, false});
  }
  if (const auto* option = module.find("ctdir")) {
    const bool reply = argument(*option).text == "REPLY";
    if (!reply && argument(*option).text != "ORIGINAL") {
      bad_value(draft, *option, "ORIGINAL or REPLY");
      return true;
    }
    draft.match(Field::ConnectionDirection, IntervalSet::single(reply ? 1 : 0), option->negated, absent);
  }
  return true;
}

bool mac(RuleDraft& draft, const SpokenModule& module) {
  const auto* option = module.find("mac-source");
  if (option == nullptr) return true;
  FieldValue value = 0;
  const std::string& text = argument(*option).text;
  bool good = text.size() == 17;
  for (std::size_t i = 0; good && i < 17; ++i) {
    if (i % 3 == 2) {
      good = text[i] == ':';
      continue;
    }
    const auto digit = whole_number("0x" + text.substr(i, 1), 15);
    good = digit.has_value();
    value = value << 4 | digit.value_or(0);
  }
  // Blacked out before it was shown to us.
  if (!good && text.size() == 17 && text.find_first_not_of("xX:*") == std::string::npos) return false;
  if (!good) {
    bad_value(draft, *option, "a MAC address");
    return true;
  }
  draft.match(Field::SourceMac, IntervalSet::single(value), option->negated);
  return true;
}

bool address_type(RuleDraft& draft, const SpokenModule& module) {
  if (module.find("limit-iface-in") != nullptr || module.find("limit-iface-out") != nullptr) return false;
  for (const SpokenOption& option : module.options) {
    std::vector<Interval> values;
    const bool good = each_item(argument(option).text, [&](std::string_view word) {
      const auto number = address_type_number(word);
      values.push_back({number.value_or(0), number.value_or(0)});
      return number.has_value();
    });
    if (!good) {
      bad_value(draft, option, "a list of address types");
      return true;
    }
    draft.match(option.name == "src-type" ? Field::SourceType : Field::DestinationType,
                IntervalSet::of(std::move(values)), option.negated);
  }
  return true;
}

// A number, or a name of this machine. Names of other machines are not known here.
std::optional<std::uint32_t> account(std::string_view text, bool user) {
  if (const auto number = whole_number(text, 0xfffffffe)) return static_cast<std::uint32_t>(*number);
  if (text.empty() || text.size() > 64) return std::nullopt;
  std::array<char, 4096> buffer{};
  const std::string name(text);
  if (user) {
    passwd entry{};
    passwd* found = nullptr;
    if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
      return found->pw_uid;
  } else {
    group entry{};
    group* found = nullptr;
    if (getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
      return found->gr_gid;
  }
  return std::nullopt;
}

bool owner(RuleDraft& draft, const SpokenModule& module) {
  const auto hook = iptables_hook(draft.site().table, draft.site().chain);
  if (hook && hook->hook != Hook::Output && hook->hook != Hook::Postrouting) {
    draft.error(module.word, "ruleset.owner-place",
                "a packet has an owner in OUTPUT and POSTROUTING only; the kernel refuses the rule elsewhere");
    return true;
  }
  for (const SpokenOption& option : module.options)
    if (option.name != "uid-owner" && option.name != "gid-owner" && option.name != "socket-exists") return false;
  for (const SpokenOption& option : module.options) {
    if (option.name == "socket-exists") {
      if (option.negated)  // none of the values that there are
        draft.add(Match{{Field::SocketUser}, {}, false, true, false});
      else
        draft.match(Field::SocketUser, IntervalSet::all(32));
      continue;
    }
    const bool user = option.name == "uid-owner";
    const std::string_view text = argument(option).text;
    const auto dash = text.find('-');
    auto first = account(text, user);
    auto last = first;
    if (!first && dash != std::string_view::npos) {
      first = account(text.substr(0, dash), user);
      last = account(text.substr(dash + 1), user);
    }
    if (!first || !last) {
      draft.warn(argument(option), "ruleset.unknown-account",
                 fmt::format("'{}' is no account of this machine", escape(text, 60)));
      return false;
    }
    if (*first > *last) {
      bad_value(draft, option, "a range of numbers");
      return true;
    }
    // xt_owner.c: without a socket a negated question is answered yes.
    draft.match(user ? Field::SocketUser : Field::SocketGroup, IntervalSet::range(*first, *last), option.negated,
                option.negated);
  }
  return true;
}

bool address_range(RuleDraft& draft, const SpokenModule& module) {
  for (const SpokenOption& option : module.options) {
    const std::string_view text = argument(option).text;
    const auto dash = text.find('-');
    const auto first = IpAddress::parse(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : IpAddress::parse(text.substr(dash + 1));
    if (!first || !last || first->is_v4() == draft.site().v6 || last->is_v4() == draft.site().v6 || *last < *first) {
      bad_value(draft, option, "a range of addresses");
      return true;
    }
    draft.match(option.name == "src-range" ? Field::SourceAddress : Field::DestinationAddress,
                IntervalSet::range(address_value(*first), address_value(*last)), option.negated);
  }
  return true;
}

bool mark(RuleDraft& draft, const SpokenModule& module, Field field) {
  for (const SpokenOption& option : module.options) {
    const auto said = mark_argument(argument(option).text);
    if (!said) {
      bad_value(draft, option, "a mark such as 0x1/0xff");
      return true;
    }
    Match match{{field}, IntervalSet::single(said->value), option.negated, false, false};
    if (said->mask != 0xffffffff) match.operand.mask = said->mask;
    draft.add(std::move(match));
  }
  return true;
}

bool packet_type(RuleDraft& draft, const SpokenModule& module) {
  for (const SpokenOption& option : module.options) {
    const auto number = packet_type_number(argument(option).text);
    if (!number) {
      bad_value(draft, option, "unicast, broadcast or multicast");
      return true;
    }
    draft.match(Field::PacketType, IntervalSet::single(*number), option.negated);
  }
  return true;
}

bool length(RuleDraft& draft, const SpokenModule& module) {
  for (const SpokenOption& option : module.options) {
    const std::string_view text = argument(option).text;
    const auto colon = text.find(':');
    const std::string_view first_text = text.substr(0, colon);
    const std::string_view last_text = colon == std::string_view::npos ? first_text : text.substr(colon + 1);
    const auto first = first_text.empty() ? std::optional<std::uint64_t>(0) : whole_number(first_text, 65535);
    const auto last = last_text.empty() ? std::optional<std::uint64_t>(65535) : whole_number(last_text, 65535);
    if (!first || !last || *first > *last) {
      bad_value(draft, option, "a length or a range of lengths");
      return true;
    }
    draft.match(Field::Length, IntervalSet::range(*first, *last), option.negated);
  }
  return true;
}

bool time_to_live(RuleDraft& draft, const SpokenModule& module) {
  for (const SpokenOption& option : module.options) {
    const auto number = whole_number(argument(option).text, 255);
    if (!number) {
      bad_value(draft, option, "a number up to 255");
      return true;
    }
    IntervalSet set;
    if (option.name == "ttl-eq") set = IntervalSet::single(*number);
    if (option.name == "ttl-lt" && *number > 0) set = IntervalSet::range(0, *number - 1);
    if (option.name == "ttl-gt" && *number < 255) set = IntervalSet::range(*number + 1, 255);
    if (option.negated && option.name != "ttl-eq") {
      draft.error(option.word, "ruleset.negated-value", "'!' is taken with equality only");
      return true;
    }
    draft.match(Field::Ttl, std::move(set), option.negated);
  }
  return true;
}

bool dscp(RuleDraft& draft, const SpokenModule& module) {
  for (const SpokenOption& option : module.options) {
    const auto number = dscp_number(argument(option).text);
    if (!number) {
      bad_value(draft, option, "a DSCP value or class");
      return true;
    }
    draft.match(Field::Dscp, IntervalSet::single(*number), option.negated);
  }
  return true;
}

}  // namespace

bool convert_match(RuleDraft& draft, const SpokenModule& module) {
  const std::string& name = module.name;
  if (name == "tcp") return transport(draft, module, kProtocolTcp);
  if (name == "udp") return transport(draft, module, kProtocolUdp);
  if (name == "udplite") return transport(draft, module, 136);
  if (name == "sctp") return transport(draft, module, 132);
  if (name == "dccp") return transport(draft, module, 33);
  if (name == "multiport" || name == "mport") return multiport(draft, module);
  if (name == "icmp") return icmp(draft, module, false);
  if (name == "icmp6" || name == "icmpv6" || name == "ipv6-icmp") return icmp(draft, module, true);
  if (name == "conntrack") return conntrack(draft, module);
  if (name == "mac") return mac(draft, module);
  if (name == "addrtype") return address_type(draft, module);
  if (name == "owner") return owner(draft, module);
  if (name == "iprange") return address_range(draft, module);
  if (name == "mark") return mark(draft, module, Field::PacketMark);
  if (name == "connmark") return mark(draft, module, Field::ConnectionMark);
  if (name == "pkttype") return packet_type(draft, module);
  if (name == "length") return length(draft, module);
  if (name == "ttl" || name == "hl") return time_to_live(draft, module);
  if (name == "dscp") return dscp(draft, module);
  if (const auto converted = convert_remembering_match(draft, module)) return *converted;
  if (name == "state") {
    for (const SpokenOption& option : module.options) state(draft, option);
    return true;
  }
  if (name == "comment") {
    for (const SpokenOption& option : module.options) draft.rule.comment = argument(option).text;
    return true;
  }
  return false;
}

}  // namespace mailweir::rules
