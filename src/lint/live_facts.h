// What only the live machine knows, for the checks that need it. Whoever has a machine at hand fills it; without it
// those checks are silent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "ruleset/model.h"

namespace mailweir::rules {

struct LiveFacts {
  struct Address {
    std::string interface;
    IpAddress address;
  };
  struct OpenPort {
    IpAddress address;  // unspecified: all
    std::uint16_t port = 0;
    std::uint8_t protocol = 6;
    std::string proxy;  // "SOCKS", …: what passes on what strangers send is mostly at this port; empty: no such port
    // Asked, it let a stranger through without a password. Nothing: not asked, or it did not say.
    std::optional<bool> takes_strangers;
  };
  std::vector<std::string> interfaces;  // all names, lo too; empty: not known
  std::vector<Address> addresses;       // no loopback, no link-local ones
  std::vector<OpenPort> open_ports;
  std::optional<bool> forwards_v4, forwards_v6;  // ip_forward, ipv6.conf.all.forwarding
  std::optional<Ruleset> persisted;              // what the boot loads; nothing: no such file
  std::string persisted_name;                    // "/etc/iptables/rules.v4, …"
};

}  // namespace mailweir::rules
