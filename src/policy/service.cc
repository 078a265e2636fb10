#include "policy/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/escape.h"
#include "base/nearest.h"

namespace mailweir {
namespace {

struct Service {
  std::string_view name;
  std::uint16_t port;
};
// Source: IANA Service Name and Transport Protocol Port Number Registry, and Debian's /etc/services for older names.
constexpr Service kServices[] = {
    {"ftp-data", 20},     {"ftp", 21},           {"ssh", 22},          {"telnet", 23},       {"smtp", 25},
    {"domain", 53},       {"dns", 53},           {"http", 80},         {"www", 80},          {"kerberos", 88},
    {"pop2", 109},        {"pop3", 110},         {"auth", 113},        {"ident", 113},       {"nntp", 119},
    {"ntp", 123},         {"epmap", 135},        {"msrpc", 135},       {"netbios-ns", 137},  {"netbios-dgm", 138},
    {"netbios-ssn", 139}, {"imap", 143},         {"imap2", 143},       {"snmp", 161},        {"ldap", 389},
    {"https", 443},       {"microsoft-ds", 445}, {"smtps", 465},       {"submissions", 465}, {"submission", 587},
    {"ldaps", 636},       {"domain-s", 853},     {"imaps", 993},       {"pop3s", 995},       {"openvpn", 1194},
    {"ms-sql-s", 1433},   {"ms-sql-m", 1434},    {"mysql", 3306},      {"rdp", 3389},        {"ms-wbt-server", 3389},
    {"sieve", 4190},      {"sip", 5060},         {"postgresql", 5432}, {"redis", 6379},      {"socks", 1080},
    {"wireguard", 51820},
};

std::vector<std::string_view> names() {
  std::vector<std::string_view> list;
  for (const Service& service : kServices) list.push_back(service.name);
  return list;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::uint16_t> read_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || number == 0 || number > 65535) return {};
  return static_cast<std::uint16_t>(number);
}

}  // namespace

tl::expected<PortRange, PortMistake> read_port(std::string_view text) {
  const std::string shown = escape(text, 64);
  PortRange range;
  const auto slash = text.find('/');
  const std::string_view ports = text.substr(0, slash);
  if (slash != std::string_view::npos) {
    const std::string_view transport = text.substr(slash + 1);
    if (transport == "udp") {
      range.transport = Transport::Udp;
    } else if (transport != "tcp") {
      return tl::unexpected(PortMistake{fmt::format("\"{}\" names no transport we know", shown),
                                        fmt::format("write \"{0}/tcp\" or \"{0}/udp\"", escape(ports, 64))});
    }
  }
  for (const Service& service : kServices) {
    if (service.name != ports) continue;
    range.first = range.last = service.port;
    return range;
  }
  const auto dash = ports.find('-');
  const std::string_view first = ports.substr(0, dash);
  const std::string_view last = dash == std::string_view::npos ? first : ports.substr(dash + 1);
  if (is_number(first) && is_number(last)) {
    const auto from = read_number(first), to = read_number(last);
    if (from && to && *from <= *to) {
      range.first = *from, range.last = *to;
      return range;
    }
    return tl::unexpected(
        from && to ? PortMistake{fmt::format("the range \"{}\" ends before it begins", shown),
                                 fmt::format("write \"{}-{}\"", *to, *from)}
                   : PortMistake{fmt::format("\"{}\" is not a port", shown), "ports are numbers from 1 to 65535"});
  }
  const std::string meant = nearest_hint(ports, names());
  return tl::unexpected(
      PortMistake{fmt::format("no service is called \"{}\"", shown),
                  meant.empty() ? "write its port as a number: 25, \"6000-6063\", \"53/udp\"" : meant});
}

}  // namespace mailweir
