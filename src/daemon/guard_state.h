// What a running guard tells about itself: a small file in its runtime directory, for `status`.
//
// In:  its counters.   Out: the file, replaced as a whole; at most once a second while something happens, once a minute
// otherwise. Readers: the file of a guard that died stays and is old; whether one lives, the instance lock says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace mailweir {

// Older than that, a guard that holds its lock does not do its work.
inline constexpr Duration kGuardSilenceMax = std::chrono::seconds(150);

struct GuardState {
  Time since{}, told{};  // started; wrote this
  std::string mode;      // "block" | "watch-only"
  std::uint64_t packets = 0, connections = 0, state_changes = 0;
  std::uint64_t lost_packets = 0;     // gaps in the numbers of NFLOG
  std::uint64_t packet_overruns = 0;  // ENOBUFS of NFLOG
  std::uint64_t change_overruns = 0;  // ENOBUFS of conntrack; all flows are listed anew after one
  std::uint64_t unreadable = 0;
  std::uint64_t clients = 0, forgotten_clients = 0, forgotten_connections = 0;
  std::uint64_t blocks = 0, slowed = 0, blocks_added = 0, blocks_waiting = 0;
  std::uint64_t ledger_waiting = 0, ledger_lost = 0;
  bool gathering = false;  // packets come in batches: it is busy

  [[nodiscard]] std::uint64_t lost_events() const { return lost_packets + change_overruns; }
  friend bool operator==(const GuardState&, const GuardState&) = default;
};

[[nodiscard]] std::string guard_state_file(const std::string& runtime_dir);
[[nodiscard]] std::string print_guard_state(const GuardState& state);
// BadInput: nothing a guard wrote.
[[nodiscard]] Result<GuardState> parse_guard_state(const std::string& text);
// NotFound: no guard wrote any.
[[nodiscard]] Result<GuardState> read_guard_state(const std::string& runtime_dir);

}  // namespace mailweir
