// A case: what was decided about a client, who asked for it and why, as the ledger keeps it and people are told it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "base/time.h"
#include "record/client_report.h"
#include "record/decision.h"

namespace mailweir {

// A case that ended before its time.
struct CaseEnd {
  Time at;
  std::string by;         // who lifted it; empty: somebody, outside of mailweir; of a replaced one: the later case
  bool replaced = false;  // a later case of the same client took its place
  std::optional<std::uint64_t> packets_stopped;  // until then; nothing: nobody looked
};

struct CaseRecord {
  std::string id;  // "mw-20261122-194300-0042"
  IpPrefix client = IpPrefix::host({});
  Decision::Action action = Decision::Action::Block;
  Time since, until;  // `until` is `since` when nothing is done
  std::string by;     // "detector", or a person's name
  bool by_hand = false;
  std::string reason;
  std::vector<std::uint16_t> ports;  // ascending
  std::vector<Evidence> evidence;    // of the detector; adds up to its score
  std::uint64_t connections = 0;     // of the client when it was decided
  std::string policy_file;
  int policy_line = 0;  // 0: a default, or nobody's policy
  std::uint32_t repeat = 0;
  std::optional<CaseEnd> ended;
  // Of one that was not ended early: counted shortly before its end; nothing: nobody looked.
  std::optional<std::uint64_t> packets_stopped;
};

// A block or a throttle was lifted.
struct CaseLifted {
  IpPrefix client = IpPrefix::host({});
  CaseEnd end;
};

// What a block has stopped so far: told shortly before it ends by itself, when its counter goes with it.
struct CaseCounted {
  std::string id;
  std::uint64_t packets_stopped = 0;
};

using LedgerEntry = std::variant<CaseRecord, CaseLifted, CaseCounted>;

[[nodiscard]] constexpr std::string_view name_of(Decision::Action action) {
  switch (action) {
    case Decision::Action::Block:
      return "block";
    case Decision::Action::WatchOnly:
      return "watch-only";
    case Decision::Action::Exempt:
      return "exempt";
    case Decision::Action::Throttle:
      return "throttle";
    case Decision::Action::Notice:
      return "notice";
  }
  return "";
}

// When it ended or will end.
[[nodiscard]] inline Time end_of(const CaseRecord& record) { return record.ended ? record.ended->at : record.until; }
// Nothing: nobody looked.
[[nodiscard]] inline std::optional<std::uint64_t> stopped_by(const CaseRecord& record) {
  return record.ended && record.ended->packets_stopped ? record.ended->packets_stopped : record.packets_stopped;
}
// Is it there for the kernel to carry out?
[[nodiscard]] constexpr bool is_carried_out(Decision::Action action) {
  return action == Decision::Action::Block || action == Decision::Action::Throttle;
}
// Does the kernel have to hold it at that time?
[[nodiscard]] inline bool is_running(const CaseRecord& record, Time now) {
  return is_carried_out(record.action) && record.since <= now && now < end_of(record);
}

}  // namespace mailweir
