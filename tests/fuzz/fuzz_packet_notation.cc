// Packets as people write them: a packet or an error with its column; what is written of it reads back as the same
// text.
#include <cstdint>
#include <string_view>

#include "base/must.h"
#include "simulate/packet_notation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir::rules;
  const auto written = read_packet({reinterpret_cast<const char*>(data), size});
  if (!written) {
    for (const char c : written.error().text()) MUST(c >= ' ' && c <= '~');
    return 0;
  }
  const std::string text = write_packet(written->packet);
  const auto again = read_packet(text);
  MUST(!again || write_packet(again->packet) == text);
  return 0;
}
