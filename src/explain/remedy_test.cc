#include "explain/remedy.h"

#include <gtest/gtest.h>

#include "tests/support/explained.h"

namespace mailweir::rules {
namespace {

constexpr char kRules[] = R"(-A INPUT -i lo -j ACCEPT
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -p tcp -j REJECT --reject-with tcp-reset
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p udp -m udp --dport 53 -j ACCEPT
-A OUTPUT -p tcp -m tcp --dport 25 -j ACCEPT
-A OUTPUT -m limit -j LOG --log-prefix "OUT: " --log-level 5
)";
constexpr char kLine[] =
    "Aug 14 11:48:37 host kernel: [81795.100496] OUT: IN= OUT=ext0 SRC=192.0.2.65 DST=198.51.[edited] LEN=40 TOS=0x00 "
    "PREC=0x00 TTL=64 ID=0 DF "
    "PROTO=TCP SPT=3594 DPT=80 WINDOW=0 RES=0x00 RST URGP=0\n";

TEST(Remedy, InvalidIsDroppedBeforeTheFirstStatelessAcceptAndNowhereElse) {
  const Explained answer(kRules, kLine);
  EXPECT_EQ(answer.rule(), "OUTPUT 5");
  EXPECT_EQ(answer.state(), ConnectionState::Invalid);
  ASSERT_EQ(answer.first().passed_over.size(), 4U);
  EXPECT_NE(answer.first().passed_over[1].text.find("invalid"), std::string::npos);

  const Remedy* right = answer.remedy("iptables -I INPUT 3 -m conntrack --ctstate INVALID -j DROP");
  ASSERT_NE(right, nullptr);
  EXPECT_TRUE(right->verified);
  for (const char* kept : {"ssh", "DNS", "mail", "established traffic", "loopback"})
    EXPECT_NE(std::ranges::find(right->keeps, kept), right->keeps.end()) << kept;

  const Remedy* late = answer.remedy("iptables -I INPUT 4 -m conntrack --ctstate INVALID -j DROP");
  ASSERT_NE(late, nullptr);
  EXPECT_TRUE(late->tried);
  EXPECT_FALSE(late->gone);
  EXPECT_NE(late->witness.find(":22 syn,ack"), std::string::npos) << late->witness;

  const Remedy* last = answer.remedy("iptables -A INPUT -m conntrack --ctstate INVALID -j DROP");
  ASSERT_NE(last, nullptr);
  EXPECT_FALSE(last->verified);
  EXPECT_NE(last->witness.find("rejected by INPUT 4"), std::string::npos) << last->witness;
  EXPECT_EQ(&answer.first().remedies.front(), right);
}

TEST(Remedy, WithoutAnAcceptTheDropStandsBeforeReject) {
  std::string rules = kRules;
  rules.erase(rules.find("-A INPUT -p tcp -m tcp --dport 22"),
              std::string("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n").size());
  const Explained answer(rules, kLine);
  const Remedy* right = answer.remedy("iptables -I INPUT 3 -m conntrack --ctstate INVALID -j DROP");
  ASSERT_NE(right, nullptr);
  EXPECT_TRUE(right->verified);
}

TEST(Remedy, ARuleBehindTheLogIsMovedBeforeIt) {
  const Explained answer(
      "-A INPUT -i lo -j ACCEPT\n-A INPUT -j LOG --log-prefix \"OUT: \"\n-A INPUT -m state --state ESTABLISHED -j "
      "ACCEPT\n-A INPUT -j DROP\n",
      "OUT: IN=eth0 OUT= SRC=198.51.100.7 DST=192.0.2.1 LEN=52 TTL=60 ID=1 PROTO=TCP SPT=443 DPT=50000 WINDOW=9 "
      "RES=0x00 ACK URGP=0\n");
  const Remedy* move = answer.remedy("iptables -D INPUT 3");
  ASSERT_NE(move, nullptr);
  ASSERT_EQ(move->commands.size(), 2U);
  EXPECT_EQ(move->commands[1].substr(0, 20), "iptables -I INPUT 2 ");
  EXPECT_TRUE(move->tried);
}

// What would cut somebody off is no remedy: `keeps` is not what the text hopes but what the simulator saw.
TEST(Remedy, AChangeThatCutsSomethingIsNotVerified) {
  const Explained answer(
      "-A INPUT -p tcp --dport 22 -j LOG --log-prefix \"OUT: \"\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -j "
      "DROP\n",
      "OUT: IN=eth0 OUT= SRC=198.51.100.7 DST=192.0.2.1 LEN=52 TTL=60 ID=1 PROTO=TCP SPT=50000 DPT=22 WINDOW=9 "
      "RES=0x00 "
      "SYN URGP=0\n");
  for (const Remedy& remedy : answer.first().remedies) {
    if (!remedy.verified) continue;
    EXPECT_NE(std::ranges::find(remedy.keeps, "ssh"), remedy.keeps.end()) << remedy.text;
  }
}

TEST(Remedy, NoiseIsTakenOutOfTheLogAndOnlyThat) {
  const Explained answer(
      "-A INPUT -j LOG --log-prefix \"OUT: \"\n-A INPUT -j DROP\n",
      "OUT: IN=eth0 OUT= SRC=192.168.1.9 DST=255.255.255.255 LEN=100 TTL=64 ID=1 PROTO=UDP SPT=68 DPT=67 LEN=80\n");
  const Remedy* remedy = answer.remedy("-m addrtype --dst-type BROADCAST -j DROP");
  ASSERT_NE(remedy, nullptr);
  EXPECT_TRUE(remedy->verified);
  EXPECT_TRUE(remedy->changes.empty());
}

TEST(Remedy, NothingIsTriedOnceTheBudgetIsUsedUp) {
  Diagnostics remarks;
  const Ruleset rules = read_iptables(kRules, {}, remarks);
  const Program program(rules);
  const PastedText pasted = read_pasted_text(kLine);
  const Scene scene{&program, machine_of(pasted.groups.front().first, nullptr)};
  const LineCase line_case = open_case(pasted.groups.front(), pasted, &scene);
  std::uint64_t left = 1;
  const auto remedies = find_remedies(line_case, judge_causes(line_case), left);
  ASSERT_FALSE(remedies.empty());
  EXPECT_FALSE(remedies.front().tried);
  EXPECT_FALSE(remedies.front().verified);
}

TEST(Explain, TheCaptureBesideTheLineIsWhatCameBefore) {
  const Explained answer(
      kRules,
      std::string(kLine) +
          "11:48:37.860337 IP 198.51.[edited].80 > 192.0.2.65.3594: Flags [S.], seq 79911989, ack 235561828, win "
          "29200, length 0\n"
          "11:48:37.860408 IP 192.0.2.65.3594 > 198.51.[edited].80: Flags [R], seq 235561828, win 0, length 0\n");
  ASSERT_NE(answer.first().line_case.captured, nullptr);
  EXPECT_NEAR(answer.first().line_case.captured_before_s, 0.000071, 1e-6);
  EXPECT_NE(answer.cause("reset-by-reject")->judgement.text.find("The capture shows it"), std::string::npos);
}

TEST(Explain, ALineNoRuleWroteSaysWhatTakesThePacket) {
  const Explained answer("-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -j LOG --log-prefix \"OUT: \"\n",
                         "OUT: IN=eth0 OUT= SRC=198.51.100.7 DST=192.0.2.1 LEN=52 TTL=60 ID=1 PROTO=TCP SPT=50000 "
                         "DPT=22 WINDOW=9 RES=0x00 "
                         "SYN URGP=0\n");
  EXPECT_EQ(answer.rule(), "none");
  ASSERT_FALSE(answer.first().notes.empty());
  EXPECT_NE(answer.first().notes.front().find("INPUT 1"), std::string::npos) << answer.first().notes.front();
}

TEST(Explain, PrefixesAreComparedAsTheKernelKeepsThem) {
  EXPECT_TRUE(fits_prefix("kernel: DROP: ", "DROP: "));
  EXPECT_TRUE(fits_prefix("DROP:", "DROP: "));
  EXPECT_TRUE(fits_prefix("", ""));
  EXPECT_FALSE(fits_prefix("DROP ", ""));
  EXPECT_FALSE(fits_prefix("DROPS ", "DROP "));
  EXPECT_TRUE(fits_prefix("12345678901234567890123456789", "123456789012345678901234567890"));
}

}  // namespace
}  // namespace mailweir::rules
