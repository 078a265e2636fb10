#include "daemon/figures.h"

namespace mailweir {

EventLine counters_line(std::string_view event, Time now, const GuardFigures& figures) {
  const auto& [guard, nflog, conntrack, ledger] = figures;
  EventLine line(event, now);
  line.add("packets", nflog.packets)
      .add("connections", guard.connections.connections)
      .add("state_changes", conntrack.events)
      .add("clients", guard.detect.clients)
      .add("blocks", guard.blocks)
      .add("blocks_added", guard.enforce.added)
      .add("blocks_waiting", guard.waiting)
      .add("lost_events", nflog.lost + conntrack.overruns)
      .add("overruns", nflog.overruns + conntrack.overruns)
      .add("unreadable", nflog.unreadable)
      .add("forgotten_clients", guard.detect.forgotten_clients)
      .add("forgotten_connections", guard.connections.given_up)
      .add("uncounted", guard.connections.uncounted)
      .add("midstream", guard.connections.midstream)
      .add("after_block", guard.after_block)
      .add("silenced_failures", guard.detect.silenced_failures)
      .add("turned_away", guard.detect.turned_away)
      .add("mx_queries", guard.detect.mx_queries)
      .add("throttled", guard.enforce.slowed)
      .add("slowed", guard.slowed)
      .add("ledger_waiting", ledger.waiting)
      .add("ledger_lost", ledger.given_up);
  return line;
}

GuardState state_of(const GuardFigures& figures) {
  const auto& [guard, nflog, conntrack, ledger] = figures;
  GuardState state;
  state.packets = nflog.packets;
  state.connections = guard.connections.connections;
  state.state_changes = conntrack.events;
  state.lost_packets = nflog.lost;
  state.packet_overruns = nflog.overruns;
  state.change_overruns = conntrack.overruns;
  state.unreadable = nflog.unreadable;
  state.clients = guard.detect.clients;
  state.forgotten_clients = guard.detect.forgotten_clients;
  state.forgotten_connections = guard.connections.given_up;
  state.blocks = guard.blocks;
  state.slowed = guard.slowed;
  state.blocks_added = guard.enforce.added;
  state.blocks_waiting = guard.waiting;
  state.ledger_waiting = ledger.waiting;
  state.ledger_lost = ledger.given_up;
  return state;
}

}  // namespace mailweir
