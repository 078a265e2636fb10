// Messages of the kernel's connection tracking, one behind the other, and what live connections make of them.
#include <cstdint>
#include <vector>

#include "base/must.h"
#include "ingest/conntrack.h"
#include "ingest/live_connections.h"
#include "sys/netlink_attribute.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  LiveConnections connections(LiveLimits{.connections_max = 4});
  LiveConnections::Events events;
  Bytes bytes(data, size);
  Time now{std::chrono::seconds(1'700'000'000)};
  while (const auto message = take_message(bytes)) {
    now += std::chrono::seconds(message->sequence % 32);
    const auto event = decode_conntrack(*message, now);
    if (!event) continue;
    MUST(event->flow.tuple.client.is_v4() == event->flow.tuple.server.is_v4());
    PacketSighting packet;
    packet.time = now;
    packet.source = event->flow.tuple.client;
    packet.destination = event->flow.tuple.server;
    packet.source_port = event->flow.tuple.client_port;
    packet.destination_port = event->flow.tuple.server_port;
    packet.sequence = message->port % 2;
    packet.flags = tcp_flag::kSyn;
    connections.sighted(packet, events);
    connections.tracked(*event, events);
    const auto ended = connections.take_ended();
    connections.counted(ended, std::vector(ended.size(), event->flow.counters), now, events);
    connections.advance(now, events);
  }
  std::uint64_t opened = 0, judged = 0;
  Time last{};
  for (const ConnectionEvent& event : events) {
    opened += event.kind == ConnectionEvent::Kind::Opened;
    judged += event.kind == ConnectionEvent::Kind::Judged;
    MUST(event.time >= last);
    last = event.time;
  }
  MUST(judged <= opened);
  return 0;
}
