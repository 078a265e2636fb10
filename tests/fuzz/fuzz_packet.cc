// Frames of every link type: first byte chooses it, the second one says how much a snap length cut.
#include <array>
#include <cstdint>
#include <span>

#include "base/must.h"
#include "packet/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  constexpr std::array kLinks{1, 0, 9, 12, 50, 51, 101, 104, 108, 113, 228, 229, 239, 276, 127};
  if (size < 2) return 0;
  const int link = kLinks[data[0] % kLinks.size()];
  const std::span frame(data + 2, size - 2);
  TcpPacket packet;
  packet.payload = 0xffff'ffff;
  const Decoded decoded = decode_frame(link, frame, packet, frame.size() + data[1]);
  if (decoded != Decoded::Tcp) {
    MUST(packet.payload == 0xffff'ffff);
    return 0;
  }
  MUST(packet.payload <= 0xffff + frame.size() + data[1]);
  MUST(packet.source.is_v4() == packet.destination.is_v4());
  return 0;
}
