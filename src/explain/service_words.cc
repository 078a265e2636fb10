#include "explain/service_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mailweir::rules {
namespace {

struct Service {
  std::uint32_t port;
  std::string_view name;
};
// IANA's service names, the ones that fill firewall logs.
constexpr std::array<Service, 32> kServices{
    {{21, "FTP"},      {22, "ssh"},         {23, "telnet"},        {25, "SMTP"},  {53, "DNS"},      {67, "DHCP"},
     {68, "DHCP"},     {80, "HTTP"},        {110, "POP3"},         {123, "NTP"},  {137, "NetBIOS"}, {138, "NetBIOS"},
     {139, "NetBIOS"}, {143, "IMAP"},       {161, "SNMP"},         {389, "LDAP"}, {443, "HTTPS"},   {445, "SMB"},
     {465, "SMTP"},    {587, "submission"}, {853, "DNS over TLS"}, {993, "IMAP"}, {995, "POP3"},    {1433, "MS SQL"},
     {1900, "SSDP"},   {3306, "MySQL"},     {3389, "RDP"},         {5060, "SIP"}, {5353, "mDNS"},   {5355, "LLMNR"},
     {8080, "HTTP"},   {8443, "HTTPS"}}};

}  // namespace

bool is_service_port(std::uint32_t port) {
  return port != 0 && (port < 1024 || !service_name(port).empty());  // RFC 6335: 0 to 1023 are the system's
}

std::string_view service_name(std::uint32_t port) {
  const auto found = std::ranges::find(kServices, port, &Service::port);
  return found == kServices.end() ? std::string_view{} : found->name;
}

std::string port_words(std::uint32_t port) {
  const std::string_view name = service_name(port);
  return name.empty() ? fmt::format("port {}", port) : fmt::format("port {} ({})", port, name);
}

}  // namespace mailweir::rules
