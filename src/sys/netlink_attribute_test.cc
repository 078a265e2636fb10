#include "sys/netlink_attribute.h"

#include <gtest/gtest.h>

#include <vector>

#include "sys/netlink_request.h"

namespace mailweir {
namespace {

std::vector<std::uint16_t> types_in(Bytes bytes) {
  std::vector<std::uint16_t> types;
  for (const NetlinkAttribute attribute : NetlinkAttributes(bytes)) types.push_back(attribute.type);
  return types;
}

TEST(NetlinkAttributes, WhatWasWrittenIsRead) {
  NetlinkRequest request(1024);
  request.message(0x0102, 0, 2);
  request.put_be16(7, 25);
  const auto nest = request.begin_nest(9);
  request.put_be32(1, 0x01020304);
  request.put_text(2, "name");
  request.end_nest(nest);
  request.put_be64(8, 1ULL << 40);

  Bytes bytes = request.bytes();
  const auto message = take_message(bytes);
  ASSERT_TRUE(message);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(message->subsystem(), 1);
  EXPECT_EQ(message->kind(), 2);
  EXPECT_EQ(message->family(), 2);
  EXPECT_EQ(message->attributes().find(7)->be16(), 25);
  EXPECT_EQ(message->attributes().find(8)->be64(), 1ULL << 40);
  const NetlinkAttributes inner(message->attributes().find(9)->value);
  EXPECT_EQ(inner.find(1)->be32(), 0x01020304u);
  EXPECT_EQ(inner.find(2)->text(), "name");
  EXPECT_FALSE(inner.find(3));
  EXPECT_FALSE(inner.find(1)->be16()) << "a number of another length is not that number";
}

TEST(NetlinkAttributes, LengthsThatLieEndTheWalk) {
  EXPECT_TRUE(types_in({}).empty());
  const std::uint8_t shorter_than_a_header[] = {8, 0, 1};
  EXPECT_TRUE(types_in(shorter_than_a_header).empty());
  const std::uint8_t zero_length[] = {0, 0, 1, 0, 4, 0, 2, 0};
  EXPECT_TRUE(types_in(zero_length).empty()) << "would never advance";
  const std::uint8_t past_the_end[] = {4, 0, 1, 0, 9, 0, 2, 0, 1, 2, 3, 4};
  EXPECT_EQ(types_in(past_the_end), std::vector<std::uint16_t>{1});
  const std::uint8_t padding_cut_off[] = {5, 0, 1, 0, 0xff};
  EXPECT_EQ(types_in(padding_cut_off), std::vector<std::uint16_t>{1});
}

TEST(NetlinkAttributes, FlagBitsAreNotPartOfTheType) {
  const std::uint8_t nested[] = {4, 0, 3, 0x80};
  EXPECT_EQ(types_in(nested), std::vector<std::uint16_t>{3});
}

TEST(NetlinkMessages, LengthsThatLieEndTheWalk) {
  std::vector<std::uint8_t> bytes(15);
  Bytes rest(bytes);
  EXPECT_FALSE(take_message(rest));
  bytes.assign(16, 0);
  rest = bytes;
  EXPECT_FALSE(take_message(rest)) << "length 0";
  bytes[0] = 17;
  rest = bytes;
  EXPECT_FALSE(take_message(rest)) << "past the end";
  bytes[0] = 16;
  rest = bytes;
  EXPECT_TRUE(take_message(rest));
  EXPECT_TRUE(rest.empty());
}

}  // namespace
}  // namespace mailweir
