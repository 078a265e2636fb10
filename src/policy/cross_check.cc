#include "policy/cross_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace mailweir {
namespace {

void warn(std::vector<Diagnostic>& remarks, const SourceSpan& where, std::string id, std::string text,
          std::string hint) {
  remarks.push_back({Severity::Warning, std::move(id), where, std::move(text), std::move(hint)});
}

// The list in order and without what another prefix of it covers; that is remarked on. What is left does not overlap.
PrefixList reduced(PrefixList list, std::vector<Diagnostic>& remarks) {
  std::stable_sort(list.begin(), list.end(),
                   [](const ListedPrefix& a, const ListedPrefix& b) { return a.prefix < b.prefix; });
  PrefixList kept;  // by base, shorter first: only the last one kept can cover the next
  for (ListedPrefix& listed : list) {
    if (kept.empty() || !kept.back().prefix.contains(listed.prefix)) {
      kept.push_back(std::move(listed));
      continue;
    }
    const IpPrefix& wide = kept.back().prefix;
    warn(remarks, listed.span, "policy.covered",
         listed.prefix == wide ? fmt::format("{} is listed twice", wide.text())
                               : fmt::format("{} is already covered by {}", listed.prefix.text(), wide.text()),
         "take it out");
  }
  return kept;
}

// REQUIRES: `clients` is reduced.
bool overlaps(const PrefixList& clients, const IpPrefix& prefix) {
  const auto after =
      std::upper_bound(clients.begin(), clients.end(), prefix,
                       [](const IpPrefix& wanted, const ListedPrefix& listed) { return wanted < listed.prefix; });
  if (after != clients.end() && prefix.contains(after->prefix)) return true;
  return after != clients.begin() && std::prev(after)->prefix.contains(prefix);
}

void find_outsiders(const PrefixList& list, const PrefixList& clients, std::string_view what,
                    std::vector<Diagnostic>& remarks) {
  for (const ListedPrefix& listed : list) {
    if (clients.empty() || overlaps(clients, listed.prefix)) continue;
    warn(remarks, listed.span, "policy.outside-clients",
         fmt::format("{} is in no network of clients: {} has no effect", listed.prefix.text(), what),
         "add its network to clients, or take it out");
  }
}

void check_gateway(const GatewayPolicy& gateway, const PolicyPlaces& places, std::vector<Diagnostic>& remarks) {
  const PrefixList clients = reduced(places.clients, remarks);
  find_outsiders(reduced(places.mail_servers, remarks), clients, "this mail server", remarks);
  find_outsiders(reduced(places.exempt, remarks), clients, "this exemption", remarks);
  for (const ListedPrefix& listed : places.clients) {
    if (listed.prefix.length() > 0) continue;
    warn(remarks, listed.span, "policy.everybody",
         fmt::format("every {} address counts as a client", listed.prefix.base().is_v4() ? "IPv4" : "IPv6"),
         "mail servers of the world that connect through this gateway are then judged too; name the clients' networks");
  }
  if (gateway.servers_registered.value && places.mail_servers.empty())
    warn(remarks, places.servers_registered, "policy.no-mail-server",
         "servers_registered says that mail_servers lists every mail server, and it lists none",
         "list them in mail_servers; a mail server among the clients would otherwise be taken for a spammer");
  if (gateway.transfer.value == Answer::Allow && gateway.submission.value == Answer::Allow)
    warn(remarks, places.gateway, "policy.nothing-watched",
         "transfer and submission are both allowed: nothing is watched",
         "write transfer = \"watch\" to find and block the abusers of port 25");
}

}  // namespace

void cross_check(const Policy& policy, const PolicyPlaces& places, std::vector<Diagnostic>& remarks) {
  if (policy.gateway) check_gateway(*policy.gateway, places, remarks);
  if (policy.block.length.value > policy.block.length_max.value)
    remarks.push_back(
        {Severity::Error, "policy.block-range", places.block_for,
         fmt::format("the first block, {}, is longer than the longest, {}", format_duration(policy.block.length.value),
                     format_duration(policy.block.length_max.value)),
         "make [block] max at least as long as for"});
}

}  // namespace mailweir
