// What makes a client a mail server in our eyes, learned over weeks: the part of its record that is kept over a
// restart. Its connections, and with them the evidence of spam, are not.
#pragma once

#include <cstdint>
#include <optional>

#include "base/ip.h"
#include "base/time.h"
#include "detect/server_history.h"

namespace mailweir {

struct ServerLife {
  IpPrefix client = IpPrefix::host({});
  Time first_seen{}, last_seen{};
  double score_server = 0;        // M, nats
  std::uint32_t days_active = 0;  // bit i: i days before latest_day
  std::uint16_t latest_day = 0;   // since first_seen
  std::uint16_t bad = 0, retried = 0;
  std::uint16_t inbound_networks = 0;  // bits, of a hash whose key is another one after a restart
  std::uint8_t inbound_days = 0;
  std::uint16_t hardware = 0;          // fingerprint of the address it used last; 0: unknown
  bool learned = false, was_spammer = false;
  std::optional<ServerHistory::Kept> history;  // of registered mail servers

  friend bool operator==(const ServerLife&, const ServerLife&) = default;
};

// Could a record of ours say that?
[[nodiscard]] bool is_possible(const ServerLife& life);

}  // namespace mailweir
