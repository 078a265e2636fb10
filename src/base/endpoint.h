// An address and a port, as people name a server: "127.0.0.1:5353", "[2001:db8::53]:53".
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"

namespace mailweir {

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  // "ADDRESS", "ADDRESS:PORT" or "[ADDRESS]:PORT"; an IPv6 address with a port needs the brackets. Port 0 is no port.
  static std::optional<Endpoint> parse(std::string_view text, std::uint16_t default_port);
  [[nodiscard]] std::string text() const;  // always with the port

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace mailweir
