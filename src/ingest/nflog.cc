#include "ingest/nflog.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/folded_hash.h"
#include "ingest/mx_query.h"
#include "ingest/nflog_packet.h"
#include "packet/decode.h"

namespace mailweir {
namespace {

constexpr std::uint32_t kSnapLength = 128;  // as in our log rule
constexpr std::uint32_t kFlushCentiseconds = 1;
constexpr std::size_t kReceiveBuffer = std::size_t{32} << 20;

// Enough to tell two neighbours apart. Who makes an address to look like another one's gains nothing by it.
std::uint16_t fingerprint(Bytes hardware) {
  if (hardware.empty()) return 0;
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : hardware) bits = bits << 8 | byte;
  const auto hash =
      static_cast<std::uint16_t>(folded_product(bits ^ 0x9e37'79b9'7f4a'7c15, 0xbf58'476d'1ce4'e5b9) >> 48);
  return hash == 0 ? std::uint16_t{1} : hash;
}

constexpr std::uint16_t kConfig = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;

}  // namespace

NflogSource::NflogSource(NetlinkSocket socket, std::uint16_t group) : socket_(std::move(socket)), group_(group) {}

Result<NflogSource> NflogSource::open(std::uint16_t group) {
  auto socket = NetlinkSocket::open();
  if (!socket) return fail(std::move(socket).error());
  NflogSource source(std::move(*socket), group);
  source.receive_buffer_ = source.socket_.receive_buffer(kReceiveBuffer);

  NetlinkRequest request(1024);
  request.message(kConfig, NLM_F_ACK, AF_UNSPEC, group);
  request.put_u8(NFULA_CFG_CMD, NFULNL_CFG_CMD_BIND);
  if (const auto bound = source.socket_.request(request); !bound) {
    // A group has one listener; the kernel answers the next one as it answers somebody without the right to listen.
    if (bound.error().number() == EBUSY || bound.error().number() == EPERM) {
      return fail(ErrorCode::Refused, "NFLOG group " + std::to_string(group) +
                                          " is taken: another program listens to it, perhaps another mailweir in this "
                                          "network namespace");
    }
    return fail(Error(bound.error()).in("listening to NFLOG group " + std::to_string(group)));
  }
  request.clear();
  request.message(kConfig, NLM_F_ACK, AF_UNSPEC, group);
  const std::uint8_t mode[] = {0, 0, kSnapLength >> 8, kSnapLength & 0xff, NFULNL_COPY_PACKET, 0};
  request.put(NFULA_CFG_MODE, mode);
  request.put_be32(NFULA_CFG_TIMEOUT, kFlushCentiseconds);
  request.put_be16(NFULA_CFG_FLAGS, NFULNL_CFG_F_SEQ);
  if (const auto set = source.socket_.request(request); !set) return fail(Error(set.error()).in("setting up NFLOG"));
  if (const auto set = source.gather(QueueThreshold::kQuiet); !set) return fail(set.error());
  return source;
}

// Not acknowledged: an acknowledgement would stand among the packets.
Result<void> NflogSource::gather(GatherSettings settings) {
  NetlinkRequest request(256);
  request.message(kConfig, 0, AF_UNSPEC, group_);
  request.put_be32(NFULA_CFG_QTHRESH, settings.packets);
  request.put_be32(NFULA_CFG_NLBUFSIZ, settings.buffer_bytes);
  return socket_.post(request);
}

void NflogSource::take(const NetlinkMessage& message, Time now, std::vector<LoggedPacket>& out) {
  if (message.subsystem() != NFNL_SUBSYS_ULOG || message.kind() != NFULNL_MSG_PACKET) return;
  ++counters_.packets;
  const NflogPacket logged = decode_nflog(message.attributes());
  if (logged.sequence) {
    // After a wrap, or when the group was bound anew, a "gap" of half the numbers is no gap.
    const std::uint32_t gap = next_sequence_ ? *logged.sequence - *next_sequence_ : 0;
    if (gap < 0x8000'0000U) counters_.lost += gap;
    next_sequence_ = *logged.sequence + 1;
  }
  TcpPacket tcp;
  UdpPacket udp;
  if (const Decoded decoded = decode_ip(logged.payload, tcp, 0, &udp); decoded != Decoded::Tcp) {
    const auto name = decoded == Decoded::NotTcp ? mx_query(udp) : std::nullopt;
    if (udp.destination_port != kDnsPort) ++counters_.unreadable;
    if (name) {
      ++counters_.mx_queries;
      out.push_back({mx_sighting(udp, *name, logged.time.value_or(now)), logged.time.value_or(now)});
    }
    return;
  }
  LoggedPacket& taken = out.emplace_back();
  taken.received = logged.time.value_or(now);
  PacketSighting& packet = taken.packet;
  packet.time = taken.received;
  packet.source = tcp.source;
  packet.destination = tcp.destination;
  packet.source_port = tcp.source_port;
  packet.destination_port = tcp.destination_port;
  packet.payload = tcp.payload;
  packet.sequence = tcp.sequence;
  packet.ip_id = tcp.ip_id;
  packet.hardware = fingerprint(logged.hardware);
  packet.flags = tcp.flags;
  packet.path = Path::Forward;
  packet.view = View::TwoSided;  // conntrack tells the rest
}

Result<void> NflogSource::read(const Clock& clock, std::vector<LoggedPacket>& out, std::size_t packets_max) {
  const std::uint64_t before = counters_.packets;
  while (counters_.packets - before < packets_max) {
    auto received = socket_.receive();
    if (!received) return fail(std::move(received).error());
    if (received->kind == NetlinkSocket::Received::Kind::Nothing) break;
    if (received->kind == NetlinkSocket::Received::Kind::Overrun) {
      ++counters_.overruns;
      continue;
    }
    const Time now = clock.now();
    const std::uint64_t taken_before = counters_.packets;
    while (const auto message = take_message(received->bytes)) take(*message, now, out);
    if (const auto changed = threshold_.count(counters_.packets - taken_before, now)) {
      if (threshold_.busy()) ++counters_.gathered;
      if (const auto set = gather(*changed); !set) return set;
    }
  }
  if (counters_.packets == before) {
    if (const auto changed = threshold_.count(0, clock.now())) return gather(*changed);
  }
  return {};
}

}  // namespace mailweir
