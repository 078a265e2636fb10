// The counters of a running guard, put together: as a line among its lines, and as what `status` reads.
#pragma once

#include <string_view>

#include "daemon/event_line.h"
#include "daemon/guard.h"
#include "daemon/guard_state.h"
#include "ingest/conntrack.h"
#include "ingest/nflog.h"
#include "ledger/ledger_writer.h"

namespace mailweir {

struct GuardFigures {
  Guard::Counters guard;
  NflogCounters nflog;
  ConntrackCounters conntrack;
  LedgerWriterCounters ledger;
};

[[nodiscard]] EventLine counters_line(std::string_view event, Time now, const GuardFigures& figures);
// What does not come from counters (since, told, mode, gathering) is left to the caller.
[[nodiscard]] GuardState state_of(const GuardFigures& figures);

}  // namespace mailweir
