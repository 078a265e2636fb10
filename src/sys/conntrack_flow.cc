#include "sys/conntrack_flow.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

namespace mailweir {
namespace {

std::optional<IpAddress> address_in(const NetlinkAttributes& ip, std::uint16_t v4, std::uint16_t v6) {
  if (const auto short_form = ip.find(v4)) {
    const auto bits = short_form->be32();
    return bits ? std::optional(IpAddress::v4(*bits)) : std::nullopt;
  }
  const auto long_form = ip.find(v6);
  if (!long_form || long_form->value.size() != 16) return std::nullopt;
  const IpAddress address = IpAddress::v6(std::span<const std::uint8_t, 16>(long_form->value));
  return address.is_v4() ? std::nullopt : std::optional(address);
}

std::optional<FlowTuple> decode_tuple(const NetlinkAttribute& nest) {
  const NetlinkAttributes tuple(nest.value);
  const auto ip = tuple.find(CTA_TUPLE_IP);
  const auto protocol = tuple.find(CTA_TUPLE_PROTO);
  if (!ip || !protocol) return std::nullopt;
  const NetlinkAttributes addresses(ip->value);
  const auto client = address_in(addresses, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
  const auto server = address_in(addresses, CTA_IP_V4_DST, CTA_IP_V6_DST);
  const NetlinkAttributes ports(protocol->value);
  const auto number = ports.find(CTA_PROTO_NUM);
  const auto from = ports.find(CTA_PROTO_SRC_PORT);
  const auto to = ports.find(CTA_PROTO_DST_PORT);
  if (!client || !server || client->is_v4() != server->is_v4()) return std::nullopt;
  if (!number || number->u8() != IPPROTO_TCP || !from || !from->be16() || !to || !to->be16()) return std::nullopt;
  return FlowTuple{*client, *server, *from->be16(), *to->be16()};
}

struct Count {
  std::uint64_t packets, bytes;
};

std::optional<Count> decode_count(const std::optional<NetlinkAttribute>& nest) {
  if (!nest) return std::nullopt;
  const NetlinkAttributes counters(nest->value);
  const auto packets = counters.find(CTA_COUNTERS_PACKETS);
  const auto bytes = counters.find(CTA_COUNTERS_BYTES);
  if (!packets || !packets->be64() || !bytes || !bytes->be64()) return std::nullopt;
  return Count{*packets->be64(), *bytes->be64()};
}

std::optional<TcpState> decode_state(const NetlinkAttributes& flow) {
  const auto info = flow.find(CTA_PROTOINFO);
  if (!info) return std::nullopt;
  const auto tcp = NetlinkAttributes(info->value).find(CTA_PROTOINFO_TCP);
  if (!tcp) return std::nullopt;
  const auto state = NetlinkAttributes(tcp->value).find(CTA_PROTOINFO_TCP_STATE);
  if (!state || !state->u8() || *state->u8() > static_cast<std::uint8_t>(TcpState::SynSent2)) return std::nullopt;
  return static_cast<TcpState>(*state->u8());
}

}  // namespace

std::optional<ConntrackFlow> decode_flow(const NetlinkAttributes& attributes) {
  const auto original = attributes.find(CTA_TUPLE_ORIG);
  if (!original) return std::nullopt;
  const auto tuple = decode_tuple(*original);
  if (!tuple) return std::nullopt;
  ConntrackFlow flow;
  flow.tuple = *tuple;
  flow.state = decode_state(attributes);
  if (const auto reply = attributes.find(CTA_TUPLE_REPLY)) {
    if (const auto back = decode_tuple(*reply)) flow.answerer = back->client;
  }
  const auto out = decode_count(attributes.find(CTA_COUNTERS_ORIG));
  const auto back = decode_count(attributes.find(CTA_COUNTERS_REPLY));
  if (out && back) flow.counters = FlowCounters{out->packets, out->bytes, back->packets, back->bytes};
  if (const auto status = attributes.find(CTA_STATUS))
    flow.reply_seen = (status->be32().value_or(0) & IPS_SEEN_REPLY) != 0;
  return flow;
}

std::uint8_t family_of(const FlowTuple& tuple) { return tuple.client.is_v4() ? AF_INET : AF_INET6; }

void put_flow(NetlinkRequest& request, const FlowTuple& tuple, std::uint16_t direction) {
  const auto nest = request.begin_nest(direction);
  const auto ip = request.begin_nest(CTA_TUPLE_IP);
  if (tuple.client.is_v4()) {
    request.put_be32(CTA_IP_V4_SRC, tuple.client.v4_bits());
    request.put_be32(CTA_IP_V4_DST, tuple.server.v4_bits());
  } else {
    std::array<std::uint8_t, 16> bytes;
    tuple.client.write(bytes);
    request.put(CTA_IP_V6_SRC, bytes);
    tuple.server.write(bytes);
    request.put(CTA_IP_V6_DST, bytes);
  }
  request.end_nest(ip);
  const auto protocol = request.begin_nest(CTA_TUPLE_PROTO);
  request.put_u8(CTA_PROTO_NUM, IPPROTO_TCP);
  request.put_be16(CTA_PROTO_SRC_PORT, tuple.client_port);
  request.put_be16(CTA_PROTO_DST_PORT, tuple.server_port);
  request.end_nest(protocol);
  request.end_nest(nest);
}

}  // namespace mailweir
