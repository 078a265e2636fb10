#include "apply/wanted_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/keyed_hash.h"
#include "base/mail_ports.h"
#include "base/must.h"

namespace mailweir {
namespace {

// How a family's clients are written in rules. A client of IPv6 is a /64: its sets hold the base, and rules compare the
// masked source, so that they need no interval set (adding to one of 100,000 elements takes seconds).
struct Family {
  char digit;
  std::string_view type, source, client;
};
constexpr Family kFamilies[] = {
    {'4', "ipv4_addr", "ip saddr", "ip saddr"},
    {'6', "ipv6_addr", "ip6 saddr", "ip6 saddr & ffff:ffff:ffff:ffff::"},
};

// Of one family, without those that lie inside others: an interval set takes no overlaps.
std::vector<std::string> elements(std::vector<IpPrefix> prefixes, bool v4) {
  std::sort(prefixes.begin(), prefixes.end());
  std::vector<std::string> texts;
  const IpPrefix* last = nullptr;
  for (const IpPrefix& prefix : prefixes) {
    if (prefix.base().is_v4() != v4 || (last != nullptr && last->contains(prefix))) continue;
    texts.push_back(prefix.text());
    last = &prefix;
  }
  return texts;
}

// What all traffic is asked: has its destination port the bits that our ports have in common? One masked comparison
// costs less than looking a set of ports up (docs/decisions/0003). What passes it by chance, one port in 2^(bits in
// common), is sorted out by the first rule of mw_mail. "th" reads the port without asking for the protocol first;
// mw_mail asks.
std::string first_question(const std::vector<std::uint16_t>& ports) {
  if (ports.size() == 1) return fmt::format("th dport {}", ports.front());
  unsigned common = 0xffff;
  for (const std::uint16_t port : ports) common &= ~static_cast<unsigned>(port ^ ports.front());
  // Source and destination port together, 32 bits: of 16 the kernel would call its slower general comparison.
  return fmt::format("@th,0,32 & {:#010x} == {:#010x}", common, ports.front() & common);
}

class TableText {
 public:
  explicit TableText(const WantedTable& wanted) : wanted_(wanted) {}

  std::string write(std::string_view marker) {
    line("add table inet {} {{ comment \"managed by mailweir: changes are taken back\"; }}", kTable);
    for (const Family& family : kFamilies) declare_sets(family);
    line("add chain inet {} mw_mail", kTable);
    line("add chain inet {} {} {{ type filter hook forward priority filter - 5; policy accept; }}", kTable, kHookChain);
    line("flush chain inet {} {}", kTable, kHookChain);
    line("flush chain inet {} mw_mail", kTable);
    for (const Family& family : kFamilies) fill_sets(family);
    line("add rule inet {} {} {} jump mw_mail comment \"{}\"", kTable, kHookChain, first_question(wanted_.ports),
         marker);
    if (wanted_.ports.size() > 1) rule("th dport != {{ {} }} return", fmt::join(wanted_.ports, ", "));
    for (const Family& family : kFamilies) exempt(family);
    for (const Family& family : kFamilies) stop(family);
    for (const Family& family : kFamilies) show(family);
    return std::move(text_);
  }

 private:
  template <typename... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
    text_ += '\n';
  }
  template <typename... Arguments>
  void rule(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), "add rule inet {} mw_mail ", kTable);
    line(format, std::forward<Arguments>(arguments)...);
  }

  void declare_sets(const Family& family) {
    // The counter of an element counts what its client tried while blocked.
    line("add set inet {} blocked{} {{ type {}; size {}; flags timeout; counter; }}", kTable, family.digit, family.type,
         wanted_.blocks_max);
    for (const char* narrow : {"transfer_only", "submission_only"}) {
      line("add set inet {} {}{} {{ type {}; size {}; flags timeout; }}", kTable, narrow, family.digit, family.type,
           wanted_.blocks_max);
    }
    for (const char* prefixes : {"clients", "exempt"}) {
      line("add set inet {} {}{} {{ type {}; flags interval; }}", kTable, prefixes, family.digit, family.type);
    }
  }

  void fill_sets(const Family& family) {
    const auto fill = [&](std::string_view name, const std::vector<IpPrefix>& prefixes) {
      line("flush set inet {} {}{}", kTable, name, family.digit);
      const auto texts = elements(prefixes, family.digit == '4');
      if (!texts.empty()) {
        line("add element inet {} {}{} {{ {} }}", kTable, name, family.digit, fmt::join(texts, ", "));
      }
    };
    fill("clients", wanted_.clients);
    fill("exempt", wanted_.exempt);
  }

  void exempt(const Family& family) { rule("{} @exempt{} return", family.source, family.digit); }

  // A block narrowed to the other role is asked first, so that the counter in blocked4 counts only what is stopped.
  void stop(const Family& family) {
    const std::string_view verdict = wanted_.how == BlockHow::Reject ? "reject with tcp reset" : "drop";
    rule("tcp dport 25 {0} != @submission_only{1} {0} @blocked{1} counter {2}", family.client, family.digit, verdict);
    rule("tcp dport {{ 465, 587 }} {0} != @transfer_only{1} {0} @blocked{1} counter {2}", family.client, family.digit,
         verdict);
  }

  // Snap length: IPv6 with some extension headers and all of TCP's options. The queue threshold is the listener's
  // choice: one written here would be the larger one's limit (nfulnl_log_packet takes the smaller).
  void show(const Family& family) {
    rule("ct state new tcp flags & (fin | syn | rst | ack) == syn {} @clients{} log group {} snaplen 128",
         family.source, family.digit, wanted_.log_group);
  }

  const WantedTable& wanted_;
  std::string text_;
};

}  // namespace

WantedTable wanted_table(const Policy& policy, std::uint16_t log_group) {
  MUST(policy.gateway);
  const GatewayPolicy& gateway = *policy.gateway;
  WantedTable wanted;
  wanted.clients = gateway.clients.value;
  wanted.exempt = gateway.exempt.value;
  wanted.how = policy.block.how.value;
  wanted.log_group = log_group;
  if (gateway.transfer.value == Answer::Watch) {
    wanted.ports.insert(wanted.ports.end(), kTransferPorts.begin(), kTransferPorts.end());
  }
  if (gateway.submission.value == Answer::Watch) {
    wanted.ports.insert(wanted.ports.end(), kSubmissionPorts.begin(), kSubmissionPorts.end());
  }
  return wanted;
}

std::string table_text(const WantedTable& wanted) {
  MUST(!wanted.ports.empty());
  return TableText(wanted).write(table_marker(wanted));
}

std::string table_marker(const WantedTable& wanted) {
  const std::string text = TableText(wanted).write("");
  const KeyedHash hash(KeyedHash::Key{});
  return fmt::format("mailweir {:016x}", hash({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
}

}  // namespace mailweir
