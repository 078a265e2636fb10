// Tells a destination that fails for everybody from a client that everybody refuses (docs/detection.md, section 2,
// "Outage guard"): failures that others meet as well are no evidence.
//
// In:  how connections ended, of which client, at which destination group.   Out: whether a failure counts.
// Invariants
//   (1) A client's own failures never silence evidence against itself: only others are asked.
//   (2) At one destination, clients that are already under suspicion are not asked, so three bots with one list of dead
//       addresses do not excuse a fourth.
//   (3) Of a fixed size; what it forgets for want of room makes failures count as if it were not there, and is counted.
//   (4) Port 25 and the submission ports are judged apart: the mark of a group includes its role.
// Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace mailweir {

// How the clients of a site fare on port 25, one vote each: that of their latest connection within a day.
struct UplinkVotes {
  unsigned clients = 0, failing = 0;

  // The way to port 25 is closed further up, as far as one can tell from here.
  [[nodiscard]] bool closed() const;
  UplinkVotes& operator+=(const UplinkVotes& other) {
    clients += other.clients;
    failing += other.failing;
    return *this;
  }
};

class OutageGuard {
 public:
  struct Contact {
    Time time;
    std::uint64_t client = 0;  // hash
    std::uint64_t group = 0;   // hash of the destination group and the role
    bool transfer = false;     // on port 25
    bool failed = false;       // no answer, or refused
    bool suspect = false;      // its client is under suspicion
    bool first = true;         // the client's first with this group: only its failure would be evidence
  };
  // A connection ended. Answers whether its failure is evidence; true when it did not fail.
  bool counts(const Contact& contact);

  [[nodiscard]] UplinkVotes uplink(Time now) const;
  [[nodiscard]] std::uint64_t silenced() const { return silenced_; }    // failures that were no evidence
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }  // destinations, while they still mattered

 private:
  struct Vote {
    std::uint32_t client = 0;
    std::uint32_t at_s = 0;  // 0: no vote
    bool failed = false;
  };
  struct Group {
    std::uint64_t mark = 0;
    std::uint32_t latest_s = 0;
    std::array<Vote, 7> votes{};
  };
  static constexpr std::size_t kGroups = 2'048;  // with a failure within ten minutes: 208 KiB
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kUplinkVotes = 64;

  [[nodiscard]] std::uint32_t clock(Time time);
  Group* group_of(std::uint64_t mark, std::uint32_t now_s, bool make);
  [[nodiscard]] bool down_for_others(const Group& group, std::uint32_t client, std::uint32_t now_s) const;
  [[nodiscard]] bool uplink_closed_for_others(std::uint32_t client, std::uint32_t now_s) const;

  std::optional<Time> started_;
  std::vector<Group> groups_;  // empty until the first failure
  std::array<Vote, kUplinkVotes> uplink_{};
  std::uint64_t silenced_ = 0, forgotten_ = 0;
};

}  // namespace mailweir
