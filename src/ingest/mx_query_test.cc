#include "ingest/mx_query.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace mailweir {
namespace {

std::vector<std::uint8_t> question(std::string_view name, std::uint16_t type, std::uint8_t flags = 0x01) {
  std::vector<std::uint8_t> bytes{0x12, 0x34, flags, 0, 0, 1, 0, 0, 0, 0, 0, 1};
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    bytes.push_back(static_cast<std::uint8_t>(dot - at));
    bytes.insert(bytes.end(), name.begin() + static_cast<std::ptrdiff_t>(at),
                 name.begin() + static_cast<std::ptrdiff_t>(dot));
    at = dot + 1;
  }
  bytes.push_back(0);
  for (const std::uint16_t number : {type, std::uint16_t{1}}) {
    bytes.push_back(static_cast<std::uint8_t>(number >> 8));
    bytes.push_back(static_cast<std::uint8_t>(number));
  }
  return bytes;
}

std::optional<std::uint32_t> asked(const std::vector<std::uint8_t>& message, std::uint16_t port = kDnsPort) {
  UdpPacket packet;
  packet.source_port = 40'000;
  packet.destination_port = port;
  packet.payload = message;
  return mx_query(packet);
}

TEST(MxQuery, IsToldFromOtherQuestions) {
  EXPECT_TRUE(asked(question("example.net", 15)));
  EXPECT_FALSE(asked(question("example.net", 1)));
  EXPECT_FALSE(asked(question("example.net", 28)));
  EXPECT_FALSE(asked(question("example.net", 15), 5353));
  EXPECT_FALSE(asked(question("example.net", 15, 0x81))) << "an answer";
  EXPECT_FALSE(asked(question("example.net", 15, 0x29))) << "an update";
}

TEST(MxQuery, NamesDifferAndCaseDoesNot) {
  EXPECT_EQ(asked(question("example.net", 15)), asked(question("EXAMPLE.net", 15)));
  EXPECT_NE(asked(question("example.net", 15)), asked(question("example.org", 15)));
}

TEST(MxQuery, WhatFollowsTheQuestionMayBeCut) {
  std::vector<std::uint8_t> message = question("example.net", 15);
  ASSERT_TRUE(asked(message));
  message.pop_back();
  EXPECT_FALSE(asked(message)) << "the question itself may not";
}

TEST(MxQuery, NoNameMakesItReadPastTheEnd) {
  std::vector<std::uint8_t> message = question("example.net", 15);
  for (std::size_t length = 0; length < message.size(); ++length) {
    EXPECT_FALSE(asked({message.begin(), message.begin() + static_cast<std::ptrdiff_t>(length)}));
  }
  message[12] = 0x3f;  // a label longer than the message
  EXPECT_FALSE(asked(message));
  message[12] = 0xc0;  // a pointer to the question itself
  message[13] = 12;
  static_cast<void>(asked(message));
}

}  // namespace
}  // namespace mailweir
