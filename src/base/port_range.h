// TCP and UDP ports as people write them: "25", "6000-6063", "53/udp".
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace mailweir {

enum class Transport : std::uint8_t { Tcp, Udp };

struct PortRange {
  Transport transport = Transport::Tcp;
  std::uint16_t first = 0, last = 0;  // first <= last

  [[nodiscard]] bool holds(Transport asked, std::uint16_t port) const {
    return transport == asked && first <= port && port <= last;
  }
  // "25" or "6000-6063", without the transport.
  [[nodiscard]] std::string numbers() const {
    return first == last ? std::to_string(first) : std::to_string(first) + "-" + std::to_string(last);
  }
  friend auto operator<=>(const PortRange&, const PortRange&) = default;
};

[[nodiscard]] constexpr std::string_view name_of(Transport transport) {
  return transport == Transport::Tcp ? "tcp" : "udp";
}

}  // namespace mailweir
