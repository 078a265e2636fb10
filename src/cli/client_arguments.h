// Clients as people name them: addresses after a verb, or one a line on standard input.
#pragma once

#include <istream>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace mailweir {

struct NamedClients {
  std::vector<IpPrefix> clients;     // each once, in the order they were named
  std::vector<std::string> remarks;  // "2001:db8::7 stands for its whole network, 2001:db8::/64"
};

inline constexpr std::size_t kClientsNamedMax = 100'000;

// One IPv4 address, or an IPv6 address or /64. Anything wider is an error with a hint.
[[nodiscard]] Result<IpPrefix> client_argument(const std::string& text);
// "-" stands for the lines of `input`; empty lines and what follows a # are passed over. All mistakes in one error.
[[nodiscard]] Result<NamedClients> named_clients(const std::vector<std::string>& words, std::istream& input);

}  // namespace mailweir
