#include "sys/conntrack_flow.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

namespace mailweir {
namespace {

std::optional<ConntrackFlow> decoded(const NetlinkRequest& request) {
  Bytes bytes = request.bytes();
  return decode_flow(take_message(bytes)->attributes());
}

FlowTuple flow(const char* client, const char* server) {
  return {*IpAddress::parse(client), *IpAddress::parse(server), 40000, 25};
}

class ConntrackFlowTest : public testing::Test {
 protected:
  ConntrackFlowTest() { request.message(0x0100, 0, 2); }
  void put_count(std::uint16_t direction, std::uint64_t packets, std::uint64_t bytes) {
    const auto nest = request.begin_nest(direction);
    request.put_be64(CTA_COUNTERS_PACKETS, packets);
    request.put_be64(CTA_COUNTERS_BYTES, bytes);
    request.end_nest(nest);
  }
  void put_state(std::uint8_t state) {
    const auto info = request.begin_nest(CTA_PROTOINFO);
    const auto tcp = request.begin_nest(CTA_PROTOINFO_TCP);
    request.put_u8(CTA_PROTOINFO_TCP_STATE, state);
    request.end_nest(tcp);
    request.end_nest(info);
  }
  NetlinkRequest request{1024};
};

TEST_F(ConntrackFlowTest, WhatWeAskForIsWhatWeRead) {
  for (const FlowTuple& tuple : {flow("172.16.0.5", "192.0.2.1"), flow("fd16::5", "2001:db8::1")}) {
    request.clear();
    request.message(0x0100, 0, family_of(tuple));
    put_flow(request, tuple);
    const auto read = decoded(request);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->tuple, tuple);
    EXPECT_FALSE(read->state);
    EXPECT_FALSE(read->counters);
    EXPECT_FALSE(read->reply_seen);
  }
}

TEST_F(ConntrackFlowTest, StateCountersAndStatus) {
  put_flow(request, flow("172.16.0.5", "192.0.2.1"));
  put_count(CTA_COUNTERS_ORIG, 7, 700);
  put_count(CTA_COUNTERS_REPLY, 6, 600);
  put_state(3);
  request.put_be32(CTA_STATUS, 2);  // IPS_SEEN_REPLY
  const auto read = decoded(request);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->counters, (FlowCounters{7, 700, 6, 600}));
  EXPECT_EQ(read->state, TcpState::Established);
  EXPECT_TRUE(read->reply_seen);
}

TEST_F(ConntrackFlowTest, HalfOfTheCountersAreNoCounters) {
  put_flow(request, flow("172.16.0.5", "192.0.2.1"));
  put_count(CTA_COUNTERS_ORIG, 7, 700);
  EXPECT_FALSE(decoded(request)->counters);
}

TEST_F(ConntrackFlowTest, AStateWeDoNotKnowIsNone) {
  put_flow(request, flow("172.16.0.5", "192.0.2.1"));
  put_state(200);
  EXPECT_FALSE(decoded(request)->state);
}

TEST_F(ConntrackFlowTest, OtherProtocolsAndTornAddressesAreNoFlow) {
  const auto put = [&](std::uint8_t protocol, std::size_t address_bytes) {
    request.clear();
    request.message(0x0100, 0, 2);
    const auto nest = request.begin_nest(CTA_TUPLE_ORIG);
    const auto ip = request.begin_nest(CTA_TUPLE_IP);
    const std::vector<std::uint8_t> address(address_bytes, 1);
    request.put(CTA_IP_V4_SRC, address);
    request.put(CTA_IP_V4_DST, address);
    request.end_nest(ip);
    const auto ports = request.begin_nest(CTA_TUPLE_PROTO);
    request.put_u8(CTA_PROTO_NUM, protocol);
    request.put_be16(CTA_PROTO_SRC_PORT, 1);
    request.put_be16(CTA_PROTO_DST_PORT, 25);
    request.end_nest(ports);
    request.end_nest(nest);
    return decoded(request);
  };
  EXPECT_TRUE(put(IPPROTO_TCP, 4));
  EXPECT_FALSE(put(IPPROTO_UDP, 4));
  EXPECT_FALSE(put(IPPROTO_TCP, 3));
  EXPECT_FALSE(put(IPPROTO_TCP, 16));
  EXPECT_FALSE(put(IPPROTO_TCP, 0));
}

}  // namespace
}  // namespace mailweir
