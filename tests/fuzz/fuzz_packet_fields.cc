// Frames somebody else wrote, with every field a rule can ask for: read, shown, and sent through connection tracking.
//
// The first byte is the link type, numbered as captures do where that is a byte; else 228 (raw IPv4) and 229 by what
// follows.
#include <cstdint>
#include <span>

#include "packet/decode.h"
#include "simulate/connection_table.h"
#include "simulate/packet_from_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  using namespace mailweir::rules;
  if (size == 0) return 0;
  const std::span<const std::uint8_t> bytes(data + 1, size - 1);
  Decoded why = Decoded::NotIp;
  const auto ip = ip_of_frame(data[0], bytes, 0, why);
  const auto packet = ip ? packet_from_bytes(ip->bytes, ip->wire_length) : packet_from_bytes(bytes);
  if (!packet) return 0;
  (void)packet_text(*packet);
  ConnectionTable table;
  for (int i = 0; i != 2; ++i) {
    const Tracked tracked = table.track(*packet, true, Time{});
    if (tracked.connection) table.confirm(*tracked.connection, Time{});
  }
  return 0;
}
