#include "replay/log_rules.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

TEST(LogRules, PrefixesThatSayThePacketWasStopped) {
  for (const char* prefix :
       {"[UFW BLOCK] ", "[UFW LIMIT BLOCK] ", "DROP: ", "Shorewall:net2fw:DROP:", "filter_IN_public_REJECT: ",
        "policy DROP: ", "[WAN_OUT-D-2147483647] ", "[wan-lan-default-D]", "[LAN_OUT-R-20] ",
        "Firewall: *TCP_OUT Blocked* ", "iptables denied: ", "SFW2-INext-DROP-DEFLT ", "PVEFW-reject: ", "logdrop "}) {
    EXPECT_TRUE(prefix_says_stopped(prefix)) << prefix;
  }
  for (const char* prefix : {"", "[UFW ALLOW] ", "[UFW AUDIT] ", "Shorewall:loc2net:ACCEPT:", "MAILOUT ",
                             "[LAN_OUT-A-2147483647] ", "[LAN-DMZ-A-3] ", "SMTP-DIRECT: "}) {
    EXPECT_FALSE(prefix_says_stopped(prefix)) << prefix;
  }
}

TEST(LogRules, FirstPacketsOnlyUntilOthersAreSeen) {
  LogRules rules;
  const std::uint16_t rule = rules.number_of("MAIL ");
  EXPECT_GT(rule, 0);
  EXPECT_EQ(rules.number_of("MAIL "), rule);
  for (int i = 0; i < 8; ++i) rules.learn(rule, tcp_flag::kSyn);
  rules.learn(rule, tcp_flag::kAck);
  EXPECT_EQ(rules.shown(rule).view, View::FirstPackets) << "conntrack took up one connection in the middle";
  rules.learn(rule, tcp_flag::kAck | tcp_flag::kPsh);
  EXPECT_EQ(rules.shown(rule).view, View::OneSided);
  EXPECT_EQ(rules.shown(rules.number_of("other")).view, View::FirstPackets) << "each rule for itself";
}

}  // namespace
}  // namespace mailweir
