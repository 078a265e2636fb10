// Decides about findings one after the other and remembers what it decided.
//
// In:  findings, the time (which does not go back).   Out: Decisions; and which blocks have ended.
// Invariants
//   (1) Remembers at most kClientsMax clients; the one whose block ended first is forgotten first, and counted.
//   (2) A client that kept quiet for kForgiven after its last block starts anew.
//   (3) In watch-only mode it remembers and repeats as if it had blocked: what it prints is what would have been.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "decide/case_id.h"
#include "decide/decide.h"

namespace mailweir {

class Decider {
 public:
  static constexpr std::size_t kClientsMax = 100'000;       // as many as the kernel's sets are planned for
  static constexpr auto kForgiven = std::chrono::days(30);  // trades an address's next tenant for a patient spammer

  explicit Decider(Policy policy, Mode mode = Mode::Enforce) : policy_(std::move(policy)), mode_(mode) {}

  [[nodiscard]] Decision decide(const ClientReport& finding, Time now);
  // Clients whose block ended by now, each once: tell the detector (Detector::lifted).
  [[nodiscard]] std::vector<IpPrefix> ended(Time now);
  // When the next block ends, if one runs.
  [[nodiscard]] std::optional<Time> next_end() const;

  // What a ledger remembers, or what somebody else decided: counts as if it had been decided here. Nothing without an
  // end, or when the client's latest block is known to end later.
  void recall(IpPrefix client, const ClientHistory& history);
  // Somebody lifted the client's block: it ends now, and does not count as an earlier one.
  void lifted(IpPrefix client, Time now);

  [[nodiscard]] ClientHistory history(IpPrefix client, Time now) const;
  [[nodiscard]] std::uint64_t forgotten_clients() const { return forgotten_; }

 private:
  void remember(IpPrefix client, ClientHistory history);

  Policy policy_;
  Mode mode_;
  CaseIds case_ids_;
  std::map<IpPrefix, ClientHistory> clients_;
  std::set<std::pair<Time, IpPrefix>> by_end_;  // the same clients, by the end of their latest block
  Time ended_until_;                            // blocks up to here were reported as ended
  std::uint64_t forgotten_ = 0;
};

}  // namespace mailweir
