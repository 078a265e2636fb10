// Kernel logs: any bytes, as a block and line by line, give the same packets and count every line once.
#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

#include "base/mail_ports.h"
#include "base/must.h"
#include "ingest/log_block.h"
#include "tests/support/log_packets.h"

namespace {

// What the block says of a line and what the line says by itself.
void must_be_same(const mailweir::LogLine& line, const mailweir::LogSighting& sighting,
                  const mailweir::LogBlock& block) {
  const auto& one = line.packet;
  const auto& other = sighting.packet;
  MUST(line.time.us == other.time.time_since_epoch().count() && line.time.base == sighting.base);
  MUST(one.source == other.source && one.destination == other.destination);
  MUST(one.source_port == other.source_port && one.destination_port == other.destination_port);
  MUST(one.payload == other.payload && one.sequence == other.sequence && one.ip_id == other.ip_id);
  MUST(one.flags == other.flags && one.path == other.path);
  const auto named = [](std::string_view name, const mailweir::Names& names, std::uint16_t number) {
    return number == mailweir::Names::kOther || names.texts()[number] == name;
  };
  MUST(named(line.rule, block.rules, other.rule));
  MUST(named(line.in, block.interfaces, sighting.in) && named(line.out, block.interfaces, sighting.out));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  LogBlock block;
  read_log_block(text, block);
  MUST(std::accumulate(block.kinds.begin(), block.kinds.end(), std::uint64_t{0}) == block.lines);
  const std::vector<LogSighting> sightings = test::packets_of(block);
  MUST(block.kinds[static_cast<std::size_t>(LineKind::MailPacket)] == sightings.size());
  for (const LogSighting& sighting : sightings) {
    MUST(is_sending_port(sighting.packet.source_port) || is_sending_port(sighting.packet.destination_port));
    MUST(sighting.packet.source.is_v4() == sighting.packet.destination.is_v4());
  }

  std::size_t packets = 0;
  LogLine parsed;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    // A copy of its own, and a reader without memory: what is read past the line, or remembered wrongly, shows.
    const std::vector<char> line(text.begin() + static_cast<std::ptrdiff_t>(at),
                                 text.begin() + static_cast<std::ptrdiff_t>(end));
    const std::string_view view(line.data(), line.size());
    LogLineReader reader;
    if (view.size() <= kLogLineMax && reader.read(view, find_line_marks(view), parsed) == LineKind::MailPacket) {
      MUST(packets < sightings.size());
      must_be_same(parsed, sightings[packets], block);
      ++packets;
    }
    at = end + 1;
  }
  MUST(packets == sightings.size());
  return 0;
}
