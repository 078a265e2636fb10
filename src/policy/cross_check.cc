#include "policy/cross_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/mail_ports.h"

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

// The same, of a list that was remarked on already.
PrefixList without_remarks(PrefixList list) {
  std::vector<Diagnostic> told;
  return reduced(std::move(list), told);
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

void error(std::vector<Diagnostic>& remarks, const SourceSpan& where, std::string id, std::string text,
           std::string hint) {
  remarks.push_back({Severity::Error, std::move(id), where, std::move(text), std::move(hint)});
}

bool answers(const MailAnswers& of, Answer answer) {
  return of.transfer.value == answer || of.submission.value == answer || of.retrieval.value == answer;
}

bool asks(const GatewayPolicy& gateway, Answer answer) {
  return answers(gateway, answer) || std::any_of(gateway.groups.begin(), gateway.groups.end(),
                                                 [&](const GatewayGroup& group) { return answers(group, answer); });
}

bool allows_all(const MailAnswers& of) {
  return of.transfer.value == Answer::Allow && of.submission.value == Answer::Allow &&
         of.retrieval.value == Answer::Allow;
}

bool asks_nothing(const GatewayPolicy& gateway) {
  return allows_all(gateway) && gateway.to_clients.value == Answer::Allow &&
         std::all_of(gateway.groups.begin(), gateway.groups.end(),
                     [](const GatewayGroup& group) { return allows_all(group); });
}

void check_groups(const GatewayPolicy& gateway, const PolicyPlaces& places, const PrefixList& clients,
                  std::vector<Diagnostic>& remarks) {
  for (std::size_t i = 0; i < gateway.groups.size(); ++i) {
    const PrefixList group = reduced(places.group_clients[i], remarks);
    for (std::size_t j = 0; j < i; ++j) {
      const PrefixList other = without_remarks(places.group_clients[j]);
      for (const ListedPrefix& listed : group) {
        if (overlaps(other, listed.prefix))
          error(remarks, listed.span, "policy.overlap", fmt::format("{} is in another group too", listed.prefix.text()),
                "a client is in one group: take it out of one of them");
      }
    }
    for (const ListedPrefix& listed : group) {
      for (const ListedPrefix& client : clients) {
        if (listed.prefix.contains(client.prefix))
          warn(remarks, listed.span, "policy.covered",
               fmt::format("all clients of {} are in this group: [gateway]'s answers have no effect on them",
                           client.prefix.text()),
               fmt::format("take {} out of [gateway] clients", client.prefix.text()));
      }
    }
  }
}

bool holds(const std::vector<IpPrefix>& prefixes, const IpPrefix& one) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const IpPrefix& prefix) { return prefix.contains(one); });
}

// SMTP towards the clients.
void check_protection(const GatewayPolicy& gateway, const PolicyPlaces& places, const PrefixList& everybody,
                      std::vector<Diagnostic>& remarks) {
  if (gateway.to_clients.value != Answer::Allow) {
    return find_outsiders(reduced(places.inbound_to, remarks), everybody, "this exception", remarks);
  }
  const std::string hint = "write to_clients = \"block\" or take it out";
  if (!places.to_clients_also.empty())
    error(remarks, places.to_clients_also.front().span, "policy.no-effect",
          "to_clients_also closes nothing while to_clients is \"allow\"", hint);
  if (!places.inbound_to.empty())
    warn(remarks, places.inbound_to.front().span, "policy.no-effect",
         "inbound_to excepts from nothing while to_clients is \"allow\"", hint);
}

void check_host(const HostPolicy& host, const PolicyPlaces& places, std::vector<Diagnostic>& remarks) {
  const struct {
    std::span<const std::uint16_t> ports;
    const Setting<Answer>& answer;
    std::string_view name;
  } roles[] = {{kTransferPorts, host.transfer, "transfer"},
               {kSubmissionPorts, host.submission, "submission"},
               {kRetrievalPorts, host.retrieval, "retrieval"}};
  for (const ListedPort& listed : places.also_block) {
    for (const auto& role : roles) {
      for (const std::uint16_t port : role.ports) {
        if (!listed.range.holds(Transport::Tcp, port) || role.answer.line == 0) continue;
        if (role.answer.value == Answer::Block)
          warn(remarks, listed.span, "policy.covered", fmt::format("{} already blocks port {}", role.name, port),
               "take it out");
        else
          error(remarks, listed.span, "policy.contradiction",
                fmt::format("port {} is blocked here, and line {} says otherwise of {}", port, role.answer.line,
                            role.name),
                "take one of them out");
      }
    }
  }
  const bool hinders = answers(host, Answer::Block) || answers(host, Answer::Limit) || answers(host, Answer::Log);
  if (!hinders && places.also_block.empty())
    warn(remarks, places.host, "policy.no-effect", "[host] asks for nothing: everything is allowed",
         "write transfer = \"block\" to close port 25 to this machine's own programs");
}

// A mail relay this machine may use and its clients may not, or the other way round.
void check_smarthost(const Policy& policy, const PolicyPlaces& places, std::vector<Diagnostic>& remarks) {
  if (!policy.gateway) return;
  const GatewayPolicy& gateway = *policy.gateway;
  for (const ListedPrefix& smarthost : places.host_except_to) {
    const bool inside = holds(gateway.clients.value, smarthost.prefix);
    const bool receives =
        holds(gateway.mail_servers.value, smarthost.prefix) || holds(gateway.inbound_to.value, smarthost.prefix);
    if (inside && gateway.to_clients.value == Answer::Block && !receives) {
      warn(remarks, smarthost.span, "policy.cuts-smarthost",
           fmt::format("{} is among the clients, and to_clients blocks their mail to it", smarthost.prefix.text()),
           "add it to mail_servers or inbound_to of [gateway]");
    } else if (gateway.transfer.value == Answer::Block && !holds(gateway.except_to.value, smarthost.prefix)) {
      warn(remarks, smarthost.span, "policy.cuts-smarthost",
           fmt::format("this machine may send to {}, but [gateway] blocks its clients' mail to it",
                       smarthost.prefix.text()),
           fmt::format("if they may use it too: except_to = [\"{}\"] in [gateway]", smarthost.prefix.text()));
    }
  }
}

void check_gateway(const GatewayPolicy& gateway, const PolicyPlaces& places, std::vector<Diagnostic>& remarks) {
  const PrefixList clients = reduced(places.clients, remarks);
  PrefixList everybody = clients;
  for (const PrefixList& group : places.group_clients) everybody.insert(everybody.end(), group.begin(), group.end());
  everybody = without_remarks(std::move(everybody));
  find_outsiders(reduced(places.mail_servers, remarks), everybody, "this mail server", remarks);
  find_outsiders(reduced(places.exempt, remarks), everybody, "this exemption", remarks);
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
  check_groups(gateway, places, clients, remarks);
  check_protection(gateway, places, everybody, remarks);
  for (const ListedPrefix& listed : places.public_addresses) {
    if (!overlaps(clients, listed.prefix)) continue;
    error(remarks, listed.span, "policy.contradiction",
          fmt::format("{} is both a client and an address clients have outside", listed.prefix.text()),
          "public lists the addresses mail comes from when it has passed this machine");
  }
  if (!places.except_to.empty() && !asks(gateway, Answer::Limit) && !asks(gateway, Answer::Block))
    warn(remarks, places.except_to.front().span, "policy.no-effect",
         "except_to has no effect: clients' mail is neither limited nor blocked", "take it out");
  if (asks_nothing(gateway))
    warn(remarks, places.gateway, "policy.nothing-watched",
         "transfer and submission are both allowed: nothing is watched",
         "write transfer = \"watch\" to find and block the abusers of port 25");
}

}  // namespace

void cross_check(const Policy& policy, const PolicyPlaces& places, std::vector<Diagnostic>& remarks) {
  if (policy.gateway) check_gateway(*policy.gateway, places, remarks);
  if (policy.host) check_host(*policy.host, places, remarks);
  check_smarthost(policy, places, remarks);
  if (policy.block.length.value > policy.block.length_max.value)
    remarks.push_back(
        {Severity::Error, "policy.block-range", places.block_for,
         fmt::format("the first block, {}, is longer than the longest, {}", format_duration(policy.block.length.value),
                     format_duration(policy.block.length_max.value)),
         "make [block] max at least as long as for"});
}

}  // namespace mailweir
