#include "ingest/nflog_packet.h"

#include <linux/netfilter/nfnetlink_log.h>

#include <cstddef>

namespace mailweir {
namespace {

std::optional<Time> decode_time(Bytes value) {
  if (value.size() != sizeof(nfulnl_msg_packet_timestamp)) return std::nullopt;
  const auto seconds = NetlinkAttribute{0, value.first(8)}.be64();
  const auto microseconds = NetlinkAttribute{0, value.subspan(8)}.be64();
  constexpr std::uint64_t kLatest = 1ULL << 40;  // of seconds: past any clock, far from an overflow
  if (!seconds || *seconds == 0 || *seconds > kLatest || !microseconds || *microseconds >= 1'000'000)
    return std::nullopt;
  return Time(std::chrono::seconds(*seconds) + std::chrono::microseconds(*microseconds));
}

Bytes decode_hardware(Bytes value) {
  if (value.size() != sizeof(nfulnl_msg_packet_hw)) return {};
  const std::size_t length = std::size_t{value[0]} << 8 | value[1];
  constexpr std::size_t kBefore = offsetof(nfulnl_msg_packet_hw, hw_addr);
  return length <= value.size() - kBefore ? value.subspan(kBefore, length) : Bytes{};
}

}  // namespace

NflogPacket decode_nflog(const NetlinkAttributes& attributes) {
  NflogPacket packet;
  for (const NetlinkAttribute attribute : attributes) {
    switch (attribute.type) {
      case NFULA_PAYLOAD:
        packet.payload = attribute.value;
        break;
      case NFULA_TIMESTAMP:
        packet.time = decode_time(attribute.value);
        break;
      case NFULA_HWADDR:
        packet.hardware = decode_hardware(attribute.value);
        break;
      case NFULA_SEQ:
        packet.sequence = attribute.be32();
        break;
      default:
        break;
    }
  }
  return packet;
}

}  // namespace mailweir
