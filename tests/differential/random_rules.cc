#include "tests/differential/random_rules.h"

#include <fmt/format.h>

#include <vector>

#include "tests/differential/vocabulary.h"

namespace mailweir::rules::differential {
namespace {

using lab::Dice;

constexpr std::array<const char*, 4> kInterfaces{"left", "right", "lo", "le+"};
constexpr std::array<const char*, 6> kStates{"NEW",         "ESTABLISHED", "INVALID", "RELATED,ESTABLISHED",
                                             "NEW,INVALID", "UNTRACKED"};
constexpr std::array<const char*, 6> kFlagTests{"SYN,RST,ACK,FIN SYN",          "ACK ACK",         "RST RST",
                                                "FIN,SYN,RST,PSH,ACK,URG NONE", "SYN,FIN SYN,FIN", "SYN,ACK SYN,ACK"};

std::string ports(Dice& dice, char between) {
  const unsigned port = one_of(dice, kPorts);
  if (dice.chance(0.6)) return fmt::format("{}", port);
  return fmt::format("{}{}{}", port, between, port + 1 + dice.below(400));
}

const char* prefix(Dice& dice, bool v4) { return v4 ? one_of(dice, kPrefixes4) : one_of(dice, kPrefixes6); }
const char* not_sometimes(Dice& dice, const char* negation) { return dice.chance(0.15) ? negation : ""; }

// ---- iptables ----

struct IptablesChain {
  std::string name;
  bool in = true, out = true;  // may it ask for the interface?
  bool local = false;          // reached from OUTPUT only: may it ask for the owner?
};

std::string iptables_protocol(Dice& dice, const RuleTaste& taste, std::string& protocol) {
  switch (dice.below(8)) {
    case 0:
    case 1:
    case 2: {
      protocol = "tcp";
      std::string text = " -p tcp";
      if (dice.chance(0.3)) {
        text += fmt::format(" -m multiport {}--{} {},{}", not_sometimes(dice, "! "),
                            dice.chance(0.7) ? "dports" : "ports", one_of(dice, kPorts), ports(dice, ':'));
      } else {
        text += " -m tcp";
        if (dice.chance(0.7)) text += fmt::format(" {}--dport {}", not_sometimes(dice, "! "), ports(dice, ':'));
        // Not negated too: of two negated single ports iptables-nft 1.8.9 makes one comparison of both at once, which
        // says yes where only one of them differs. iptables-legacy does not.
        if (dice.chance(0.2)) text += fmt::format(" --sport {}", ports(dice, ':'));
        if (dice.chance(0.3))
          text += fmt::format(" {}--tcp-flags {}", not_sometimes(dice, "! "), one_of(dice, kFlagTests));
      }
      return text;
    }
    case 3:
    case 4:
      protocol = "udp";
      return " -p udp -m udp" +
             (dice.chance(0.6) ? fmt::format(" {}--dport {}", not_sometimes(dice, "! "), ports(dice, ':')) : "");
    case 5:
      protocol = "icmp";
      if (taste.v4)
        return fmt::format(" -p icmp -m icmp {}--icmp-type {}", not_sometimes(dice, "! "),
                           dice.chance(0.5) ? "8" : "3/3");
      return fmt::format(" -p ipv6-icmp -m icmp6 {}--icmpv6-type {}", not_sometimes(dice, "! "),
                         dice.chance(0.5) ? "128" : "1/4");
    case 6:
      protocol = "!";
      return " ! -p tcp";
    default:
      return "";
  }
}

std::string iptables_matches(Dice& dice, const RuleTaste& taste, const IptablesChain& chain, std::string& protocol) {
  std::string text;
  if (dice.chance(0.3)) text += fmt::format(" {}-s {}", not_sometimes(dice, "! "), prefix(dice, taste.v4));
  if (dice.chance(0.3)) text += fmt::format(" {}-d {}", not_sometimes(dice, "! "), prefix(dice, taste.v4));
  if (chain.in && dice.chance(0.2))
    text += fmt::format(" {}-i {}", not_sometimes(dice, "! "), one_of(dice, kInterfaces));
  if (chain.out && dice.chance(0.2))
    text += fmt::format(" {}-o {}", not_sometimes(dice, "! "), one_of(dice, kInterfaces));
  text += iptables_protocol(dice, taste, protocol);
  if (taste.states && dice.chance(0.35))
    text += fmt::format(" -m conntrack {}--ctstate {}", not_sometimes(dice, "! "), one_of(dice, kStates));
  if (dice.chance(0.05))
    text += fmt::format(" -m length {}--length 40:{}", not_sometimes(dice, "! "), 40 + dice.below(60));
  if (dice.chance(0.05)) text += fmt::format(" -m mark {}--mark 0x{:x}/0x3", not_sometimes(dice, "! "), dice.below(4));
  if (taste.v4 && dice.chance(0.05))
    text += fmt::format(" -m ttl --ttl-{} {}", dice.chance(0.5) ? "lt" : "eq", 63 + dice.below(3));
  if (dice.chance(0.04)) text += fmt::format(" -m addrtype {}--dst-type LOCAL", not_sometimes(dice, "! "));
  if (chain.local && dice.chance(0.1)) text += fmt::format(" -m owner {}--uid-owner 0", not_sometimes(dice, "! "));
  if (dice.chance(0.05)) text += fmt::format(" -m limit --limit 1/hour --limit-burst {}", 1 + dice.below(9));
  return text;
}

// What a list of addresses or ports asks for, one rule each: few of them are any packet's.
std::string listed(Dice& dice, bool v4, bool ports) {
  if (ports) return fmt::format("{}", dice.chance(0.3) ? one_of(dice, kPorts) : 1 + dice.below(1023));
  if (dice.chance(0.7)) return fmt::format("{}{:x}", v4 ? "192.0.2." : "2001:db8:1::", 1 + dice.below(9));
  return dice.chance(0.5) ? (v4 ? one_of(dice, kInside4) : one_of(dice, kInside6))
                          : (v4 ? one_of(dice, kOutside4) : one_of(dice, kOutside6));
}

std::string iptables_target(Dice& dice, const RuleTaste& taste, const std::string& protocol,
                            const std::vector<std::string>& user) {
  switch (dice.below(12)) {
    case 0:
    case 1:
    case 2:
      return " -j ACCEPT";
    case 3:
    case 4:
      return " -j DROP";
    case 5:
      return protocol == "tcp" ? " -j REJECT --reject-with tcp-reset" : " -j REJECT";
    case 6:
      return taste.v4 ? " -j REJECT --reject-with icmp-host-prohibited"
                      : " -j REJECT --reject-with icmp6-adm-prohibited";
    case 7:
      return " -j RETURN";
    case 8:
      return user.empty() ? ""
                          : fmt::format(" -{} {}", dice.chance(0.35) ? 'g' : 'j',
                                        user[dice.below(static_cast<std::uint32_t>(user.size()))]);
    case 9:
      return " -j LOG --log-prefix \"t: \"";
    default:
      return "";
  }
}

std::string iptables_table(Dice& dice, const RuleTaste& taste, const std::string& table,
                           const std::vector<IptablesChain>& chains) {
  std::string text = "*" + table + "\n";
  const bool filter = table == "filter";
  for (const IptablesChain& chain : chains)
    text += fmt::format(":{} {} [0:0]\n", chain.name, filter && dice.chance(0.3) ? "DROP" : "ACCEPT");
  for (const char* user : {"U1", "U2", "U3"}) text += fmt::format(":{} - [0:0]\n", user);
  const auto add_list = [&](const IptablesChain& chain) {
    const bool ports = dice.chance(0.5);
    for (unsigned left = 12 + dice.below(20); left != 0; --left)
      text += fmt::format("-A {} {}{}{} {}{}\n", chain.name, ports ? "-p tcp -m tcp " : "",
                          dice.chance(0.03) ? "! " : "", ports ? "--dport" : "-s", listed(dice, taste.v4, ports),
                          dice.chance(0.3)   ? ""
                          : dice.chance(0.5) ? " -j DROP"
                                             : " -j RETURN");
  };
  const auto add_marks = [&](const IptablesChain& chain) {
    for (unsigned left = 2 + dice.below(3); left != 0; --left)
      text += fmt::format("-A {} -j MARK --set-xmark 0x{:x}/0x{:x}\n-A {} -m mark --mark 0x{:x}/0x3\n", chain.name,
                          dice.below(4), 1 + dice.below(3), chain.name, dice.below(4));
  };
  const auto add = [&](const IptablesChain& chain, const std::vector<std::string>& targets) {
    if (table == "mangle" && dice.chance(0.3)) add_marks(chain);
    if (dice.chance(0.15)) add_list(chain);
    for (unsigned left = 1 + dice.below(taste.rules_max); left != 0; --left) {
      std::string protocol;
      const std::string matches = iptables_matches(dice, taste, chain, protocol);
      std::string target = iptables_target(dice, taste, protocol, targets);
      if (table == "mangle" && target.find("REJECT") != std::string::npos)
        target = fmt::format(" -j MARK --set-xmark 0x{:x}/0x{:x}", dice.below(4), 1 + dice.below(3));
      if (table == "raw" && target.find("REJECT") != std::string::npos) target = " -j CT --notrack";
      text += fmt::format("-A {}{}{}\n", chain.name, matches, target);
    }
  };
  for (const IptablesChain& chain : chains) add(chain, {"U1", "U2"});
  add({"U1", false, false}, {"U2", "U3"});
  add({"U2", false, false}, {"U3"});
  add({"U3", false, false}, {});
  return text + "COMMIT\n";
}

std::string iptables_nat(Dice& dice, const RuleTaste& taste) {
  const bool v4 = taste.v4;
  std::string text =
      "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n";
  const auto some = [&](const char* chain, const IptablesChain& where, const auto& target) {
    for (unsigned left = dice.below(4); left != 0; --left) {
      std::string protocol;
      RuleTaste plain = taste;
      plain.states = false;
      std::string matches = iptables_matches(dice, plain, where, protocol);
      if (protocol != "tcp" && protocol != "udp") matches = fmt::format(" -p tcp -m tcp --dport {}", ports(dice, ':'));
      text += fmt::format("-A {}{}{}\n", chain, matches, target());
    }
  };
  const auto at = [&](const char* address, unsigned port) {
    if (port == 0) return std::string(address);
    return v4 ? fmt::format("{}:{}", address, port) : fmt::format("[{}]:{}", address, port);
  };
  const auto destination = [&] {
    if (dice.chance(0.3)) return fmt::format(" -j REDIRECT --to-ports {}", one_of(dice, kPorts));
    if (dice.chance(0.2)) return std::string(" -j ACCEPT");
    return " -j DNAT --to-destination " +
           at(v4 ? one_of(dice, kInside4) : one_of(dice, kInside6), dice.chance(0.5) ? one_of(dice, kPorts) : 0);
  };
  const auto source = [&] {
    if (dice.chance(0.4)) return std::string(" -j MASQUERADE");
    if (dice.chance(0.2)) return std::string(" -j ACCEPT");
    return " -j SNAT --to-source " + at(v4 ? "198.51.100.77" : "fd02::77", 0);
  };
  some("PREROUTING", {"", true, false}, destination);
  some("OUTPUT", {"", false, true}, destination);
  some("POSTROUTING", {"", false, true}, source);
  return text + "COMMIT\n";
}

// ---- nft ----

std::string nft_set(Dice& dice, bool v4) {
  std::string text;
  for (unsigned i = 1 + dice.below(3); i != 0; --i)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", prefix(dice, v4));
  return text;
}

std::string nft_ports(Dice& dice) {
  std::string text;
  for (unsigned i = 1 + dice.below(3); i != 0; --i)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", ports(dice, '-'));
  return text;
}

// `tcp`: set when rules about TCP may follow in the same rule.
std::string nft_matches(Dice& dice, const RuleTaste& taste, bool tracked, bool& tcp) {
  tcp = true;
  std::string text;
  const bool v4 = dice.chance(0.5);
  const char* ip = v4 ? "ip" : "ip6";
  bool addresses = false;
  if (dice.chance(0.25))
    text += fmt::format("{} saddr {}{} ", ip, not_sometimes(dice, "!= "), prefix(dice, v4)), addresses = true;
  if (dice.chance(0.15))
    text += fmt::format("{} daddr {}{{ {} }} ", ip, not_sometimes(dice, "!= "), nft_set(dice, v4)), addresses = true;
  if (!addresses && dice.chance(0.1))
    text += fmt::format("{} saddr {}@{} ", ip, not_sometimes(dice, "!= "), v4 ? "addresses4" : "addresses6");
  if (dice.chance(0.15))
    text += fmt::format("{} {}\"{}\" ", dice.chance(0.5) ? "iifname" : "oifname", not_sometimes(dice, "!= "),
                        dice.chance(0.7) ? "left" : "ri*");
  switch (dice.below(8)) {
    case 0:
      text += fmt::format("tcp dport {}{} ", not_sometimes(dice, "!= "), ports(dice, '-'));
      break;
    case 1:
      text += fmt::format("tcp dport {}{{ {} }} ", not_sometimes(dice, "!= "), nft_ports(dice));
      break;
    case 2:
      text += fmt::format("udp dport {}@ports ", not_sometimes(dice, "!= "));
      tcp = false;
      break;
    case 3:
      // Without a protocol `th dport` would read the checksum of an ICMP packet as a port, and `th sport` reads type
      // and code: 2048 is an echo request, 32768 that of ICMPv6.
      if (dice.chance(0.4))
        text += fmt::format("th sport {}{{ {}, 2048, 32768 }} ", not_sometimes(dice, "!= "), 1024 + dice.below(2000));
      else
        text += fmt::format("meta l4proto {{ tcp, udp }} th dport {} ", ports(dice, '-'));
      tcp = false;
      break;
    case 4:
      text += fmt::format("tcp flags & (syn | ack | rst | fin) == {} ", dice.chance(0.5) ? "syn" : "ack");
      break;
    case 5:
      text += "meta l4proto { tcp, udp } ";
      tcp = false;
      break;
    case 6:
      text += v4 ? "ip saddr . tcp dport @pairs4 " : "icmpv6 type echo-request ";
      tcp = v4;
      break;
    default:
      break;
  }
  if (taste.states && tracked && dice.chance(0.35))
    text += dice.chance(0.7)
                ? "ct state { established, related } "
                : fmt::format("ct state {}{} ", not_sometimes(dice, "!= "), dice.chance(0.5) ? "invalid" : "new");
  if (taste.nat && tracked && dice.chance(0.05)) text += "ct status dnat ";
  if (dice.chance(0.05)) text += fmt::format("meta mark and 0x3 == {} ", dice.below(4));
  if (dice.chance(0.05))
    text += fmt::format("limit rate {}1/hour burst {} packets ", not_sometimes(dice, "over "), 1 + dice.below(9));
  return text;
}

std::string nft_target(Dice& dice, bool may_reject, bool tcp, unsigned depth) {
  switch (dice.below(14)) {
    case 0:
    case 1:
    case 2:
      return "accept";
    case 3:
    case 4:
      return "drop";
    case 5:
      return may_reject ? "reject" : "drop";
    case 6:
      return may_reject ? "reject with icmpx admin-prohibited" : "accept";
    case 7:
      return may_reject && tcp ? "meta l4proto tcp reject with tcp reset" : "return";
    case 8:
      return "return";
    case 9:
    case 10:
      return depth < 3 ? fmt::format("{} u{}", dice.chance(0.2) ? "goto" : "jump", depth + 1) : "continue";
    case 11:
      return !tcp        ? "continue"
             : depth < 3 ? fmt::format("tcp dport vmap {{ 25 : drop, 80-113 : jump u{}, 443 : accept }}", depth + 1)
                         : "tcp dport vmap @verdicts";
    case 12:
      return fmt::format("meta mark set {}", dice.below(4));
    default:
      return "";
  }
}

}  // namespace

std::string random_iptables(Dice& dice, const RuleTaste& taste) {
  std::string text = iptables_table(dice, taste, "filter",
                                    {{"INPUT", true, false}, {"FORWARD", true, true}, {"OUTPUT", false, true, true}});
  if (dice.chance(0.3))
    text += iptables_table(dice, taste, "mangle", {{"PREROUTING", true, false}, {"POSTROUTING", false, true}});
  if (taste.states && dice.chance(0.15)) {
    RuleTaste plain = taste;
    plain.states = false;
    text += iptables_table(dice, plain, "raw", {{"PREROUTING", true, false}, {"OUTPUT", false, true}});
  }
  if (taste.nat) text += iptables_nat(dice, taste);
  return text;
}

std::string random_nft(Dice& dice, const RuleTaste& taste) {
  std::string text = "table inet t {\n";
  text += fmt::format("  set addresses4 {{ type ipv4_addr; flags interval; auto-merge; elements = {{ {} }}; }}\n",
                      nft_set(dice, true));
  text += fmt::format("  set addresses6 {{ type ipv6_addr; flags interval; auto-merge; elements = {{ {} }}; }}\n",
                      nft_set(dice, false));
  text += fmt::format("  set ports {{ type inet_service; flags interval; auto-merge; elements = {{ {} }}; }}\n",
                      nft_ports(dice));
  text += fmt::format("  set pairs4 {{ type ipv4_addr . inet_service; elements = {{ {} . {}, {} . {} }}; }}\n",
                      kInside4[0], one_of(dice, kPorts), kOutside4[0], 25);
  text += fmt::format(
      "  map verdicts {{ type inet_service : verdict; elements = {{ 22 : accept, 25 : {}, 587 : return }}; }}\n",
      dice.chance(0.5) ? "drop" : "continue");
  const auto list = [&] {
    const bool ports = dice.chance(0.5), v4 = dice.chance(0.5);
    for (unsigned left = 12 + dice.below(20); left != 0; --left)
      text += fmt::format("    {} {}{} counter {}\n",
                          ports ? "tcp dport"
                          : v4  ? "ip saddr"
                                : "ip6 saddr",
                          dice.chance(0.03) ? "!= " : "", listed(dice, v4, ports),
                          dice.chance(0.3)   ? ""
                          : dice.chance(0.5) ? "drop"
                                             : "return");
  };
  const auto rules = [&](unsigned depth, bool may_reject, bool tracked) {
    if (dice.chance(0.15)) list();
    for (unsigned left = 1 + dice.below(taste.rules_max); left != 0; --left) {
      bool tcp = true;
      const std::string matches = nft_matches(dice, taste, tracked, tcp);
      text += fmt::format("    {}counter {}\n", matches, nft_target(dice, may_reject, tcp, depth));
    }
  };
  for (unsigned depth = 3; depth != 0; --depth) {
    text += fmt::format("  chain u{} {{\n", depth);
    rules(depth, false, true);
    text += "  }\n";
  }
  for (const char* hook : {"prerouting", "input", "forward", "output", "postrouting"}) {
    const bool reject =
        std::string_view(hook) == "input" || std::string_view(hook) == "forward" || std::string_view(hook) == "output";
    if (!reject && dice.chance(0.6)) continue;
    const int priority = reject ? static_cast<int>(dice.below(3)) * 10 - 10 : -150;
    text += fmt::format("  chain {} {{ type filter hook {} priority {}; policy {};\n", hook, hook, priority,
                        dice.chance(0.3) ? "drop" : "accept");
    rules(0, reject, true);
    text += "  }\n";
  }
  if (taste.nat) {
    text += "  chain nat_in { type nat hook prerouting priority -100;\n";
    if (dice.chance(0.7))
      text += fmt::format("    tcp dport {} counter dnat ip to {}:{}\n", ports(dice, '-'), one_of(dice, kInside4),
                          one_of(dice, kPorts));
    if (dice.chance(0.5))
      text += fmt::format("    udp dport {} counter redirect to :{}\n", ports(dice, '-'), one_of(dice, kPorts));
    text += "  }\n  chain nat_out { type nat hook postrouting priority 100;\n";
    if (dice.chance(0.7)) text += "    oifname \"right\" counter masquerade\n";
    if (dice.chance(0.3)) text += "    oifname \"left\" ip saddr 203.0.113.0/24 counter snat ip to 10.1.0.77\n";
    text += "  }\n";
  }
  return text + "}\n";
}

}  // namespace mailweir::rules::differential
