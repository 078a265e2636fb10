// Tells spammers from mail users and mail servers by two sequential tests per client: L against ordinary users, M
// against mail servers (docs/detection.md). Decides nothing about blocking.
//
// In:  ConnectionEvents in event-time order (per client).   Out: ClientReports.
// Invariants
//   (1) Same events, settings and key give the same reports, whatever the wall clock says.
//   (2) Clients are independent of each other: a Detector over half the clients says the same about them. But for what
//       all of them meet: with settings.clients_compared, a failure that others meet too is no evidence.
//   (3) Holds at most settings.clients_max clients; the most innocent and idlest is forgotten first, and counted. With
//       settings.doorkeeper nobody is remembered before an answer or a third SYN.
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
#include "detect/hazard_table.h"
#include "detect/learned_model.h"
#include "detect/outage_guard.h"
#include "detect/settings.h"
#include "record/client_report.h"
#include "record/connection_event.h"

namespace mailweir {

struct DetectCounters {
  std::uint64_t events = 0;
  std::uint64_t forgotten_clients = 0;
  std::uint64_t clients = 0;             // held now
  std::uint64_t wide_clients = 0;        // of them with much to remember
  std::uint64_t forgotten_by_quota = 0;  // of forgotten_clients: too many of one IPv6 /48
  std::uint64_t turned_away = 0;         // first packets of clients nobody answered yet, and that are not remembered
  std::uint64_t mx_queries = 0;          // questions for mail servers
  std::uint64_t forgotten_mx = 0;        // of them such that were forgotten before their client sent mail
  std::uint64_t new_holders = 0;         // clients that began anew: another hardware address
  std::uint64_t idle_leases = 0;         // clients whose scores were halved: silent for longer than a lease
  std::uint64_t sites_watched = 0;       // IPv6 /56s whose networks are looked at together
  std::uint64_t forgotten_sites = 0;     // of them such that made room
  std::uint64_t silenced_failures = 0;   // no evidence: the destination, or port 25 of the site, fails for others too
  std::uint64_t forgotten_outages = 0;   // destinations the outage guard had no room for
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

  // Clients whose verdict became Spammer, or of whom there is a doubt a person should know of (ClientReport::doubt),
  // since the last call; each once until the client is forgotten or cleared, a changed mail server once a day.
  [[nodiscard]] std::vector<ClientReport> take_findings();
  // After a block ended: the client keeps its history at L = threshold / 2 (docs/detection.md, "Lifting").
  void lifted(IpPrefix client, Time now);

  // Changes settings.bytes_counted: it is known when the kernel's tracking is loaded.
  void bytes_counted(bool counted);

  // What both tests say of the client an address belongs to, as of its last event; nothing when it is not held.
  struct Scores {
    double user = 0, server = 0;  // L and M
  };
  [[nodiscard]] std::optional<Scores> scores(IpAddress client) const;

  // All clients held, or so many of them; highest score_user first.
  [[nodiscard]] std::vector<ClientReport> reports(std::size_t most = SIZE_MAX) const;
  // The same of all, in no order, added to `all`: reports are large, and who has several detectors sorts them once.
  void append_reports(std::vector<ClientReport>& all) const;
  // One client's, if it is remembered.
  [[nodiscard]] std::optional<ClientReport> report(IpPrefix client) const;
  [[nodiscard]] DetectCounters counters() const;
  // What new networks are judged by; and once, when that was learned anew.
  [[nodiscard]] const HazardTable& model() const;
  [[nodiscard]] std::optional<HazardTable> take_learned();
  // What was learned of the site, for a detector after a restart. Looks at every client.
  [[nodiscard]] LearnedModel remember() const;
  // REQUIRES: possible values (is_possible), and no event yet. Where learning is frozen, hazards stay as shipped; what
  // was learned before is remembered all the same. Servers that were idle for too long are left out.
  void recall(const LearnedModel& model, Time now);
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
