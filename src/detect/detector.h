// Tells spammers from mail users and mail servers by two sequential tests per client: L against ordinary users, M
// against mail servers (docs/detection.md). Decides nothing about blocking.
//
// In:  ConnectionEvents in event-time order (per client).   Out: ClientReports.
// Invariants
//   (1) Same events, settings and key give the same reports, whatever the wall clock says.
//   (2) Clients are independent of each other: a Detector over half the clients says the same about them. But for what
//       all of them meet: with settings.clients_compared, a failure that others meet too is no evidence.
//   (3) Holds at most settings.clients_max clients; the most innocent and idlest is forgotten first, and counted.
//   (4) The evidence of a report adds up to its score.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/keyed_hash.h"
#include "base/prefix_set.h"
#include "detect/outage_guard.h"
#include "detect/settings.h"
#include "record/client_report.h"
#include "record/connection_event.h"

namespace mailweir {

struct DetectCounters {
  std::uint64_t events = 0;
  std::uint64_t forgotten_clients = 0;
  std::uint64_t clients = 0;            // held now
  std::uint64_t silenced_failures = 0;  // no evidence: the destination, or port 25 of the site, fails for others too
  std::uint64_t forgotten_outages = 0;  // destinations the outage guard had no room for
};

class Detector {
 public:
  Detector(DetectSettings settings, const KeyedHash& hash);
  ~Detector();
  Detector(Detector&&) noexcept;
  Detector& operator=(Detector&&) noexcept;

  void observe(const ConnectionEvent& event) { observe({&event, 1}); }
  // The same one after the other, and faster: what is known of the next clients is fetched while one is judged.
  void observe(std::span<const ConnectionEvent> events);

  // Clients whose verdict became Spammer, or Undecided with L above the threshold ("unregistered mail server?"), since
  // the last call; each once per verdict until the client is forgotten or cleared.
  [[nodiscard]] std::vector<ClientReport> take_findings();
  // After a block ended: the client keeps its history at L = threshold / 2 (docs/detection.md, "Lifting").
  void lifted(IpPrefix client, Time now);

  // What both tests say of the client an address belongs to, as of its last event; nothing when it is not held.
  struct Scores {
    double user = 0, server = 0;  // L and M
  };
  [[nodiscard]] std::optional<Scores> scores(IpAddress client) const;

  // All clients held, highest score_user first.
  [[nodiscard]] std::vector<ClientReport> reports() const;
  [[nodiscard]] DetectCounters counters() const;
  // How port 25 fares for the site as a whole.
  [[nodiscard]] UplinkVotes uplink(Time now) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The client an address belongs to: itself in IPv4, its /64 (or settings) in IPv6.
[[nodiscard]] IpPrefix client_of(IpAddress address, int v6_length);
[[nodiscard]] inline IpAddress client_base(IpAddress address, int v6_length) {
  return address.is_v4() ? address : client_of(address, v6_length).base();
}

}  // namespace mailweir
