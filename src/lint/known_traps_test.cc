// Rules people publish, with the traps that are known of them.
#include <gtest/gtest.h>

#include <set>

#include "lint/lint.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {
namespace {

class KnownTraps : public testing::Test {
 protected:
  void read(const std::string& text) {
    Diagnostics remarks;
    ruleset_ = *read_ruleset(text, {}, remarks);
    EXPECT_FALSE(remarks.has_errors());
    sources_ = {text};
    LintOptions options;
    options.sources = sources_;
    report_ = lint(ruleset_, options);
  }
  // Lines on which a check found something; 0: the whole.
  [[nodiscard]] std::set<std::uint32_t> lines(std::string_view id) const {
    std::set<std::uint32_t> lines;
    for (const Finding& finding : report_.findings)
      if (finding.id == id) lines.insert(finding.place.rule == nullptr ? 0 : finding.place.rule->origin.line);
    return lines;
  }
  Ruleset ruleset_;
  std::vector<std::string> sources_;
  LintReport report_;
};
using Lines = std::set<std::uint32_t>;

// A list of mail ports that was copied line by line, 22 and all, for IPv4 and OUTPUT alone.
TEST_F(KnownTraps, OfAListOfPortsThatAreClosedOutward) {
  std::string text = "*filter\n";
  for (const char* port : {"22", "25", "465", "587", "995", "995"}) {
    text += std::string("-A OUTPUT -p tcp --dport ") + port + " -j LOG --log-prefix \"TCP-OUT " + port + ":\"\n";
    text += std::string("-A OUTPUT -p tcp --dport ") + port + " -j DROP\n";
  }
  read(text + "COMMIT\n");
  EXPECT_EQ(lines("duplicate-rule"), (Lines{12, 13}));
  EXPECT_EQ(lines("log-without-limit"), (Lines{2, 4, 6, 8, 10}));
  EXPECT_EQ(lines("ssh-cut-off"), Lines{3});
  EXPECT_EQ(lines("ipv6-unfiltered"), Lines{0});
  EXPECT_EQ(lines("log-after-drop"), Lines{});  // the doubled LOG is told of once
}

// A script for a mail host: the policy first.
TEST_F(KnownTraps, OfAScriptThatDropsBeforeItAccepts) {
  read(
      "iptables -F\niptables -X\niptables -P INPUT DROP\niptables -P FORWARD ACCEPT\niptables -P OUTPUT ACCEPT\n"
      "iptables -A INPUT -i lo -j ACCEPT\niptables -A OUTPUT -o lo -j ACCEPT\n"
      "iptables -A INPUT -p tcp -m multiport --dports 25,80 -j ACCEPT\n"
      "iptables -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n");
  EXPECT_EQ(lines("lock-out-while-loading"), Lines{0});
  EXPECT_EQ(lines("ssh-cut-off"), Lines{0});
  EXPECT_EQ(lines("ipv6-unfiltered"), Lines{0});
  EXPECT_EQ(lines("missing-loopback"), Lines{});
  EXPECT_EQ(lines("missing-established"), Lines{});
}

constexpr char kReset[] =
    "-A INPUT -i lo -j ACCEPT\n-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n"
    "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"
    "-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n"
    "-A OUTPUT -p udp -m udp --dport 53 -j ACCEPT\n-A OUTPUT -p tcp -m tcp --dport 25 -j ACCEPT\n"
    "-A OUTPUT -m limit -j LOG --log-prefix \"UNKNOWN_OUTGOING: \" --log-level 5\n";

TEST_F(KnownTraps, OfRulesThatLogTheResetsTheyMake) {
  read(kReset);
  EXPECT_EQ(lines("invalid-not-dropped"), Lines{4});
  EXPECT_EQ(lines("log-sees-kernel-answers"), Lines{9});
  EXPECT_EQ(lines("log-limit-too-low"), Lines{9});
}

TEST_F(KnownTraps, TheDropOfInvalidPacketsMustComeBeforeTheFirstRuleWithoutState) {
  const std::string drop = "-A INPUT -m state --state INVALID -j DROP\n";
  std::string early = kReset, late = kReset;
  early.insert(early.find("-A INPUT -p tcp -m tcp"), drop);
  late.insert(late.find("-A INPUT -p tcp -j REJECT"), drop);
  read(early);
  EXPECT_EQ(lines("invalid-not-dropped"), Lines{});
  EXPECT_EQ(lines("invalid-dropped-too-late"), Lines{});
  EXPECT_EQ(lines("log-sees-kernel-answers"), Lines{});
  read(late);
  EXPECT_EQ(lines("invalid-dropped-too-late"), Lines{4});
  EXPECT_EQ(lines("log-sees-kernel-answers"), Lines{10});
}

// Twenty thousand rules, all different, and all but one alive: an answer, not in a lifetime.
TEST_F(KnownTraps, TwentyThousandRulesGetAnAnswer) {
  std::string text = "*filter\n";
  for (int i = 0; i < 20'000; ++i)
    text += "-A INPUT -s 10." + std::to_string(i / 65536) + "." + std::to_string(i / 256 % 256) + "." +
            std::to_string(i % 256) + " -j DROP\n";
  read(text + "-A INPUT -s 10.0.0.7 -p tcp -j ACCEPT\nCOMMIT\n");
  EXPECT_EQ(report_.rules_undecided, 0U);
  EXPECT_EQ(lines("shadowed-rule"), Lines{20'002});
}

}  // namespace
}  // namespace mailweir::rules
