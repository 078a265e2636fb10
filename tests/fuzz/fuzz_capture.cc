// Capture files, through the reader, the scope and the follower: times and events keep their promises.
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/must.h"
#include "ingest/capture_reader.h"
#include "ingest/client_scope.h"
#include "ingest/connection_follower.h"
#include "record/connection_event.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  std::span<const std::uint8_t> left(data, size);
  auto reader = CaptureReader::open([&](std::span<std::uint8_t> into) -> Result<std::size_t> {
    const std::size_t count = std::min(into.size(), left.size());
    std::copy_n(left.begin(), count, into.begin());
    left = left.subspan(count);
    return count;
  });
  if (!reader) return 0;
  const ClientScope scope;
  ConnectionFollower follower({.connections_max = 4});
  std::vector<ConnectionEvent> events;
  PacketSighting sighting;
  Time latest;
  while (reader->next(sighting)) {
    MUST(sighting.time >= latest);
    latest = sighting.time;
    follower.observe(sighting, scope.way_of(sighting) == Way::FromClient, events);
  }
  follower.finish(events);
  std::uint64_t opened = 0, established = 0, judged = 0;
  for (const ConnectionEvent& event : events) {
    opened += event.kind == ConnectionEvent::Kind::Opened;
    established += event.kind == ConnectionEvent::Kind::Established;
    judged += event.kind == ConnectionEvent::Kind::Judged;
    MUST(established <= opened && judged <= opened);
  }
  MUST(opened == follower.counters().connections);
  MUST(std::is_sorted(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.time < b.time; }));
  return 0;
}
