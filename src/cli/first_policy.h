// A first policy for a machine, with the reasons in comments. `mailweir check` accepts it.
#pragma once

#include <string>
#include <vector>

#include "sys/machine.h"

namespace mailweir {

struct MachineFacts {
  bool forwards_v4 = false, forwards_v6 = false;
  std::optional<bool> translates;  // rules masquerade or SNAT; nothing: rules may not be read
  std::vector<OwnAddress> addresses;
  std::vector<std::string> uplinks;  // interfaces with a default route
  std::vector<Listener> listeners;
  std::vector<std::string> mail_accounts;  // users mail servers run as, that exist here
};

// A proxy on an address that others can reach.
struct OpenProxy {
  Listener listener;
  std::string kind;                 // "SOCKS"
  std::optional<bool> lets_anyone;  // it said so; nothing: it was not asked, or did not answer
};

// Networks of clients behind this machine: what is connected, private, and not on the way out.
[[nodiscard]] std::vector<IpPrefix> client_networks(const MachineFacts& facts);
// Listeners whose ports are those of proxies, on an address that is neither loopback nor private.
[[nodiscard]] std::vector<OpenProxy> exposed_proxies(const MachineFacts& facts);

[[nodiscard]] std::string first_policy(const MachineFacts& facts, const std::vector<OpenProxy>& proxies);

}  // namespace mailweir
