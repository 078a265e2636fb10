// What people call the ports that fill firewall logs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mailweir::rules {

// Low ports and those services really use: a port below is offered, one above is drawn by a client.
[[nodiscard]] bool is_service_port(std::uint32_t port);
// "HTTP"; empty: no word for it.
[[nodiscard]] std::string_view service_name(std::uint32_t port);
// "port 80 (HTTP)".
[[nodiscard]] std::string port_words(std::uint32_t port);

}  // namespace mailweir::rules
