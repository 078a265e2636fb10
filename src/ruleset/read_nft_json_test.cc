#include <gtest/gtest.h>

#include "ruleset/print_ruleset.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {
namespace {

// What nft -j prints around the expressions of one rule in a table of both families.
Ruleset rule_of(const std::string& expressions) {
  const std::string json =
      R"({"nftables":[{"metainfo":{"version":"1.0.6"}},{"table":{"family":"inet","name":"t","handle":1}},)"
      R"({"chain":{"family":"inet","table":"t","name":"c","handle":1,"type":"filter","hook":"input","prio":5,"policy":"drop"}},)"
      R"({"rule":{"family":"inet","table":"t","chain":"c","handle":4,"comment":"x","expr":[)" +
      expressions + "]}}]}";
  Diagnostics remarks;
  Ruleset ruleset = read_nft_json(json, {}, remarks);
  EXPECT_TRUE(remarks.list().empty());
  return ruleset;
}

std::string text_of(const std::string& expressions) {
  const Ruleset ruleset = rule_of(expressions);
  return rule_text(ruleset.tables[0], ruleset.tables[0].chains[0].rules[0]);
}

TEST(ReadNftJson, ChainsHooksAndHandles) {
  const Ruleset ruleset = rule_of(R"({"accept":null})");
  const Chain& chain = ruleset.tables[0].chains[0];
  EXPECT_EQ(chain.hook->hook, Hook::Input);
  EXPECT_EQ(chain.hook->priority, 5);
  EXPECT_EQ(chain.hook->policy, Verdict::Kind::Drop);
  EXPECT_EQ(chain.rules[0].handle, 4U);
  EXPECT_EQ(chain.rules[0].comment, "x");
}

TEST(ReadNftJson, WhatAnExpressionPresupposesIsSaidAndNotPrinted) {
  const std::string port = R"({"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":25}})";
  const Ruleset ruleset = rule_of(port);
  const Rule& rule = ruleset.tables[0].chains[0].rules[0];
  ASSERT_EQ(rule.parts.size(), 2U);
  const auto& protocol = std::get<Match>(rule.parts[0]);
  EXPECT_EQ(protocol.operand.field, Field::Protocol);
  EXPECT_TRUE(protocol.implied);
  EXPECT_EQ(text_of(port), "tcp dport 25 comment \"x\"");
}

TEST(ReadNftJson, NegatedAddressesStayWithinTheirFamily) {
  const Ruleset ruleset = rule_of(
      R"({"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.0.0.0","len":8}}}})");
  const Rule& rule = ruleset.tables[0].chains[0].rules[0];
  EXPECT_EQ(std::get<Match>(rule.parts[0]).operand.field, Field::Family);
  EXPECT_TRUE(std::get<Match>(rule.parts[1]).negated);
}

TEST(ReadNftJson, FlagsAnyOfThemOrExactly) {
  const auto flags = [](const char* op, const char* right) {
    const Ruleset ruleset =
        rule_of(std::string(R"({"match":{"op":")") + op +
                R"(","left":{"payload":{"protocol":"tcp","field":"flags"}},"right":)" + right + "}}");
    return *whole_values(std::get<Match>(ruleset.tables[0].chains[0].rules[0].parts[1]));
  };
  EXPECT_TRUE(flags("in", R"("syn")").contains(2 | 16));
  EXPECT_FALSE(flags("in", R"("syn")").contains(16));
  EXPECT_FALSE(flags("==", R"("syn")").contains(2 | 16));
  EXPECT_TRUE(flags("!", R"("syn")").contains(16));
  EXPECT_TRUE(flags("!=", R"("syn")").contains(2 | 16));
}

TEST(ReadNftJson, IcmpWordsMeanOtherNumbersInEachFamily) {
  const auto types = [](const char* protocol) {
    const Ruleset ruleset = rule_of(std::string(R"({"match":{"op":"==","left":{"payload":{"protocol":")") + protocol +
                                    R"(","field":"type"}},"right":"echo-request"}})");
    return std::get<Match>(ruleset.tables[0].chains[0].rules[0].parts[2]).values;
  };
  EXPECT_TRUE(types("icmp").contains(8 << 8));
  EXPECT_TRUE(types("icmpv6").contains(128 << 8 | 1));
}

TEST(ReadNftJson, IptablesMatchesWithoutOptionsAskForTheSave) {
  const Ruleset ruleset = rule_of(R"({"xt":{"type":"match","name":"conntrack"}})");
  EXPECT_TRUE(ruleset.tables[0].needs_save);
  EXPECT_FALSE(std::get<OpaqueMatch>(ruleset.tables[0].chains[0].rules[0].parts[0]).complete);
  EXPECT_TRUE(remembers(ruleset.tables[0].chains[0].rules[0].parts[0])) << "never taken for the same as another";
}

TEST(ReadNftJson, WhatIsNotUnderstoodStaysWordForWord) {
  EXPECT_EQ(text_of(R"({"match":{"op":"==","left":{"fib":{"result":"oif","flags":["saddr","iif"]}},"right":false}})"),
            "fib saddr . iif oif missing comment \"x\"");
  const Ruleset ruleset = rule_of(R"({"wonder":{"of":["tomorrow"]}})");
  EXPECT_FALSE(std::get<OpaqueStatement>(ruleset.tables[0].chains[0].rules[0].parts[0]).complete);
}

TEST(ReadNftJson, MarksAreComputedAsTheKernelDoes) {
  const Ruleset ruleset = rule_of(
      R"({"mangle":{"key":{"meta":{"key":"mark"}},"value":{"|":[{"&":[{"meta":{"key":"mark"}},4294967040]},5]}}})");
  const auto& assign = std::get<Assign>(ruleset.tables[0].chains[0].rules[0].parts[0]);
  for (const std::uint32_t old : {0U, 0xffffffffU, 0x12345678U})
    EXPECT_EQ((old & ~assign.mask) ^ assign.value, (old & 4294967040U) | 5U);
}

TEST(ReadNftJson, SomethingElseIsAnError) {
  for (const char* text : {"", "{}", "[1]", "{\"nftables\":5}", "{\"nftables\":[", "null"}) {
    Diagnostics remarks;
    (void)read_nft_json(text, {}, remarks);
    EXPECT_EQ(remarks.list().size(), 1U) << text;
  }
}

TEST(NotationOf, Texts) {
  EXPECT_EQ(notation_of("# x\n*filter\nCOMMIT\n"), Notation::Save);
  EXPECT_EQ(notation_of("-A INPUT -j DROP"), Notation::Commands);
  EXPECT_EQ(notation_of("#!/bin/sh\nIPT=/sbin/iptables\n$IPT -F\n"), Notation::Commands);
  EXPECT_EQ(notation_of("#!/usr/sbin/nft -f\nflush ruleset\ntable inet x {\n}\n"), Notation::NftText);
  EXPECT_EQ(notation_of("{\"nftables\": []}"), Notation::NftJson);
  EXPECT_EQ(notation_of("Dear all,\nhow are you?\n"), std::nullopt);
}

TEST(ReadRuleset, AsksForWhatNftLeavesOut) {
  Diagnostics remarks;
  const auto read = read_ruleset(
      R"({"nftables":[{"table":{"family":"ip","name":"filter"}},)"
      R"({"chain":{"family":"ip","table":"filter","name":"c"}},)"
      R"({"rule":{"family":"ip","table":"filter","chain":"c","expr":[{"xt":{"type":"target","name":"LOG"}}]}}]})",
      {}, remarks);
  ASSERT_TRUE(read);
  ASSERT_EQ(remarks.list().size(), 1U);
  EXPECT_EQ(remarks.list()[0].id, "ruleset.needs-save");
  EXPECT_FALSE(read_ruleset("Dear all,", {}, remarks));
}

// A table told twice: by nft without options, by iptables-save with them.
TEST(Joined, TheSaveWinsOverItsTwin) {
  Diagnostics remarks;
  const std::string json =
      R"({"nftables":[{"table":{"family":"ip","name":"filter","handle":1}},)"
      R"({"chain":{"family":"ip","table":"filter","name":"INPUT","handle":1,"type":"filter","hook":"input","prio":0,"policy":"accept"}},)"
      R"({"rule":{"family":"ip","table":"filter","chain":"INPUT","handle":9,"expr":[{"xt":{"type":"match","name":"mac"}},{"accept":null}]}}]})";
  const Ruleset nft = read_nft_json(json, {}, remarks);
  const Ruleset save =
      read_iptables("*filter\n-A INPUT -m mac --mac-source 00:11:22:33:44:55 -j ACCEPT\nCOMMIT\n", {}, remarks);
  const Ruleset both = joined(nft, save);
  ASSERT_EQ(both.tables.size(), 1U);
  EXPECT_EQ(both.tables[0].backend, Backend::Iptables);
  EXPECT_FALSE(both.tables[0].needs_save);
  EXPECT_EQ(both.tables[0].find_chain("INPUT")->rules[0].handle, 9U);
  const Ruleset other = read_iptables("*filter\nCOMMIT\n", {}, remarks);
  EXPECT_EQ(joined(nft, other).tables.size(), 2U) << "another table of that name: legacy";
}

}  // namespace
}  // namespace mailweir::rules
