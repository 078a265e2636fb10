// Dead is only what is dead: each proof is tried with packets, and what must not be called dead is not.
#include "lint/dead_rules.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "lint/stage.h"
#include "lint/subject.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {
namespace {

Ruleset read(const std::string& text) {
  Diagnostics remarks;
  auto ruleset = read_ruleset(text, {}, remarks);
  EXPECT_TRUE(ruleset);
  EXPECT_FALSE(remarks.has_errors());
  return *std::move(ruleset);
}

std::string filter(const std::string& rules, const std::string& chains = "") {
  return "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n" + chains + rules + "COMMIT\n";
}

// "INPUT 3" of all that are dead.
std::set<std::string> dead_in(const Ruleset& ruleset) {
  const RuleSpaces spaces(ruleset);
  std::set<std::string> dead;
  const DeadRules found(ruleset, spaces);
  for (const DeadRule& rule : found.list())
    dead.insert(rule.place.chain->name + " " + std::to_string(rule.place.number));
  EXPECT_EQ(found.undecided(), 0U);
  return dead;
}

std::set<std::string> dead_in(const std::string& rules, const std::string& chains = "") {
  return dead_in(read(filter(rules, chains)));
}

using Names = std::set<std::string>;

TEST(DeadRules, UnionsOfPortsPrefixesAndNegations) {
  EXPECT_EQ(dead_in("-A INPUT -p tcp --dport 0:1023 -j ACCEPT\n-A INPUT -p tcp --dport 1024:65535 -j DROP\n"
                    "-A INPUT -p tcp --dport 1000:2000 -j ACCEPT\n"),
            Names{"INPUT 3"});
  EXPECT_EQ(dead_in("-A INPUT -s 10.0.0.0/9 -j DROP\n-A INPUT -s 10.128.0.0/9 -j DROP\n-A INPUT -s 10.1.2.3 -j ACCEPT\n"
                    "-A INPUT -s 10.0.0.0/8 -j ACCEPT\n"),
            (Names{"INPUT 3", "INPUT 4"}));
  EXPECT_EQ(dead_in("-A INPUT ! -s 192.0.2.1 -j ACCEPT\n-A INPUT ! -s 192.0.2.2 -j ACCEPT\n-A INPUT -j DROP\n"),
            Names{"INPUT 3"});
  EXPECT_EQ(dead_in("-A INPUT -i eth+ -j ACCEPT\n-A INPUT -i eth0 -p tcp -j DROP\n"), Names{"INPUT 2"});
}

TEST(DeadRules, StatesTogetherAreEverything) {
  EXPECT_EQ(dead_in("-A INPUT -m conntrack --ctstate NEW -j ACCEPT\n"
                    "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
                    "-A INPUT -m conntrack --ctstate INVALID,UNTRACKED -j DROP\n-A INPUT -p tcp -j ACCEPT\n"),
            Names{"INPUT 4"});
  EXPECT_EQ(
      dead_in("-A INPUT -m conntrack --ctstate NEW -j ACCEPT\n"
              "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED,INVALID -j ACCEPT\n-A INPUT -p tcp -j ACCEPT\n"),
      Names{});
}

TEST(DeadRules, ChainsKeepWhatTheyDoNotReturn) {
  const std::string chains = ":C -\n";
  EXPECT_EQ(dead_in("-A INPUT -p tcp -j C\n-A INPUT -p tcp --dport 25 -j DROP\n-A C -p tcp --dport 1:100 -j ACCEPT\n",
                    chains),
            Names{"INPUT 2"});
  // RETURN comes back, and so does what falls off the end.
  EXPECT_EQ(dead_in("-A INPUT -p tcp -j C\n-A INPUT -p tcp --dport 25 -j DROP\n-A C -p tcp --dport 25 -j RETURN\n-A C "
                    "-j ACCEPT\n",
                    chains),
            Names{});
  // goto does not come back to the rules behind it.
  EXPECT_EQ(
      dead_in("-A INPUT -p tcp -g C\n-A INPUT -p tcp --dport 25 -j DROP\n-A C -p tcp --dport 1 -j ACCEPT\n", chains),
      Names{"INPUT 2"});
  // Only TCP comes in.
  EXPECT_EQ(dead_in("-A INPUT -p tcp -j C\n-A C -p udp -j DROP\n", chains), Names{"C 1"});
  EXPECT_EQ(dead_in("-A INPUT -p tcp -j C\n-A FORWARD -j C\n-A C -p udp -j DROP\n", chains), Names{});
}

TEST(DeadRules, WhatIsLimitedUnknownOrChangedProvesNothing) {
  for (const char* match : {"-m limit --limit 5/min", "-m string --algo bm --string x", "-m recent --name a --rcheck",
                            "-m set --match-set some src", "-m statistic --mode random --probability 0.5"})
    EXPECT_EQ(dead_in(std::string("-A INPUT -p tcp ") + match + " -j ACCEPT\n-A INPUT -p tcp --dport 25 -j DROP\n"),
              Names{})
        << match;
  // The mark is another one in between.
  EXPECT_EQ(dead_in("-A INPUT -m mark --mark 1 -j ACCEPT\n-A INPUT -p tcp -j MARK --set-mark 1\n"
                    "-A INPUT -m mark --mark 1 -j DROP\n"),
            Names{});
  // The same unknown match asked twice of the same packet answers the same.
  EXPECT_EQ(
      dead_in("-A INPUT -m set --match-set some src -j ACCEPT\n-A INPUT -p tcp -m set --match-set some src -j DROP\n"),
      Names{"INPUT 2"});
  // Packets without ports are not taken by a rule for all ports.
  EXPECT_EQ(dead_in("-A INPUT -p tcp --dport 0:65535 -j ACCEPT\n-A INPUT -p icmp -j DROP\n-A INPUT -j DROP\n"),
            Names{});
}

TEST(DeadRules, LoopsAndDeepChainsEnd) {
  EXPECT_EQ(dead_in("-A INPUT -j A\n-A A -j B\n-A B -j A\n-A INPUT -p tcp -j DROP\n", ":A -\n:B -\n"), Names{});
  std::string chains, rules = "-A INPUT -j C0\n";
  for (int i = 0; i < 300; ++i) {
    chains += ":C" + std::to_string(i) + " -\n";
    rules += "-A C" + std::to_string(i) + (i < 299 ? " -j C" + std::to_string(i + 1) : std::string(" -j DROP")) + "\n";
  }
  (void)dead_in(rules + "-A INPUT -j ACCEPT\n", chains);  // ends
}

// Random rules over few values, so that they overlap; no dead rule is ever matched by one of many packets.
TEST(DeadRules, NoPacketEverComesToOne) {
  constexpr std::uint64_t kSeed = 20261123;
  std::uint64_t state = kSeed;
  const auto draw = [&](std::uint64_t below) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state % below;
  };
  const auto one_of = [&](std::initializer_list<const char*> list) {
    return std::string(*(list.begin() + draw(list.size())));
  };
  std::size_t dead_rules = 0, packets = 0;
  for (int turn = 0; turn < 60; ++turn) {
    std::string rules;
    for (int i = 0; i < 24; ++i) {
      const bool in_chain = draw(3) == 0;
      rules += in_chain ? one_of({"-A C", "-A D"}) : std::string("-A INPUT");
      if (draw(3) == 0)
        rules += one_of({" -s 192.0.2.0/25", " -s 192.0.2.128/25", " -s 192.0.2.7", " ! -s 192.0.2.0/24"});
      if (draw(4) == 0) rules += one_of({" -i eth0", " -i eth+", " ! -i eth0"});
      if (draw(2) == 0) {
        rules += one_of({" -p tcp", " -p udp"});
        if (draw(2) == 0) rules += one_of({" --dport 25", " --dport 0:1023", " --dport 1024:65535", " ! --dport 25"});
      }
      if (draw(4) == 0)
        rules += one_of({" -m conntrack --ctstate NEW", " -m conntrack --ctstate ESTABLISHED,RELATED",
                         " -m conntrack ! --ctstate INVALID", " -m conntrack --ctstate INVALID"});
      if (draw(12) == 0) rules += " -m string --algo bm --string x";
      rules += in_chain ? one_of({" -j ACCEPT", " -j DROP", " -j RETURN"})
                        : one_of({" -j ACCEPT", " -j DROP", " -j C", " -j D", " -g C", " -j RETURN"});
      rules += '\n';
    }
    const Ruleset ruleset = read(filter(rules, ":C -\n:D -\n"));
    LintSubject subject(ruleset, nullptr);
    const DeadRules& dead = subject.dead();
    dead_rules += dead.list().size();
    for (const DeadRule& each : dead.list()) {
      for (std::uint64_t sample = 0; sample < 40; ++sample) {
        const PacketBox box = subject.spaces().space_of(*each.place.rule).box;
        const auto packet = sample_packet(box, Way::In, true, sample);
        if (!packet) continue;
        ++packets;
        // Where something is unknown the simulator follows worlds that contradict themselves: the same match, yes and
        // no.
        const Played played = subject.stage().play(*packet, Way::In, true);
        EXPECT_FALSE(played.certain() && played.matches(*each.place.rule))
            << "seed " << kSeed << ", turn " << turn << ": " << place_text(each.place) << " of\n"
            << rules;
      }
    }
  }
  EXPECT_GT(dead_rules, 100U);
  EXPECT_GT(packets, 2'000U);
}

}  // namespace
}  // namespace mailweir::rules
