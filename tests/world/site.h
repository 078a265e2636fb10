// A network of made-up clients behind one gateway, lived through in time order, and what was said of whom.
//
// In:  crowds of populations, a judge, a seed.   Out: one tally per crowd.
// Invariants
//   (1) Same crowds, sites, days and seed give the same tallies, on any number of threads.
//   (2) Clients of one site are seen together, as a gateway sees them; sites know nothing of each other.
//   (3) Who is called a spammer is cut off: nothing of it is seen any more.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/world/judge.h"
#include "tests/world/population.h"

namespace mailweir::world {

struct Crowd {
  Population population;
  unsigned clients;  // in all sites together
};

struct Tally {
  std::string name;
  Population::Kind kind = Population::Kind::User;
  std::uint64_t clients = 0, client_days = 0;
  std::uint64_t connections = 0;                      // that were seen, until the client was cut off
  std::uint64_t delivered = 0;                        // messages among them
  std::uint64_t asked = 0;                            // clients asked about and not called spammers
  std::vector<std::uint32_t> connections_to_verdict;  // of spammers as called, ascending
  std::vector<float> minutes_to_verdict;              // since the first connection, ascending

  // Filled when `survival` is wanted: on how many client-days L reached 2, 4, 6 and 8, its highest value, and how many
  // first contacts (new destination groups in 24 h, per role) there were.
  static constexpr std::array<double, 4> kLevels{2, 4, 6, 8};
  std::array<std::uint64_t, 4> reached{};
  double highest = 0;
  std::uint64_t first_contacts = 0;

  [[nodiscard]] std::uint64_t called() const { return connections_to_verdict.size(); }
  [[nodiscard]] double called_share() const;
  [[nodiscard]] double asked_share() const;
  // Of all clients, not only of those called: who was missed took for ever (UINT32_MAX).
  [[nodiscard]] std::uint32_t connections_at(double quantile) const;
  [[nodiscard]] double minutes_at(double quantile) const;  // likewise, infinity
  // min(1, n e^-x) of docs/detection.md, 3.4, and what was seen.
  [[nodiscard]] double survival_bound(std::size_t level) const;
  [[nodiscard]] double survival_seen(std::size_t level) const;
};

// Called once per site; `mail_servers` are the registered ones of that site.
using MakeJudge = std::function<std::unique_ptr<Judge>(const std::vector<IpPrefix>& mail_servers)>;

struct Run {
  unsigned sites = 1, days = 1, threads = 1;
  std::uint64_t seed = 20261122;
  bool survival = false;
};

[[nodiscard]] std::vector<Tally> live_through(const std::vector<Crowd>& crowds, const MakeJudge& make, const Run& run);

// The tally of that population. REQUIRES: there is one.
[[nodiscard]] const Tally& tally_of(const std::vector<Tally>& tallies, std::string_view name);

}  // namespace mailweir::world
