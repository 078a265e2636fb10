#include "base/endpoint.h"

#include <fmt/format.h>

#include <charconv>

namespace mailweir {
namespace {

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

std::optional<Endpoint> Endpoint::parse(std::string_view text, std::uint16_t default_port) {
  if (const auto address = IpAddress::parse(text)) return Endpoint{*address, default_port};
  std::string_view host, port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (host.find(':') == std::string_view::npos) return std::nullopt;
    if (port.empty()) {
      const auto address = IpAddress::parse(host);
      return address ? std::optional(Endpoint{*address, default_port}) : std::nullopt;
    }
  } else {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) return std::nullopt;
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (!port.starts_with(':')) return std::nullopt;
  const auto address = IpAddress::parse(host);
  const auto number = read_port(port.substr(1));
  if (!address || !number) return std::nullopt;
  return Endpoint{*address, *number};
}

std::string Endpoint::text() const {
  return address.is_v4() ? fmt::format("{}:{}", address.text(), port) : fmt::format("[{}]:{}", address.text(), port);
}

}  // namespace mailweir
