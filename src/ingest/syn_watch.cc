#include "ingest/syn_watch.h"

#include <functional>

#include "base/address_scope.h"
#include "record/packet_sighting.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;
// The longest a gateway holds a packet it forwards: far above what a loaded one needs, far below a retransmission.
constexpr Duration kForwardingMax = 100ms;

template <typename Slots>
auto& slot(Slots& slots, IpAddress server, std::uint16_t server_port, std::uint32_t other) {
  const std::size_t hash = std::hash<IpAddress>{}(server) + std::size_t{other} * 0x9e37'79b9U + server_port;
  return slots[(hash ^ hash >> 20) % slots.size()];
}

}  // namespace

bool SynWatch::is_translated_copy(const TcpPacket& packet, Time time) {
  const bool syn = (packet.flags & tcp_flag::kSyn) != 0;
  const bool ack = (packet.flags & tcp_flag::kAck) != 0;
  const bool reset = (packet.flags & tcp_flag::kRst) != 0;
  if (!answers_seen_ && ((syn && ack) || reset)) {
    const Syn& asked = slot(by_ports_, packet.source, packet.source_port, packet.destination_port);
    answers_seen_ = asked.server == packet.source && asked.server_port == packet.source_port &&
                    asked.client == packet.destination && asked.client_port == packet.destination_port;
  }
  if (!syn || ack) return false;
  syns_seen_ = true;
  const Syn now{.time = time,
                .client = packet.source,
                .server = packet.destination,
                .sequence = packet.sequence,
                .client_port = packet.source_port,
                .server_port = packet.destination_port,
                .ip_id = packet.ip_id};
  slot(by_ports_, now.server, now.server_port, now.client_port) = now;
  if (now.sequence == 0) return false;  // made by hand: others will carry the same
  Syn& before = slot(by_sequence_, now.server, now.server_port, now.sequence);
  const bool copy = before.server == now.server && before.server_port == now.server_port &&
                    before.sequence == now.sequence && before.ip_id == now.ip_id && before.client != now.client &&
                    before.time <= time && time - before.time <= kForwardingMax &&
                    scope_of(before.client) == AddressScope::Private && scope_of(now.client) == AddressScope::Public;
  if (!copy) before = now;
  return copy;
}

}  // namespace mailweir
