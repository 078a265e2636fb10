#include "compile/nft_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/mail_ports.h"
#include "base/must.h"
#include "compile/rule_comment.h"
#include "compile/rule_writer.h"

namespace mailweir {
namespace {

// Clients a meter remembers, per family. When it is full, further clients are not limited, which "<id>.unmetered"
// counts.
constexpr int kMeterSize = 65536;

// Pairs of client and mail server that are remembered for when somebody is slowed down, per family, and for how long. A
// spammer fills a handful of places before it is found. When it is full, servers are new for longer.
constexpr int kKnownServers = 131072;
constexpr std::string_view kKnownFor = "7d";

// Questions to name servers that are shown, of all clients together. A client asks some 10 to 50 an hour, so that is a
// site of hundreds of thousands; what is beyond is not seen, and speaks for nobody.
constexpr std::string_view kQueryLimit = "limit rate 5000/second burst 10000 packets";

// Fewer bits in common let so much pass by chance that a set is better.
constexpr int kCommonBitsMin = 4;

constexpr std::string_view kMeteredRoles[] = {"transfer", "submission", "retrieval"};

// How a family's clients are written in rules. A client of IPv6 is a /64: its sets hold the base, and rules compare the
// masked source, so that they need no interval set (adding to one of 100,000 elements takes seconds).
struct Family {
  bool v4;
  char digit;
  std::string_view type, source, destination, client;
};
constexpr Family kFamilies[] = {
    {true, '4', "ipv4_addr", "ip saddr", "ip daddr", "ip saddr"},
    {false, '6', "ipv6_addr", "ip6 saddr", "ip6 daddr", "ip6 saddr & ffff:ffff:ffff:ffff::"},
};

std::string list_text(const std::vector<std::string>& items) {
  return items.size() == 1 ? items.front() : fmt::format("{{ {} }}", fmt::join(items, ", "));
}

std::vector<std::string> texts_of(const std::vector<IpPrefix>& prefixes, bool v4) {
  std::vector<std::string> texts;
  for (const IpPrefix& prefix : prefixes) {
    if (prefix.base().is_v4() == v4) texts.push_back(prefix.text());
  }
  return texts;
}

template <typename Number>
std::string numbers_text(const std::vector<Number>& numbers) {
  std::vector<std::string> texts;
  for (const Number number : numbers) texts.push_back(std::to_string(number));
  return list_text(texts);
}

std::string addresses_text(const Addresses& addresses, const Family& family) {
  if (!addresses.set.empty()) return fmt::format("@{}{}", addresses.set, family.digit);
  return list_text(texts_of(addresses.prefixes, family.v4));
}

// A rule that writes the same for both families is written once.
bool differs_by_family(const Rule& rule) {
  return rule.from || rule.to || !rule.icmp4.empty() || !rule.icmp6.empty() || rule.link_local || rule.blocked ||
         rule.not_slowed || rule.new_servers_over || rule.remembers_servers || (rule.over && !rule.over->role.empty());
}

class TableText {
 public:
  TableText(const Rules& rules, const CompileSettings& settings) : rules_(rules), settings_(settings) {}

  std::string write(std::string_view marker, bool clean_up) {
    if (!clean_up) line("add table inet {0}\ndelete table inet {0}", kTable);
    line("add table inet {} {{ comment \"managed by mailweir: changes are taken back\"; }}", kTable);
    line("add chain inet {} {}", kTable, kMarkerChain);
    for (const Chain chain : kChains) {
      if (clean_up || rules_.uses(chain)) declare(chain);
    }
    if (clean_up) {
      line("flush chain inet {} {}", kTable, kMarkerChain);
      for (const Chain chain : kChains) line("flush chain inet {} {}", kTable, nft_name_of(chain));
      for (const Chain chain : kChains) {
        if (!rules_.uses(chain)) line("delete chain inet {} {}", kTable, nft_name_of(chain));
      }
    }
    for (const Family& family : kFamilies) declare_sets(family, clean_up);
    if (rules_.gateway) {
      for (const Family& family : kFamilies) fill_sets(family);
    }
    line("add rule inet {} {} return comment \"{}\"", kTable, kMarkerChain, marker);
    for (const Rule& rule : rules_.list) write(rule);
    return std::move(text_);
  }

 private:
  template <typename... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
    text_ += '\n';
  }

  void declare(Chain chain) {
    const std::string_view hook = chain == Chain::Output    ? "output"
                                  : chain == Chain::Queries ? "prerouting"
                                  : chain == Chain::Input   ? "input"
                                                            : "forward";
    if (is_hooked(chain)) {
      // Before other filters: what they accept or forget to look at is still stopped here.
      line("add chain inet {} {} {{ type filter hook {} priority filter - 5; policy accept; }}", kTable,
           nft_name_of(chain), hook);
    } else {
      line("add chain inet {} {}", kTable, nft_name_of(chain));
    }
  }

  // One that is not wanted is declared too, since only what exists can be deleted.
  template <typename... Arguments>
  void set(bool wanted, bool clean_up, const std::string& name, fmt::format_string<Arguments...> format,
           Arguments&&... arguments) {
    if (!wanted && !clean_up) return;
    line("add set inet {} {} {{ {} }}", kTable, name, fmt::format(format, std::forward<Arguments>(arguments)...));
    if (!wanted) line("delete set inet {} {}", kTable, name);
  }

  void declare_sets(const Family& family, bool clean_up) {
    const auto named = [&](std::string_view name) { return fmt::format("{}{}", name, family.digit); };
    // The counter of an element counts what its client tried while blocked, or in vain while slowed down.
    for (const char* lasting : {"blocked", "slowed"}) {
      set(rules_.gateway, clean_up, named(lasting), "type {}; size {}; flags timeout; counter;", family.type,
          settings_.blocks_max);
    }
    for (const char* narrow : {"transfer_only", "submission_only"}) {
      set(rules_.gateway, clean_up, named(narrow), "type {}; size {}; flags timeout;", family.type,
          settings_.blocks_max);
    }
    const bool remembers =
        std::any_of(rules_.list.begin(), rules_.list.end(), [](const Rule& rule) { return rule.remembers_servers; });
    set(remembers, clean_up, named("known"), "type {0} . {0}; size {1}; flags dynamic,timeout;", family.type,
        kKnownServers);
    set(remembers, clean_up, named("new_servers"), "type {}; size {}; flags dynamic,timeout;", family.type, kMeterSize);
    // A meter's element keeps the rate it was made with.
    if (remembers && clean_up) line("flush set inet {} {}", kTable, named("new_servers"));
    for (const char* prefixes : {"clients", "exempt"}) {
      set(rules_.gateway, clean_up, named(prefixes), "type {}; flags interval;", family.type);
    }
    for (const std::string_view role : kMeteredRoles) {
      const bool metered = std::any_of(rules_.list.begin(), rules_.list.end(),
                                       [&](const Rule& rule) { return rule.over && rule.over->role == role; });
      set(metered, clean_up, meter(role, family), "type {}; size {}; flags dynamic,timeout;", family.type, kMeterSize);
      // A meter's element keeps the rate it was made with.
      if (metered && clean_up) line("flush set inet {} {}", kTable, meter(role, family));
    }
  }

  static std::string meter(std::string_view role, const Family& family) {
    return fmt::format("rate_{}{}", role, family.digit);
  }

  void fill_sets(const Family& family) {
    for (const Addresses* addresses : {&rules_.clients, &rules_.exempt}) {
      line("flush set inet {} {}{}", kTable, addresses->set, family.digit);
      const auto texts = texts_of(addresses->prefixes, family.v4);
      if (texts.empty()) continue;
      line("add element inet {} {}{} {{ {} }}", kTable, addresses->set, family.digit, fmt::join(texts, ", "));
    }
  }

  // What all traffic is asked: has its destination port the bits that our ports have in common? One masked comparison
  // costs less than looking a set of ports up (docs/decisions/0003). What passes it by chance, one port in 2^(bits in
  // common), is sorted out by the first rule of the chain it goes to. "th" reads the port without asking for the
  // protocol first; the rules of that chain ask.
  static std::string first_question(const std::vector<PortRange>& ports) {
    const unsigned first = ports.front().first;
    if (ports.size() == 1 && first == ports.front().last) return fmt::format("th dport {}", first);
    unsigned common = 0xffff;
    for (const PortRange& range : ports) {
      for (unsigned port = range.first; port <= range.last; ++port) common &= ~(port ^ first);
    }
    if (std::popcount(common) < kCommonBitsMin) return "th dport " + all_ports(ports);
    // Source and destination port together, 32 bits: of 16 the kernel would call its slower general comparison.
    return fmt::format("@th,0,32 & {:#010x} == {:#010x}", common, first & common);
  }

  // Of both transports.
  static std::string all_ports(std::vector<PortRange> ports) {
    for (PortRange& range : ports) range.transport = Transport::Tcp;
    std::vector<std::string> texts;
    for (const PortRange& range : merged(std::move(ports))) texts.push_back(range.numbers());
    return list_text(texts);
  }

  void write_entrance(const Rule& rule) {
    line("add rule inet {} {} {} jump {} comment \"{}\"", kTable, nft_name_of(rule.chain), first_question(rule.ports),
         nft_name_of(rule.target), comment_of(rule));
    const std::string ports = all_ports(rule.ports);
    if (ports.find_first_of("{-") == std::string::npos) return;
    line("add rule inet {} {} th dport != {} return comment \"{}.others\"", kTable, nft_name_of(rule.target), ports,
         rule.id);
  }

  void write(const Rule& rule) {
    if (rule.action == Rule::Action::Jump && is_hooked(rule.chain)) return write_entrance(rule);
    if (differs_by_family(rule)) {
      for (const Family& family : kFamilies) {
        if (rule.matches(family.v4)) write(rule, &family);
      }
    } else {
      write(rule, nullptr);
    }
  }

  // A rule of nft has one transport.
  void write(const Rule& rule, const Family* family) {
    if (rule.ports.empty()) return write(rule, family, Transport::Tcp, {});
    for (const Transport transport : {Transport::Tcp, Transport::Udp}) {
      std::vector<std::string> ports;
      for (const PortRange& range : rule.ports) {
        if (range.transport == transport) ports.push_back(range.numbers());
      }
      if (!ports.empty()) write(rule, family, transport, list_text(ports));
    }
  }

  void write(const Rule& rule, const Family* family, Transport transport, const std::string& ports) {
    const std::string match = match_text(rule, family, transport, ports);
    line("add rule inet {} {} {}{}{} comment \"{}\"", kTable, nft_name_of(rule.chain), match, over_text(rule, family),
         action_text(rule, transport), comment_of(rule));
    if (!rule.over || rule.over->role.empty()) return;
    // A client that found no place in the meter is in it neither before nor after.
    Rule unmetered = rule;
    unmetered.id += ".unmetered";
    line("add rule inet {} {} {}{} != @{} counter comment \"{}\"", kTable, nft_name_of(rule.chain), match,
         family->client, meter(rule.over->role, *family), comment_of(unmetered));
  }

  static std::string match_text(const Rule& rule, const Family* family, Transport transport, const std::string& ports) {
    std::string text;
    const auto add = [&](std::string_view part) { text.append(part).append(" "); };
    if (rule.source_port) add(fmt::format("udp sport {}", rule.source_port->numbers()));
    if (!ports.empty()) add(fmt::format("{} dport {}", mailweir::name_of(transport), ports));
    switch (rule.state) {
      case Rule::State::Any:
        break;
      case Rule::State::New:
        add("ct state new");
        if (transport == Transport::Tcp) add("tcp flags & (fin | syn | rst | ack) == syn");
        break;
      case Rule::State::Invalid:
        add("ct state invalid");
        break;
      case Rule::State::Ongoing:
        add("ct state established,related");
        break;
      case Rule::State::Reply:
        add("ct direction reply");
        break;
    }
    if (rule.loopback) add(hook_of(rule.chain) == RuleHook::Input ? "iif lo" : "oif lo");
    if (rule.broadcast) add("meta pkttype { broadcast, multicast }");
    if (rule.mark) add(fmt::format("meta mark {:#010x}", *rule.mark));
    if (!rule.users.empty()) add("meta skuid " + numbers_text(rule.users));
    if (!rule.groups.empty()) add("meta skgid " + numbers_text(rule.groups));
    if (family == nullptr) return text;
    if (rule.link_local) add("ip6 saddr fe80::/10");
    if (rule.one_hop) add("ip6 hoplimit 255");
    if (family->v4 && !rule.icmp4.empty()) add("icmp type " + numbers_text(rule.icmp4));
    if (!family->v4 && !rule.icmp6.empty()) add("icmpv6 type " + numbers_text(rule.icmp6));
    if (rule.from) add(fmt::format("{} {}", family->source, addresses_text(*rule.from, *family)));
    if (rule.to) add(fmt::format("{} {}", family->destination, addresses_text(*rule.to, *family)));
    if (rule.blocked) {
      // A block narrowed to the other role is asked first, so that an element's counter counts only what is stopped.
      const bool transfer = rule.ports.front().first == kTransferPorts.front();
      add(fmt::format("{0} != @{1}{2} {0} @blocked{2}", family->client, transfer ? "submission_only" : "transfer_only",
                      family->digit));
    }
    if (rule.not_slowed) add(fmt::format("{} != @slowed{}", family->client, family->digit));
    // Of the bits of a query's header: neither an answer nor another kind of question.
    if (rule.question) add("@th,80,16 & 0xf800 == 0x0");
    if (rule.new_servers_over) {
      add(fmt::format(
          "{0} . {1} != @known{2} update @new_servers{2} {{ {0} timeout 2h limit rate over {3}/hour burst "
          "{4} packets }} {0} @slowed{2}",
          family->client, family->destination, family->digit, *rule.new_servers_over, rule.new_servers_burst()));
    }
    if (rule.remembers_servers)
      add(fmt::format("update @known{2} {{ {0} . {1} timeout {3} }}", family->client, family->destination,
                      family->digit, kKnownFor));
    return text;
  }

  static std::string over_text(const Rule& rule, const Family* family) {
    if (!rule.over) return {};
    const Rate& rate = *rule.over;
    const std::string limit = fmt::format("limit rate over {}/minute burst {} packets", rate.per_minute, rate.burst);
    if (rate.role.empty()) return limit + " ";
    MUST(family != nullptr);
    // Remembered until the meter of a silent client would be full again.
    const std::uint32_t minutes = rate.burst / rate.per_minute + 1;
    return fmt::format("update @{} {{ {} timeout {}m {} }} ", meter(rate.role, *family), family->client, minutes,
                       limit);
  }

  [[nodiscard]] std::string action_text(const Rule& rule, Transport transport) const {
    switch (rule.action) {
      case Rule::Action::Return:
        return "counter return";
      case Rule::Action::Accept:
        return "counter accept";
      case Rule::Action::Count:
        return "counter";
      case Rule::Action::Drop:
        return "counter drop";
      case Rule::Action::Reject:
        return transport == Transport::Tcp ? "counter reject with tcp reset"
                                           : "counter reject with icmpx type port-unreachable";
      case Rule::Action::Jump:
        return fmt::format("{}jump {}", rule.over ? "counter " : "", nft_name_of(rule.target));
      case Rule::Action::Show:
        // Snap length: IPv6 with some extension headers and all of TCP's options. The queue threshold is the listener's
        // choice: one written here would be the larger one's limit (nfulnl_log_packet takes the smaller).
        return fmt::format("{}counter log group {} snaplen 128",
                           rule.question ? fmt::format("{} ", kQueryLimit) : std::string(), settings_.watch_group);
      case Rule::Action::Log:
        if (rules_.to_kernel_log) {
          return fmt::format("{} counter log prefix \"{}\"{}", log_limit(true), rule.log_prefix,
                             hook_of(rule.chain) == RuleHook::Output ? " flags skuid" : "");
        }
        return fmt::format("{} counter log prefix \"{}\" group {} snaplen 128", log_limit(false), rule.log_prefix,
                           settings_.report_group);
    }
    return {};
  }

  const Rules& rules_;
  const CompileSettings& settings_;
  std::string text_;
};

}  // namespace

std::string_view nft_name_of(Chain chain) {
  switch (chain) {
    case Chain::Output:
      return "mw_output";
    case Chain::Host:
      return "mw_host";
    case Chain::HostOver:
      return "mw_host_over";
    case Chain::Queries:
      return "mw_queries";
    case Chain::Forward:
      return "mw_forward";
    case Chain::Mail:
      return "mw_mail";
    case Chain::Slowed:
      return "mw_slowed";
    case Chain::Clients:
      return "mw_clients";
    case Chain::ClientsOver:
      return "mw_clients_over";
    case Chain::ToClients:
      return "mw_to_clients";
    case Chain::Input:
      return "mw_input";
  }
  return "";
}

// The kernel log shares a disk and a console with everything else, NFLOG is read by a program: 1/s is at most 30 MiB a
// day.
std::string_view log_limit(bool to_kernel_log) {
  return to_kernel_log ? "limit rate 1/second burst 20 packets" : "limit rate 50/second burst 200 packets";
}

std::string nft_text(const Rules& rules, const CompileSettings& settings, std::string_view marker) {
  return TableText(rules, settings).write(marker, true);
}

std::string nft_file(const Rules& rules, const CompileSettings& settings, std::string_view marker) {
  return TableText(rules, settings).write(marker, false);
}

}  // namespace mailweir
