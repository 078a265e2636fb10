// Decisions -> blocks in the kernel, and keeps the two the same.
//
// In:  Decisions to block or to slow down, the time.   Out: which of them are in force; what the kernel refused.
// Invariants
//   (1) What confirmed() answers was acknowledged by the kernel.
//   (2) A block that could not be set is tried again until it would have ended; no more than kWaitingMax wait, the
//   oldest
//       is given up first, and counted.
//   (3) A block never lasts longer than its decision said, however often it is set again.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apply/kernel.h"
#include "base/result.h"
#include "record/case_record.h"
#include "record/decision.h"

namespace mailweir {

struct EnforceCounters {
  std::uint64_t added = 0;     // blocks the kernel acknowledged, those set again not counted
  std::uint64_t slowed = 0;    // throttles, likewise
  std::uint64_t restored = 0;  // set again after somebody flushed the rules
  std::uint64_t failed = 0;    // attempts the kernel refused
  std::uint64_t given_up = 0;  // decisions that never came into force
};

// A block that is in force.
struct EnforcedBlock {
  Block block;
  Time until;
};

[[nodiscard]] BlockScope scope_of(const std::vector<MailRole>& roles);
[[nodiscard]] std::vector<MailRole> roles_of(BlockScope scope);
// What the kernel is told of a case. REQUIRES: a block or a throttle.
[[nodiscard]] Block block_of(const CaseRecord& record);

class Enforcer {
 public:
  static constexpr std::size_t kWaitingMax = 100'000;

  explicit Enforcer(Kernel& kernel) : kernel_(kernel) {}

  // Reads back what the kernel holds, so that cases go on after a restart.
  Result<std::vector<EnforcedBlock>> resume(Time now);

  // REQUIRES: decision.action is Block or Throttle. In force after the next reconcile().
  void want(const Decision& decision);
  // A block that ran when the machine went down. In force after the next reconcile(), for the time it has left.
  void put_back(const Block& block, Time until) { waiting_.try_emplace(block.client, EnforcedBlock{block, until}); }
  // Sets everything that waits, in one batch. An error leaves it waiting; there is no use in asking again at once.
  Result<void> reconcile(Time now);
  // The case ids that came into force since the last call.
  [[nodiscard]] std::vector<std::string> take_confirmed() { return std::exchange(confirmed_, {}); }
  // What others did: blocks that were taken out of the kernel before their end, and such that were put in.
  struct OthersDid {
    std::vector<EnforcedBlock> added, lifted;
  };
  // True when that is news: an element with this comment was put in, or (none) taken out, and not by us.
  [[nodiscard]] bool is_news(IpPrefix client, const std::optional<std::string>& case_id) const;
  // Reads the kernel and believes it.
  Result<OthersDid> follow(Time now);
  // The table was lost and is there again: sets all blocks that still run.
  Result<void> restore(Time now);

  [[nodiscard]] bool is_blocked(IpPrefix client, std::uint16_t port) const;
  // The case ids of blocks that end within kCountBefore, each once, with what they stopped: afterwards the counter is
  // gone with its element. What the kernel cannot tell is left out.
  static constexpr Duration kCountBefore = std::chrono::seconds(1);
  [[nodiscard]] std::vector<CaseCounted> count_ending(Time now);
  [[nodiscard]] std::optional<Time> next_count() const;
  // Takes clients out of the kernel again. Nothing is told of them afterwards.
  Result<void> lift(std::span<const IpPrefix> clients);
  // Forgets blocks that ended; the kernel has done so by itself.
  void advance(Time now);
  [[nodiscard]] std::size_t blocks() const { return in_force_.size() - slowed_; }  // in force
  [[nodiscard]] std::size_t slowed() const { return slowed_; }                     // clients, likewise
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] const EnforceCounters& counters() const { return counters_; }

 private:
  void keep(const EnforcedBlock& enforced);
  template <typename Over>
  void forget(Over is_over);

  Kernel& kernel_;
  std::map<IpPrefix, EnforcedBlock> in_force_;
  std::size_t slowed_ = 0;                     // of these: only slowed down
  std::set<std::pair<Time, IpPrefix>> ends_;   // of blocks that are or were in force; looked at when due
  std::map<IpPrefix, EnforcedBlock> waiting_;  // the latest decision about each client
  std::vector<std::string> confirmed_;
  EnforceCounters counters_;
};

}  // namespace mailweir
