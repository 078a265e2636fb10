#include "ingest/nflog_packet.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink_log.h>

#include "sys/netlink_request.h"

namespace mailweir {
namespace {

NflogPacket decoded(const NetlinkRequest& request) {
  Bytes bytes = request.bytes();
  return decode_nflog(take_message(bytes)->attributes());
}

class NflogPacketTest : public testing::Test {
 protected:
  NflogPacketTest() { request.message(0x0400, 0, 2); }
  void put_time(std::uint64_t seconds, std::uint64_t microseconds) {
    std::vector<std::uint8_t> value;
    for (const std::uint64_t part : {seconds, microseconds}) {
      for (int shift = 56; shift >= 0; shift -= 8) value.push_back(static_cast<std::uint8_t>(part >> shift));
    }
    request.put(NFULA_TIMESTAMP, value);
  }
  NetlinkRequest request{1024};
};

TEST_F(NflogPacketTest, WhatTheKernelWritesIsRead) {
  put_time(1'700'000'000, 250'000);
  const std::uint8_t payload[] = {0x45, 0, 0, 20};
  request.put(NFULA_PAYLOAD, payload);
  request.put_be32(NFULA_SEQ, 77);
  const NflogPacket packet = decoded(request);
  EXPECT_EQ(packet.payload.size(), 4U);
  EXPECT_EQ(packet.sequence, 77U);
  EXPECT_EQ(packet.time, Time(std::chrono::microseconds(1'700'000'000'250'000)));
}

TEST_F(NflogPacketTest, TheSendersHardwareAddressIsRead) {
  const std::uint8_t value[] = {0, 6, 0, 0, 2, 0, 0, 0, 0, 7, 0, 0};
  request.put(NFULA_HWADDR, value);
  const Bytes hardware = decoded(request).hardware;
  ASSERT_EQ(hardware.size(), 6U);
  EXPECT_EQ(hardware[5], 7);
}

TEST_F(NflogPacketTest, AHardwareAddressThatDoesNotFitIsNone) {
  const std::uint8_t value[] = {0, 9, 0, 0, 2, 0, 0, 0, 0, 7, 0, 0};
  request.put(NFULA_HWADDR, value);
  EXPECT_TRUE(decoded(request).hardware.empty());
  request.clear();
  request.message(0x0400, 0, 2);
  request.put_be32(NFULA_HWADDR, 6);
  EXPECT_TRUE(decoded(request).hardware.empty());
}

TEST_F(NflogPacketTest, NothingIsRequired) {
  const NflogPacket packet = decoded(request);
  EXPECT_TRUE(packet.payload.empty());
  EXPECT_TRUE(packet.hardware.empty());
  EXPECT_FALSE(packet.time);
  EXPECT_FALSE(packet.sequence);
}

TEST_F(NflogPacketTest, ATimeThatCannotBeIsNone) {
  put_time(0, 0);
  EXPECT_FALSE(decoded(request).time);
  request.clear();
  request.message(0x0400, 0, 2);
  put_time(1'700'000'000, 1'000'000);
  EXPECT_FALSE(decoded(request).time);
  request.clear();
  request.message(0x0400, 0, 2);
  put_time(~0ULL, 0);
  EXPECT_FALSE(decoded(request).time);
  request.clear();
  request.message(0x0400, 0, 2);
  request.put_be32(NFULA_TIMESTAMP, 1);
  EXPECT_FALSE(decoded(request).time);
}

}  // namespace
}  // namespace mailweir
