// Messages of the kernel's NFLOG, one behind the other.
#include <cstdint>
#include <span>

#include "base/must.h"
#include "ingest/nflog_packet.h"
#include "packet/decode.h"
#include "sys/netlink_attribute.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  Bytes bytes(data, size);
  while (const auto message = take_message(bytes)) {
    MUST(message->body.data() >= data && message->body.data() + message->body.size() <= data + size);
    const NflogPacket logged = decode_nflog(message->attributes());
    if (!logged.payload.empty()) {
      MUST(logged.payload.data() >= data && logged.payload.data() + logged.payload.size() <= data + size);
    }
    if (logged.time) MUST(*logged.time > Time{});
    TcpPacket packet;
    (void)decode_ip(logged.payload, packet);
  }
  return 0;
}
