#include "ingest/syn_watch.h"

#include <functional>

#include "ingest/address_scope.h"
#include "record/packet_sighting.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;
// The longest a gateway holds a packet it forwards: far above what a loaded one needs, far below a retransmission.
constexpr Duration kForwardingMax = 100ms;

}  // namespace

SynWatch::Syn& SynWatch::slot(IpAddress server, std::uint16_t port, std::uint32_t sequence) {
  const std::size_t hash = std::hash<IpAddress>{}(server) + sequence * 0x9e37'79b9U + port;
  return slots_[(hash ^ hash >> 20) % kRemembered];
}

bool SynWatch::is_translated_copy(const TcpPacket& packet, Time time) {
  const bool syn = (packet.flags & tcp_flag::kSyn) != 0;
  const bool ack = (packet.flags & tcp_flag::kAck) != 0;
  const bool reset = (packet.flags & tcp_flag::kRst) != 0;
  if (ack && (syn || reset) && !answers_seen_) {  // SYN-ACK, or the RST-ACK that refuses: both acknowledge the SYN
    const std::uint32_t sequence = packet.acknowledgement - 1;
    const Syn& asked = slot(packet.source, packet.source_port, sequence);
    answers_seen_ = asked.sequence == sequence && sequence != 0 && asked.server == packet.source &&
                    asked.server_port == packet.source_port && asked.client == packet.destination;
  }
  if (!syn || ack || packet.sequence == 0) return false;
  Syn& seen = slot(packet.destination, packet.destination_port, packet.sequence);
  const bool copy = seen.sequence == packet.sequence && seen.server == packet.destination &&
                    seen.server_port == packet.destination_port && seen.client != packet.source &&
                    seen.ip_id == packet.ip_id && time - seen.time <= kForwardingMax && seen.time <= time &&
                    scope_of(seen.client) == AddressScope::Private && scope_of(packet.source) == AddressScope::Public;
  if (!copy) {
    seen = {time, packet.source, packet.destination, packet.sequence, packet.destination_port, packet.ip_id};
  }
  return copy;
}

}  // namespace mailweir
