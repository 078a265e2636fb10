#include "cli/first_policy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

namespace mailweir {
namespace {

struct ProxyPort {
  std::uint16_t port;
  std::string_view kind;
};
// What proxies listen on unless told otherwise: their manuals (Dante, Squid, Privoxy, Shadowsocks, Tor, V2Ray, Clash).
constexpr ProxyPort kProxyPorts[] = {
    {1080, "SOCKS"},  {1081, "SOCKS"},      {3128, "HTTP proxy"},  {7890, "SOCKS or HTTP proxy"},
    {7891, "SOCKS"},  {8118, "HTTP proxy"}, {8388, "Shadowsocks"}, {9050, "SOCKS"},
    {10808, "SOCKS"}, {10809, "HTTP proxy"}};

// Not routed on the Internet: RFC 1918, RFC 6598, RFC 4193.
bool is_private(const IpAddress& address) {
  static const std::array kPrivate{*IpPrefix::parse("10.0.0.0/8"), *IpPrefix::parse("172.16.0.0/12"),
                                   *IpPrefix::parse("192.168.0.0/16"), *IpPrefix::parse("100.64.0.0/10"),
                                   *IpPrefix::parse("fc00::/7")};
  return std::any_of(kPrivate.begin(), kPrivate.end(), [&](const IpPrefix& one) { return one.contains(address); });
}

bool is_loopback(const IpAddress& address) {
  return address.is_v4() ? address.v4_bits() >> 24 == 127 : address.high == 0 && address.low == 1;
}

bool holds(const std::vector<std::string>& list, const std::string& one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

bool listens_on(const MachineFacts& facts, std::uint16_t port) {
  return std::any_of(facts.listeners.begin(), facts.listeners.end(),
                     [&](const Listener& listener) { return listener.port == port; });
}

std::string quoted(const std::vector<std::string>& texts) {
  std::vector<std::string> list;
  for (const std::string& text : texts) list.push_back("\"" + text + "\"");
  return fmt::format("[{}]", fmt::join(list, ", "));
}

std::string host_section(const MachineFacts& facts) {
  std::string text =
      "# Traffic this machine starts. allow | log | limit | block\n[host]\n"
      "transfer   = \"block\"   # port 25: only a mail server needs it\n"
      "submission = \"log\"     # 465 and 587: mail programs, and programs that report by mail\n"
      "retrieval  = \"allow\"   # 109, 110, 143, 993, 995\n";
  if (!facts.mail_accounts.empty()) {
    text += "# A mail server runs here, or may: what it sends is its own business.\nexcept_users = " +
            quoted(facts.mail_accounts) + "\n";
  } else if (listens_on(facts, 25)) {
    text +=
        "# Something listens on port 25. If it is a mail server that sends by itself, name its user:\n"
        "# except_users = [\"postfix\"]\n";
  }
  return text + "# A smarthost, by its addresses:\n# except_to = [\"192.0.2.25\"]\n\n";
}

std::string gateway_section(const MachineFacts& facts) {
  const std::vector<IpPrefix> networks = client_networks(facts);
  if (!facts.forwards_v4 && !facts.forwards_v6)
    return "# This machine forwards nothing (net.ipv4.ip_forward is 0): no [gateway].\n\n";
  if (networks.empty())
    return "# This machine forwards, but has no private network besides the way out. If it serves clients, name them:\n"
           "# [gateway]\n# clients = [\"172.16.0.0/12\"]\n\n";
  std::vector<std::string> texts;
  for (const IpPrefix& network : networks) texts.push_back(network.text());
  return fmt::format(
      "# Traffic forwarded for clients ({}). allow | log | limit | watch | block\n[gateway]\nclients    = {}\n"
      "transfer   = \"watch\"   # find and block the abusers; everyone else goes on sending\n"
      "submission = \"watch\"\n"
      "# Rejected mail is told from delivered by the bytes of a connection: switches net.netfilter.nf_conntrack_acct "
      "on.\n"
      "count_bytes = true\n"
      "# Who asks name servers for mail servers (MX) is found sooner: looks at the clients' questions.\n"
      "# mx_queries = true\n"
      "# Mail servers among the clients: scored, never blocked.\n# mail_servers = [\"172.16.9.25\"]\n"
      "# SMTP towards the clients themselves, which worms use:\n# to_clients = \"block\"\n\n",
      !facts.translates   ? "whether their addresses are translated could not be read"
      : *facts.translates ? "their addresses are translated: outside, one spammer is everybody"
                          : "no rule here translates their addresses",
      quoted(texts));
}

std::string inbound_section(const MachineFacts& facts) {
  std::set<std::uint16_t> ports;
  for (const Listener& listener : facts.listeners) {
    if (!is_loopback(listener.address)) ports.insert(listener.port);
  }
  return fmt::format(
      "# Traffic addressed to this machine: everything but these ports would be closed. They are what listens now; "
      "keep\n"
      "# what you know, and your own way in. Take the # away when the list is right.\n# [inbound]\n# open = [{}]\n"
      "# ping = true\n\n",
      fmt::join(ports, ", "));
}

std::string warnings(const std::vector<OpenProxy>& proxies) {
  std::string text;
  for (const OpenProxy& proxy : proxies) {
    const std::string place = proxy.listener.address.is_unspecified() ? "every address" : proxy.listener.address.text();
    text += fmt::format("# WARNING: port {} ({}) listens on {}{}.\n", proxy.listener.port, proxy.kind, place,
                        proxy.lets_anyone == true    ? " and takes anyone, without a password"
                        : proxy.lets_anyone == false ? "; it asks for a password"
                                                     : "; whether it asks for a password is not known");
  }
  if (!proxies.empty())
    text +=
        "# Who can use a proxy here sends mail in your name. Bind it to 127.0.0.1, or let it ask for a password.\n\n";
  return text;
}

}  // namespace

std::vector<IpPrefix> client_networks(const MachineFacts& facts) {
  std::vector<IpPrefix> networks;
  for (const OwnAddress& own : facts.addresses) {
    const bool forwarded = own.address.is_v4() ? facts.forwards_v4 : facts.forwards_v6;
    if (forwarded && is_private(own.address) && !holds(facts.uplinks, own.interface)) networks.push_back(own.network);
  }
  std::sort(networks.begin(), networks.end());
  std::vector<IpPrefix> kept;
  for (const IpPrefix& network : networks) {
    if (kept.empty() || !kept.back().contains(network)) kept.push_back(network);
  }
  return kept;
}

std::vector<OpenProxy> exposed_proxies(const MachineFacts& facts) {
  const bool reachable = std::any_of(facts.addresses.begin(), facts.addresses.end(),
                                     [](const OwnAddress& own) { return !is_private(own.address); });
  std::vector<OpenProxy> proxies;
  for (const Listener& listener : facts.listeners) {
    const auto* known = std::find_if(std::begin(kProxyPorts), std::end(kProxyPorts),
                                     [&](const ProxyPort& proxy) { return proxy.port == listener.port; });
    if (known == std::end(kProxyPorts) || is_loopback(listener.address)) continue;
    if (listener.address.is_unspecified() ? !reachable : is_private(listener.address)) continue;
    proxies.push_back({listener, std::string(known->kind), std::nullopt});
  }
  return proxies;
}

std::string first_policy(const MachineFacts& facts, const std::vector<OpenProxy>& proxies) {
  return "# A first policy, made by `mailweir init` from what it found here. `mailweir check` explains it.\n\n" +
         warnings(proxies) + host_section(facts) + gateway_section(facts) + inbound_section(facts) +
         "[block]\nfor = \"1h\"       # doubles for repeat offenders\nmax = \"24h\"\nhow = \"reject\"   # reject | "
         "drop\n\n"
         "[log]\nto = \"nflog\"     # nflog | kernel\n";
}

}  // namespace mailweir
