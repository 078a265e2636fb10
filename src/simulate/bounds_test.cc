// Rulesets made to take for ever or all memory: an answer or an error, in bounded time. The time limit is ctest's.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ruleset/read_ruleset.h"
#include "simulate/packet_notation.h"

namespace mailweir::rules {
namespace {

std::string filter(const std::string& chains, const std::string& rules) {
  return "*filter\n:INPUT ACCEPT [0:0]\n" + chains + rules + "COMMIT\n";
}

Worlds trace(const std::string& text, Diagnostics& remarks, bool with_notebook = false) {
  const Ruleset ruleset = read_iptables(text, {}, remarks);
  const Program program(ruleset);
  SimulatedMachine machine;
  machine.interfaces = {{"eth0", {*IpAddress::parse("198.51.100.7")}}};
  machine.routes = {{*IpPrefix::parse("0.0.0.0/0"), "eth0"}};
  const Simulator simulator(program, machine, false);
  const auto written = read_packet("tcp 203.0.113.9:50000 > 198.51.100.7:25 syn in eth0");
  return explore(simulator, written->packet, written->entry, Time{}, with_notebook);
}

Worlds trace(const std::string& text) {
  Diagnostics remarks;
  return trace(text, remarks);
}

// Each chain jumps to the next one twice: 2^40 ways.
std::string doubling(const std::string& match = {}) {
  std::string chains, rules = "-A INPUT -j C0\n";
  for (int i = 0; i != 40; ++i) {
    chains += fmt::format(":C{} - [0:0]\n", i);
    if (i != 39) rules += fmt::format("-A C{0}{2} -j C{1}\n-A C{0} -j C{1}\n", i, i + 1, match);
  }
  return filter(chains, rules);
}

PacketFate::Kind kind_of(const Worlds& all) { return all.worlds.front().fates.front().kind; }

TEST(Bounds, ChainsThatDoubleEnd) { EXPECT_EQ(kind_of(trace(doubling())), PacketFate::Kind::TooLong); }

TEST(Bounds, ChainsThatDoubleOnUnknownsEndAndSayThatNotAllWasFollowed) {
  EXPECT_TRUE(trace(doubling(" -m string --string x --algo bm")).cut);
}

TEST(Bounds, LoopsEnd) {
  const char* chains = ":A - [0:0]\n:B - [0:0]\n";
  EXPECT_EQ(kind_of(trace(filter(chains, "-A INPUT -j A\n-A A -j B\n-A B -j A\n"))), PacketFate::Kind::TooLong);
  EXPECT_EQ(kind_of(trace(filter(chains, "-A INPUT -j A\n-A A -g B\n-A B -g A\n"))), PacketFate::Kind::TooLong);
}

TEST(Bounds, WhatWasTooMuchIsSaid) {
  EXPECT_EQ(trace(doubling()).worlds.front().fates.front().limit, "more than 4,000,000 rules asked (rules_max)");
  std::string chains, rules = "-A INPUT -j C0\n";
  for (int i = 0; i != 70; ++i) chains += fmt::format(":C{} - [0:0]\n", i);
  for (int i = 0; i != 69; ++i) rules += fmt::format("-A C{} -j C{}\n", i, i + 1);
  EXPECT_EQ(trace(filter(chains, rules)).worlds.front().fates.front().limit, "more than 64 chains deep (jumps_max)");
}

// The kernel's own limit of nft's chains is 16 (NFT_JUMP_STACK_SIZE); iptables-legacy goes deeper.
TEST(Bounds, ChainsAsDeepAsTheKernelTakesThemAreFollowed) {
  std::string chains, rules = "-A INPUT -j C0\n";
  for (int i = 0; i != 17; ++i) chains += fmt::format(":C{} - [0:0]\n", i);
  for (int i = 0; i != 16; ++i) rules += fmt::format("-A C{} -j C{}\n", i, i + 1);
  EXPECT_EQ(kind_of(trace(filter(chains, rules + "-A C16 -j DROP\n"))), PacketFate::Kind::Dropped);
}

TEST(Bounds, ANotebookEndsAndCountsWhatItLeftOut) {
  Diagnostics remarks;
  const Worlds all = trace(doubling(), remarks, true);
  const Notebook& notes = all.worlds.front().fates.front().notes;
  EXPECT_EQ(notes.steps.size(), Notebook::kStepsMax);
  EXPECT_GE(notes.left_out + notes.steps.size(), Walk::kRulesMax);
}

TEST(Bounds, ThousandUnknownsAreCut) {
  std::string rules;
  for (int i = 0; i != 1000; ++i) rules += fmt::format("-A INPUT -m string --string x{} --algo bm -j DROP\n", i);
  const Worlds all = trace(filter("", rules));
  EXPECT_TRUE(all.cut);
  EXPECT_LE(all.worlds.size(), Choices::kWorldsMax);
}

TEST(Bounds, AHundredThousandRulesAreAnswered) {
  std::string rules;
  for (int i = 0; i != 100'000; ++i)
    rules += fmt::format("-A INPUT -s 10.{}.{}.{}/32 -j DROP\n", i >> 16 & 255, i >> 8 & 255, i & 255);
  const Worlds all = trace(filter("", rules + "-A INPUT -p tcp -m tcp --dport 25 -j DROP\n"));
  EXPECT_EQ(kind_of(all), PacketFate::Kind::Dropped);
}

TEST(Bounds, LinesOfTenMegabytesAreAMistakeAndTheOthersHold) {
  std::string longest = "-A INPUT -m comment --comment \"";
  longest.append(std::size_t{10} << 20, 'x');
  std::string many = "-A INPUT";
  while (many.size() < std::size_t{10} << 20) many += " -m tcp";
  Diagnostics remarks;
  const Worlds all =
      trace(filter("", longest + "\" -j DROP\n" + many + "\n-A INPUT -p tcp -m tcp --dport 25 -j DROP\n"), remarks);
  EXPECT_TRUE(remarks.has_errors());
  EXPECT_EQ(kind_of(all), PacketFate::Kind::Dropped);
}

}  // namespace
}  // namespace mailweir::rules
