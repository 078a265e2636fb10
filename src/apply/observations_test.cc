#include "apply/observations.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

// As nft 1.0.6 prints it.
constexpr char kListing[] = R"({"nftables": [{"metainfo": {"version": "1.0.6"}},
{"table": {"family": "inet", "name": "mailweir_observe_4", "handle": 17}},
{"counter": {"family": "inet", "name": "seen", "table": "mailweir_observe_4", "handle": 1, "packets": 12, "bytes": 720}},
{"counter": {"family": "inet", "name": "logged", "table": "mailweir_observe_4", "handle": 2, "packets": 10, "bytes": 600}},
{"set": {"family": "inet", "name": "while", "table": "mailweir_observe_4", "type": "nf_proto", "handle": 3,
 "flags": ["timeout"], "elem": [{"elem": {"val": "ipv4", "timeout": 7200, "expires": 7100}}]}},
{"chain": {"family": "inet", "table": "mailweir_observe_4", "name": "about", "handle": 4}},
{"rule": {"family": "inet", "table": "mailweir_observe_4", "chain": "about", "handle": 5, "comment": "port 25/tcp", "expr": []}},
{"rule": {"family": "inet", "table": "mailweir_observe_4", "chain": "about", "handle": 6, "comment": "from fd16::/32", "expr": []}},
{"rule": {"family": "inet", "table": "mailweir_observe_4", "chain": "about", "handle": 7, "comment": "hook input", "expr": []}},
{"rule": {"family": "inet", "table": "mailweir_observe_4", "chain": "input", "handle": 8, "comment": "port 26/tcp", "expr": []}}
]})";

TEST(ParseObservation, WhatNftPrints) {
  const auto found = parse_observation(kListing);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->what.number, 4);
  EXPECT_EQ(found->handle, 17U);
  EXPECT_EQ(found->seen, 12U);
  EXPECT_EQ(found->logged, 10U);
  EXPECT_FALSE(found->over);
  EXPECT_EQ(found->left, std::chrono::seconds(7100));
  EXPECT_EQ(found->what.ports, (std::vector<PortRange>{{Transport::Tcp, 25, 25}}));
  EXPECT_EQ(found->what.from, (std::vector<IpPrefix>{*IpPrefix::parse("fd16::/32")}));
  EXPECT_EQ(found->what.hooks, (std::vector<RuleHook>{RuleHook::Input}));
}

TEST(ParseObservation, AnEmptySetMeansItIsOver) {
  std::string text = kListing;
  const auto at = text.find(", \"elem\": [");
  text.erase(at, text.find("]}}", at) + 1 - at);
  const auto found = parse_observation(text);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->over);
}

TEST(ParseObservation, NothingElse) {
  for (const char* text : {"", "{}", "[]", "{\"nftables\": 1}", "{\"nftables\": [1, {}, {\"table\": 3}]}",
                           R"({"nftables": [{"table": {"name": "mailweir"}}]})",
                           R"({"nftables": [{"table": {"name": "mailweir_observe_x"}}]})",
                           R"({"nftables": [{"table": {"name": "mailweir_observe_4"}}]})"}) {
    EXPECT_FALSE(parse_observation(text)) << text;
  }
}

}  // namespace
}  // namespace mailweir
