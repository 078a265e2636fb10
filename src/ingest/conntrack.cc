#include "ingest/conntrack.h"

#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>

namespace mailweir {
namespace {

constexpr std::size_t kReceiveBuffer = std::size_t{16} << 20;

sock_filter statement(std::uint16_t code, std::uint32_t value) { return {code, 0, 0, value}; }
sock_filter jump_if_equal(std::uint32_t value, std::uint8_t then, std::uint8_t otherwise) {
  return {BPF_JMP | BPF_JEQ | BPF_K, then, otherwise, value};
}

// Accepts messages whose original direction goes to one of `ports`, and whatever is built differently than we know.
std::vector<sock_filter> port_filter(std::span<const std::uint16_t> ports) {
  constexpr std::uint32_t kFirstAttribute = sizeof(nlmsghdr) + sizeof(nfgenmsg);
  constexpr std::uint32_t kFind = SKF_AD_OFF + SKF_AD_NLATTR;             // A: where to begin, X: type
  constexpr std::uint32_t kFindInside = SKF_AD_OFF + SKF_AD_NLATTR_NEST;  // A: the nest; 0 when not found
  const auto count = static_cast<std::uint8_t>(ports.size());
  std::vector<sock_filter> program{statement(BPF_LD | BPF_IMM, kFirstAttribute)};
  const auto find = [&](std::uint32_t how, std::uint32_t type, std::uint8_t to_accept) {
    program.push_back(statement(BPF_LDX | BPF_IMM, type));
    program.push_back(statement(BPF_LD | BPF_B | BPF_ABS, how));
    program.push_back(jump_if_equal(0, to_accept, 0));
  };
  find(kFind, CTA_TUPLE_ORIG, static_cast<std::uint8_t>(count + 9));
  find(kFindInside, CTA_TUPLE_PROTO, static_cast<std::uint8_t>(count + 6));
  find(kFindInside, CTA_PROTO_DST_PORT, static_cast<std::uint8_t>(count + 3));
  program.push_back(statement(BPF_MISC | BPF_TAX, 0));
  program.push_back(statement(BPF_LD | BPF_H | BPF_IND, sizeof(nlattr)));
  for (std::uint8_t i = 0; i < count; ++i) {
    program.push_back(jump_if_equal(ports[i], static_cast<std::uint8_t>(count - i), 0));
  }
  program.push_back(statement(BPF_RET | BPF_K, 0));
  program.push_back(statement(BPF_RET | BPF_K, 0xffff'ffff));
  return program;
}

}  // namespace

std::optional<ConntrackEvent> decode_conntrack(const NetlinkMessage& message, Time now) {
  if (message.subsystem() != NFNL_SUBSYS_CTNETLINK) return std::nullopt;
  const bool destroyed = message.kind() == IPCTNL_MSG_CT_DELETE;
  if (!destroyed && message.kind() != IPCTNL_MSG_CT_NEW) return std::nullopt;
  const auto flow = decode_flow(message.attributes());
  if (!flow) return std::nullopt;
  return ConntrackEvent{destroyed ? ConntrackEvent::Kind::Destroy : ConntrackEvent::Kind::Update, *flow, now};
}

Result<ConntrackSource> ConntrackSource::open(std::span<const std::uint16_t> ports) {
  auto events = NetlinkSocket::open();
  auto questions = NetlinkSocket::open();
  if (!events) return fail(std::move(events).error());
  if (!questions) return fail(std::move(questions).error());
  events->receive_buffer(kReceiveBuffer);
  questions->receive_buffer(kReceiveBuffer);
  // The filter first, so that nothing foreign is queued before it.
  if (auto set = events->filter(port_filter(ports)); !set) return fail(std::move(set).error());
  for (const std::uint32_t group : {NFNLGRP_CONNTRACK_UPDATE, NFNLGRP_CONNTRACK_DESTROY}) {
    if (auto joined = events->join(group); !joined) return fail(std::move(joined).error().in("connection tracking"));
  }
  return ConntrackSource(std::move(*events), std::move(*questions), ports);
}

bool ConntrackSource::watched(std::uint16_t port) const {
  return std::find(ports_.begin(), ports_.end(), port) != ports_.end();
}

Result<void> ConntrackSource::read(const Clock& clock, Batch& batch, std::size_t events_max) {
  for (std::size_t taken = 0; taken < events_max;) {
    auto received = events_.receive();
    if (!received) return fail(std::move(received).error());
    if (received->kind == NetlinkSocket::Received::Kind::Nothing) break;
    if (received->kind == NetlinkSocket::Received::Kind::Overrun) {
      ++counters_.overruns;
      batch.lost = true;
      continue;
    }
    const Time now = clock.now();
    while (const auto message = take_message(received->bytes)) {
      const auto event = decode_conntrack(*message, now);
      if (!event || !watched(event->flow.tuple.server_port)) {
        ++counters_.foreign;
        continue;
      }
      ++counters_.events;
      ++taken;
      batch.events.push_back(*event);
    }
  }
  return {};
}

Result<std::vector<ConntrackFlow>> ConntrackSource::list() {
  std::vector<ConntrackFlow> flows;
  NetlinkRequest request(256);
  request.message(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
  const auto asked = questions_.request(request, [&](const NetlinkMessage& message) {
    const auto flow = decode_flow(message.attributes());
    if (flow && watched(flow->tuple.server_port)) flows.push_back(*flow);
  });
  if (!asked) return fail(Error(asked.error()).in("listing tracked connections"));
  return flows;
}

}  // namespace mailweir
