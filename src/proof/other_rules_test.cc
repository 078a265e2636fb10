#include "proof/other_rules.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

// As nft 1.0.6 prints it, cut down.
constexpr char kRuleset[] = R"({"nftables": [
{"metainfo": {"version": "1.0.6"}},
{"table": {"family": "inet", "name": "mailweir", "handle": 1}},
{"chain": {"family": "inet", "table": "mailweir", "name": "mw_output", "hook": "output", "prio": -5, "policy": "drop"}},
{"chain": {"family": "inet", "table": "f", "name": "out", "handle": 1, "type": "filter", "hook": "output", "prio": -100, "policy": "accept"}},
{"chain": {"family": "inet", "table": "f", "name": "deep", "handle": 2}},
{"chain": {"family": "inet", "table": "f", "name": "unused", "handle": 3}},
{"chain": {"family": "inet", "table": "f", "name": "open", "handle": 4, "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}},
{"rule": {"family": "inet", "table": "f", "chain": "out", "handle": 5, "expr": [{"match": {}}, {"jump": {"target": "deep"}}]}},
{"rule": {"family": "inet", "table": "f", "chain": "deep", "handle": 6, "expr": [{"counter": {"packets": 7, "bytes": 420}}, {"reject": {"type": "tcp reset"}}]}},
{"rule": {"family": "inet", "table": "f", "chain": "deep", "handle": 7, "expr": [{"vmap": {"key": {}, "data": {"set": [[80, {"drop": null}], [25, {"goto": {"target": "out"}}]]}}}]}},
{"rule": {"family": "inet", "table": "f", "chain": "unused", "handle": 8, "expr": [{"drop": null}]}},
{"rule": {"family": "inet", "table": "f", "chain": "open", "handle": 9, "expr": [{"accept": null}]}},
{"chain": {"family": "ip", "table": "n", "name": "pre", "handle": 1, "type": "nat", "hook": "prerouting", "prio": -100, "policy": "accept"}},
{"rule": {"family": "ip", "table": "n", "chain": "pre", "handle": 2, "expr": [{"counter": {"packets": 1, "bytes": 60}}, {"xt": {"type": "target", "name": "DNAT"}}]}},
{"flowtable": {"family": "inet", "name": "ft", "table": "f", "handle": 3, "hook": "ingress", "prio": 0, "dev": ["lan", "wan"]}},
{"flowtable": {"family": "ip", "name": "one", "table": "n", "handle": 4, "hook": "ingress", "prio": 0, "dev": "lan"}}
]})";

TEST(OtherRules, ChainsThatCanStopSomethingAreRead) {
  const auto rules = read_nft_json(kRuleset);
  ASSERT_TRUE(rules);
  ASSERT_EQ(rules->chains.size(), 2U) << "ours, the one without a hook and the one that only accepts are left out";
  const OtherChain& out = rules->chains[0];
  EXPECT_EQ(out.chain, "out");
  EXPECT_EQ(out.priority, -100);
  ASSERT_EQ(out.rules.size(), 2U) << "of the chain it jumps to";
  EXPECT_EQ(out.rules[0].chain, "deep");
  EXPECT_EQ(out.rules[0].what, "rule 6 (reject)");
  EXPECT_EQ(out.rules[0].packets, 7U);
  EXPECT_EQ(out.rules[1].what, "rule 7 (drop)") << "inside a map";
  EXPECT_FALSE(out.rules[1].packets);
  EXPECT_TRUE(rules->chains[1].rules.front().redirects);
}

TEST(OtherRules, FlowtablesAreReadWithTheirDevices) {
  const auto rules = read_nft_json(kRuleset);
  ASSERT_EQ(rules->flowtables.size(), 2U);
  EXPECT_EQ(rules->flowtables[0].name, "ft");
  EXPECT_EQ(rules->flowtables[0].devices, (std::vector<std::string>{"lan", "wan"}));
  EXPECT_EQ(rules->flowtables[1].devices, (std::vector<std::string>{"lan"}));
}

TEST(OtherRules, WhatIsNoRulesetIsNotTakenForAnEmptyOne) {
  EXPECT_FALSE(read_nft_json(""));
  EXPECT_FALSE(read_nft_json("{\"nftables\": 1}"));
  EXPECT_FALSE(read_nft_json("[1]"));
  EXPECT_TRUE(read_nft_json("{\"nftables\": []}"));
  EXPECT_TRUE(read_nft_json(R"({"nftables": [1, {"rule": 5}, {"chain": {"hook": 3}}, {"rule": {"expr": "x"}}]})"));
}

TEST(OtherRules, LegacyTablesAreReadWithPoliciesAndUserChains) {
  const auto chains = read_iptables_save(
      "# Generated\n*mangle\n:PREROUTING ACCEPT [0:0]\n:OUTPUT DROP [3:180]\n:deep - [0:0]\n"
      "[1:60] -A PREROUTING -m comment --comment \"see -j below\" -j deep\n[2:120] -A deep -p tcp -j REJECT "
      "--reject-with "
      "tcp-reset\n[0:0] -A deep -j deep\nCOMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j REDIRECT "
      "--to-ports 2525\nCOMMIT\n-A LOST -j DROP\n \n",
      true);
  ASSERT_EQ(chains.size(), 3U);
  EXPECT_EQ(chains[0].chain, "PREROUTING");
  EXPECT_EQ(chains[0].priority, -150);
  ASSERT_EQ(chains[0].rules.size(), 1U);
  EXPECT_EQ(chains[0].rules[0].what, "rule 1 (REJECT)");
  EXPECT_EQ(chains[0].rules[0].packets, 2U);
  EXPECT_TRUE(chains[1].policy_drops);
  EXPECT_EQ(chains[1].policy_packets, 3U);
  EXPECT_EQ(chains[2].priority, -100);
  EXPECT_TRUE(chains[2].rules[0].redirects);
  EXPECT_FALSE(chains[2].rules[0].packets);
}

}  // namespace
}  // namespace mailweir
