#include "compile/iptables_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "compile/rule_comment.h"

namespace mailweir {
namespace {

// xt_multiport's; a range takes two (xt_multiport.h: XT_MULTI_PORTS).
constexpr std::size_t kMultiportSlots = 15;
// As in nft_text.cc.
constexpr std::string_view kKernelLogLimit = "-m limit --limit 1/second --limit-burst 20";
constexpr std::string_view kNflogLimit = "-m limit --limit 50/second --limit-burst 200";
constexpr int kMeterSize = 65536;

std::string_view name_of(Chain chain) {
  switch (chain) {
    case Chain::Output:
      return "MW-OUTPUT";
    case Chain::Host:
      return "MW-HOST";
    case Chain::HostOver:
      return "MW-HOST-OVER";
    case Chain::Queries:
      return "MW-QUERIES";
    case Chain::Forward:
      return "MW-FORWARD";
    case Chain::Mail:
      return "MW-MAIL";
    case Chain::Slowed:
      return "MW-SLOWED";
    case Chain::Clients:
      return "MW-CLIENTS";
    case Chain::ClientsOver:
      return "MW-CLIENTS-OVER";
    case Chain::ToClients:
      return "MW-TO-CLIENTS";
    case Chain::Input:
      return "MW-INPUT";
  }
  return "";
}

std::string_view hook_name(Chain chain) {
  return chain == Chain::Output ? "OUTPUT" : chain == Chain::Input ? "INPUT" : "FORWARD";
}

using Parts = std::vector<std::string>;

// Every way to take one of `a` and one of `b`; an empty list asks for nothing.
Parts combine(const Parts& a, const Parts& b) {
  if (b.empty()) return a;
  Parts both;
  for (const std::string& one : a) {
    for (const std::string& other : b) both.push_back(one + other);
  }
  return both;
}

// One entry per rule iptables needs for these ports.
Parts ports_of(const Rule& rule, Transport transport) {
  Parts numbers;
  Parts parts;
  std::size_t slots = 0;
  const auto flush = [&] {
    if (numbers.empty()) return;
    parts.push_back(numbers.size() == 1 ? fmt::format("--dport {} ", numbers.front())
                                        : fmt::format("-m multiport --dports {} ", fmt::join(numbers, ",")));
    numbers.clear();
    slots = 0;
  };
  for (const PortRange& range : rule.ports) {
    if (range.transport != transport) continue;
    const std::size_t needs = range.first == range.last ? 1 : 2;
    if (slots + needs > kMultiportSlots) flush();
    std::string text = range.numbers();
    std::replace(text.begin(), text.end(), '-', ':');
    numbers.push_back(std::move(text));
    slots += needs;
  }
  flush();
  return parts;
}

class FilterTable {
 public:
  FilterTable(const Rules& rules, const CompileSettings& settings, bool v4, const IpSets* sets)
      : rules_(rules), settings_(settings), v4_(v4), sets_(sets) {}

  std::string write() {
    std::string text = fmt::format(
        "# Made by `mailweir export {0}{1}`. `{0}-restore < FILE` puts it in place of the filter table; with "
        "--noflush it\n"
        "# goes beside the rules that are there.\n{2}*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT "
        "ACCEPT "
        "[0:0]\n",
        v4_ ? "iptables" : "ip6tables", sets_ == nullptr ? "" : " --ipset",
        sets_ == nullptr ? "" : "# Its sets come from `mailweir export ipset`, loaded before with `ipset restore`.\n");
    // Questions are for `run` to see, which has its own table.
    const auto wanted = [&](Chain chain) {
      return chain != Chain::Queries && (sets_ != nullptr || chain != Chain::Slowed) && rules_.uses(chain);
    };
    for (const Chain chain : kChains) {
      if (wanted(chain)) text += fmt::format(":{} - [0:0]\n", name_of(chain));
    }
    for (const Chain chain : kChains) {
      if (wanted(chain) && is_hooked(chain)) text += fmt::format("-A {} -j {}\n", hook_name(chain), name_of(chain));
    }
    for (const Rule& rule : rules_.list) {
      // Without sets, who is blocked or slowed down is known to `run` alone, as are questions; `verify` looks at the
      // table of nft.
      if (rule.mark || rule.question || (sets_ == nullptr && asks_sets(rule))) continue;
      if (!rule.matches(v4_)) continue;
      for (const std::string& line : lines_of(rule)) text += line + "\n";
    }
    return text + "COMMIT\n";
  }

 private:
  static bool asks_sets(const Rule& rule) {
    return rule.blocked || rule.remembers_servers || rule.chain == Chain::Slowed || rule.target == Chain::Slowed;
  }

  [[nodiscard]] Parts lines_of(const Rule& rule) const {
    Parts lines;
    const auto add = [&](Transport transport, const Parts& ports) {
      Parts more{fmt::format("-A {} ", name_of(rule.chain))};
      more = combine(more, addresses(rule.from, "-s", "src"));
      more = combine(more, addresses(rule.to, "-d", "dst"));
      if (rule.blocked) more = combine(more, {fmt::format("-m set --match-set {} src ", IpSets::blocked(v4_))});
      if (rule.not_slowed)
        more = combine(more, {fmt::format("-m set ! --match-set {} src ! --update-counters ", IpSets::slowed(v4_))});
      if (rule.link_local) more = combine(more, {"-s fe80::/10 "});
      if (rule.loopback) more = combine(more, {hook_of(rule.chain) == RuleHook::Input ? "-i lo " : "-o lo "});
      if (!ports.empty() || rule.source_port)
        more = combine(more, {fmt::format("-p {} ", mailweir::name_of(transport))});
      if (rule.source_port) more = combine(more, {fmt::format("--sport {} ", rule.source_port->numbers())});
      more = combine(more, ports);
      more = combine(more, icmp_of(rule));
      more = combine(more, owners_of(rule));
      if (rule.broadcast)
        more = combine(more, {"-m pkttype --pkt-type broadcast ", "-m pkttype --pkt-type multicast "});
      if (rule.one_hop) more = combine(more, {"-m hl --hl-eq 255 "});
      more = combine(more, {state_of(rule, transport) + over_of(rule) + new_servers_of(rule) + limit_of(rule) +
                            fmt::format("-m comment --comment \"{}\"", comment_of(rule)) + action_of(rule, transport)});
      lines.insert(lines.end(), more.begin(), more.end());
    };
    if (rule.ports.empty()) add(Transport::Tcp, {});
    for (const Transport transport : {Transport::Tcp, Transport::Udp}) {
      if (const Parts ports = ports_of(rule, transport); !ports.empty()) add(transport, ports);
    }
    return lines;
  }

  // Of several prefixes one lookup, where there are sets.
  [[nodiscard]] Parts addresses(const std::optional<Addresses>& list, std::string_view option,
                                std::string_view side) const {
    Parts parts;
    if (!list) return parts;
    if (const auto set = sets_ == nullptr ? std::nullopt : sets_->name_of(*list, v4_))
      return {fmt::format("-m set --match-set {} {} ", *set, side)};
    for (const IpPrefix& prefix : list->prefixes) {
      if (prefix.base().is_v4() == v4_) parts.push_back(fmt::format("{} {} ", option, prefix.text()));
    }
    return parts;
  }

  [[nodiscard]] Parts icmp_of(const Rule& rule) const {
    Parts parts;
    for (const std::uint8_t type : v4_ ? rule.icmp4 : rule.icmp6)
      parts.push_back(fmt::format("{} {} ", v4_ ? "-p icmp --icmp-type" : "-p ipv6-icmp --icmpv6-type", type));
    return parts;
  }

  static Parts owners_of(const Rule& rule) {
    Parts parts;
    for (const std::uint32_t user : rule.users) parts.push_back(fmt::format("-m owner --uid-owner {} ", user));
    for (const std::uint32_t group : rule.groups) parts.push_back(fmt::format("-m owner --gid-owner {} ", group));
    return parts;
  }

  static std::string state_of(const Rule& rule, Transport transport) {
    switch (rule.state) {
      case Rule::State::Any:
        return {};
      case Rule::State::New:
        return transport == Transport::Tcp ? "--syn -m conntrack --ctstate NEW " : "-m conntrack --ctstate NEW ";
      case Rule::State::Invalid:
        return "-m conntrack --ctstate INVALID ";
      case Rule::State::Ongoing:
        return "-m conntrack --ctstate RELATED,ESTABLISHED ";
      case Rule::State::Reply:
        return "-m conntrack --ctdir REPLY ";
    }
    return {};
  }

  [[nodiscard]] std::string over_of(const Rule& rule) const {
    if (!rule.over) return {};
    const Rate& rate = *rule.over;
    std::string name = rule.id;
    std::replace(name.begin(), name.end(), '.', '_');
    std::string text =
        fmt::format("-m hashlimit --hashlimit-above {}/minute --hashlimit-burst {} --hashlimit-name mw_{} ",
                    rate.per_minute, rate.burst, name);
    if (rate.role.empty()) return text;
    // Remembered until the meter of a silent client would be full again.
    const std::uint32_t minutes = rate.burst / rate.per_minute + 1;
    return text + fmt::format(
                      "--hashlimit-mode srcip --hashlimit-srcmask {} --hashlimit-htable-max {} "
                      "--hashlimit-htable-expire {} ",
                      v4_ ? 32 : 64, kMeterSize, minutes * 60'000);
  }

  // The last question is for the counter of the client's element.
  [[nodiscard]] std::string new_servers_of(const Rule& rule) const {
    if (!rule.new_servers_over) return {};
    return fmt::format(
        "-m set ! --match-set {} src,dst,dst -m hashlimit --hashlimit-above {}/hour --hashlimit-burst {} "
        "--hashlimit-name mw_new_servers --hashlimit-mode srcip --hashlimit-srcmask {} --hashlimit-htable-max {} "
        "--hashlimit-htable-expire 7200000 -m set --match-set {} src ",
        IpSets::known(v4_), *rule.new_servers_over, rule.new_servers_burst(), v4_ ? 32 : 64, kMeterSize,
        IpSets::slowed(v4_));
  }

  [[nodiscard]] std::string limit_of(const Rule& rule) const {
    if (rule.action != Rule::Action::Log) return {};
    return std::string(rules_.to_kernel_log ? kKernelLogLimit : kNflogLimit) + " ";
  }

  [[nodiscard]] std::string action_of(const Rule& rule, Transport transport) const {
    switch (rule.action) {
      case Rule::Action::Return:
        return " -j RETURN";
      case Rule::Action::Accept:
        return " -j ACCEPT";
      case Rule::Action::Count:
        if (!rule.remembers_servers) return {};
        return fmt::format(" -j SET --add-set {} src,dst,dst --exist --timeout {}", IpSets::known(v4_),
                           IpSets::kKnownSeconds);
      case Rule::Action::Drop:
        return " -j DROP";
      case Rule::Action::Reject:
        if (transport == Transport::Tcp) return " -j REJECT --reject-with tcp-reset";
        return v4_ ? " -j REJECT --reject-with icmp-port-unreachable"
                   : " -j REJECT --reject-with icmp6-port-unreachable";
      case Rule::Action::Jump:
        return fmt::format(" -j {}", name_of(rule.target));
      case Rule::Action::Show:
        return fmt::format(" -j NFLOG --nflog-group {} --nflog-size 128", settings_.watch_group);
      case Rule::Action::Log:
        if (rules_.to_kernel_log)
          return fmt::format(" -j LOG --log-prefix \"{}\"{}", rule.log_prefix,
                             hook_of(rule.chain) == RuleHook::Output ? " --log-uid" : "");
        return fmt::format(" -j NFLOG --nflog-group {} --nflog-prefix \"{}\" --nflog-size 128", settings_.report_group,
                           rule.log_prefix);
    }
    return {};
  }

  const Rules& rules_;
  const CompileSettings& settings_;
  bool v4_;
  const IpSets* sets_;
};

}  // namespace

std::string iptables_text(const Rules& rules, const CompileSettings& settings, bool v4, const IpSets* sets) {
  return FilterTable(rules, settings, v4, sets).write();
}

}  // namespace mailweir
