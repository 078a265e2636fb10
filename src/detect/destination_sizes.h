// How much a client says to a destination before it has said a message: a threshold per destination group, learned from
// registered mail servers (docs/detection.md, section 2, "per destination group").
//
// Where a server offers STARTTLS on port 25, a connection it rejects carries 0.6 to 1.5 kB of the client's bytes and
// passes for a delivery by the numbers for plain text. What registered servers send there says how small deliveries
// are.
//
// In:  payloads of registered servers' connections; outcomes by the numbers for everywhere.   Out: outcomes for there.
// Invariants
//   (1) Only registered mail servers teach it: a spammer cannot.
//   (2) It only makes an outcome less: Delivered may become Grey or Short, never the other way.
//   (3) Holds at most kGroups destinations; the one longest unheard of gives way.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "record/connection_event.h"

namespace mailweir {

class DestinationSizes {
 public:
  // A registered server's established connection to that group ended, having carried so many bytes.
  void learn(std::uint64_t group, std::uint32_t payload);
  [[nodiscard]] Outcome judge(std::uint64_t group, Outcome outcome, std::uint32_t payload) const;

 private:
  static constexpr std::size_t kGroups = 4'096;  // 64 KiB
  static constexpr std::size_t kWays = 4;
  struct Group {
    std::uint64_t mark = 0;
    float small = 0;  // estimate of the 10th percentile
    std::uint16_t seen = 0;
    std::uint16_t unheard = 0;  // lessons to its neighbours since its own last
  };
  std::vector<Group> groups_;  // empty until somebody teaches
};

}  // namespace mailweir
