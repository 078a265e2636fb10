#include "apply/block_elements.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nf_tables.h>

#include <vector>

namespace mailweir {
namespace {

std::vector<SetElement> read(const NetlinkRequest& request, bool v4) {
  std::vector<SetElement> elements;
  Bytes bytes = request.bytes();
  while (const auto message = take_message(bytes)) {
    read_elements(*message, v4, [&](const SetElement& element) { elements.push_back(element); });
  }
  return elements;
}

TEST(BlockElements, WhatIsWrittenIsRead) {
  const Block v4{*IpPrefix::parse("172.16.0.5"), BlockScope::AllSending, "mw-1", std::chrono::hours(1), {}, 0};
  const Block v6{*IpPrefix::parse("fd16:0:0:1::/64"), BlockScope::AllSending, "mw-2", std::chrono::seconds(90), {}, 0};
  for (const Block& block : {v4, v6}) {
    const bool is_v4 = block.client.base().is_v4();
    NetlinkRequest request(1024);
    const Block* one[] = {&block};
    put_new_elements(request, BlockSet::Blocked, is_v4, one);
    const auto elements = read(request, is_v4);
    ASSERT_EQ(elements.size(), 1U);
    EXPECT_EQ(elements[0].client, block.client);
    EXPECT_EQ(elements[0].case_id, block.case_id);
    EXPECT_EQ(elements[0].length, block.length);
    EXPECT_TRUE(read(request, !is_v4).empty()) << "a key of the other family's length is not a client";
  }
}

TEST(BlockElements, ALengthIsRoundedUpToWholeMilliseconds) {
  const Block block{*IpPrefix::parse("172.16.0.5"), BlockScope::AllSending, "", Duration(1), {}, 0};
  NetlinkRequest request(1024);
  const Block* one[] = {&block};
  put_new_elements(request, BlockSet::Blocked, true, one);
  EXPECT_EQ(read(request, true).at(0).length, std::chrono::milliseconds(1)) << "0 would be a block without an end";
}

TEST(BlockElements, TheLargestElementFitsItsBound) {
  const Block block{
      *IpPrefix::parse("fd16::/64"), BlockScope::AllSending, std::string(128, 'x'), std::chrono::hours(1), {}, 0};
  NetlinkRequest request(4096);
  const Block* none[] = {nullptr};
  put_new_elements(request, BlockSet::Blocked, false, std::span<const Block* const>(none).first(0));
  const std::size_t empty = request.bytes().size();
  request.clear();
  const Block* one[] = {&block};
  put_new_elements(request, BlockSet::Blocked, false, one);
  EXPECT_LE(request.bytes().size() - empty, kElementBytesMax);
}

TEST(BlockElements, CommentsOfOthersAreReadWithoutTrust) {
  NetlinkRequest request(1024);
  const auto put_with_user_data = [&](std::vector<std::uint8_t> data) {
    request.clear();
    request.message(0x0a0c, 0, 1);
    const auto list = request.begin_nest(NFTA_SET_ELEM_LIST_ELEMENTS);
    const auto element = request.begin_nest(NFTA_LIST_ELEM);
    const auto key = request.begin_nest(NFTA_SET_ELEM_KEY);
    const std::uint8_t address[] = {172, 16, 0, 5};
    request.put(NFTA_DATA_VALUE, address);
    request.end_nest(key);
    request.put(NFTA_SET_ELEM_USERDATA, data);
    request.put_be64(NFTA_SET_ELEM_EXPIRATION, ~0ULL);
    request.end_nest(element);
    request.end_nest(list);
    const auto elements = read(request, true);
    EXPECT_EQ(elements.size(), 1U);
    EXPECT_GT(elements.at(0).left, Duration{0}) << "the largest time is no negative one";
    return elements.at(0).case_id;
  };
  EXPECT_EQ(put_with_user_data({}), "");
  EXPECT_EQ(put_with_user_data({0}), "");
  EXPECT_EQ(put_with_user_data({0, 200, 'a'}), "") << "longer than there is";
  EXPECT_EQ(put_with_user_data({5, 1, 9, 0, 3, 'm', 'w', 0}), "mw") << "after another kind";
  EXPECT_EQ(put_with_user_data({0, 2, 'm', 'w'}), "mw") << "without its NUL";
}

}  // namespace
}  // namespace mailweir
