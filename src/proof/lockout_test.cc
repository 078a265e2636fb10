#include "proof/lockout.h"

#include <gtest/gtest.h>

#include "ruleset/read_ruleset.h"

namespace mailweir {
namespace {

using rules::Ruleset;

constexpr char kOurs[] =
    "*filter\n:INPUT ACCEPT [0:0]\n"
    "-A INPUT -m conntrack --ctstate INVALID -m comment --comment \"inbound.invalid\" -j DROP\n"
    "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -m comment --comment \"inbound.replies\" -j ACCEPT\n"
    "-A INPUT -p tcp -m tcp --dport 2222 -m comment --comment \"inbound.open and why\" -j ACCEPT\n"
    "-A INPUT -m comment --comment \"inbound.default\" -j DROP\nCOMMIT\n";

Ruleset read(const std::string& text) {
  Diagnostics remarks;
  auto ruleset = rules::read_iptables(text, {}, remarks);
  EXPECT_FALSE(remarks.has_errors()) << text;
  return ruleset;
}

Ruleset filter(const std::string& lines) { return read("*filter\n:INPUT ACCEPT [0:0]\n" + lines + "COMMIT\n"); }

class Access : public testing::Test {
 protected:
  Access() {
    RuleInfo last;
    last.id = "inbound.default";
    last.file = "mailweir.toml";
    last.line = 7;
    table_.rules.push_back(last);
    machine_.interfaces = {{"eth0", {*IpAddress::parse("198.51.100.7")}}, {"eth1", {*IpAddress::parse("10.0.0.1")}}};
    machine_.routes = {{*IpPrefix::parse("10.0.0.0/8"), "eth1"}, {*IpPrefix::parse("0.0.0.0/0"), "eth0"}};
  }

  AccessReport ask(const WayIn& way, const Ruleset& others = {}, const std::string& ours = kOurs) {
    const Ruleset wanted = read(ours);
    return judge_access({table_, wanted, others, machine_, {way}}, Time{});
  }
  static WayIn from(const char* client, std::uint16_t port, bool tracked = true) {
    return {{*IpAddress::parse(client), 50022, port, IpAddress::parse("198.51.100.7"), {}}, tracked};
  }

  CompiledTable table_;
  rules::SimulatedMachine machine_;
};

TEST_F(Access, AnOpenPortIsAWayInAndAClosedOneIsNamedWithRuleAndLine) {
  EXPECT_FALSE(ask(from("203.0.113.9", 2222)).lockout);
  const AccessReport report = ask(from("203.0.113.9", 22));
  ASSERT_TRUE(report.lockout);
  EXPECT_EQ(report.lockout->session, "203.0.113.9 port 50022 to port 22");
  EXPECT_EQ(report.lockout->rule, "inbound.default");
  EXPECT_EQ(report.lockout->line, 7);
  EXPECT_FALSE(report.lockout->ongoing) << "established packets are let in";
  EXPECT_NE(report.lockout->text.find("dropped by rule inbound.default (mailweir.toml:7)"), std::string::npos)
      << report.lockout->text;
}

TEST_F(Access, WithoutTheAddressOfTheServerOneIsFound) {
  WayIn way = from("10.1.2.3", 22);
  way.session.server.reset();
  EXPECT_TRUE(ask(way).lockout);
  way.session.server_port = 2222;
  EXPECT_FALSE(ask(way).lockout);
}

TEST_F(Access, ASessionUnknownToConntrackIsCutWhereNothingIsPickedUp) {
  EXPECT_FALSE(ask(from("203.0.113.9", 2222, false)).lockout);
  machine_.connections.tcp.loose = false;
  EXPECT_FALSE(ask(from("203.0.113.9", 2222, true)).lockout);
  const AccessReport report = ask(from("203.0.113.9", 2222, false));
  ASSERT_TRUE(report.lockout);
  EXPECT_TRUE(report.lockout->ongoing);
  EXPECT_EQ(report.lockout->rule, "inbound.invalid");
  EXPECT_EQ(report.lockout->line, 0) << "no line of the policy asked for it";
}

TEST_F(Access, AnAnswerThatIsHeldBackCutsToo) {
  const AccessReport report = ask(from("203.0.113.9", 22), {},
                                  "*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m tcp --sport 22 -m comment "
                                  "--comment \"host.also\" -j REJECT\nCOMMIT\n");
  ASSERT_TRUE(report.lockout);
  EXPECT_EQ(report.lockout->rule, "host.also");
  EXPECT_NE(report.lockout->text.find("the answer rejected"), std::string::npos) << report.lockout->text;
}

TEST_F(Access, WhatOthersStopWithoutUsIsARemark) {
  const AccessReport report = ask(from("203.0.113.9", 22), filter("-A INPUT -p tcp -m tcp --dport 22 --syn -j DROP\n"));
  EXPECT_FALSE(report.lockout);
  ASSERT_EQ(report.remarks.size(), 1U);
  EXPECT_NE(report.remarks[0].find("--dport 22"), std::string::npos) << report.remarks[0];
}

TEST_F(Access, AnUnknownOfOthersIsARemarkAndOneOfOursARefusal) {
  const Ruleset unknown = filter("-A INPUT -m string --string \"x\" --algo bm -j DROP\n");
  const AccessReport open = ask(from("203.0.113.9", 2222), unknown);
  EXPECT_FALSE(open.lockout);
  ASSERT_FALSE(open.remarks.empty());
  EXPECT_NE(open.remarks[0].find("hangs on whether"), std::string::npos) << open.remarks[0];
  EXPECT_TRUE(ask(from("203.0.113.9", 22), unknown).lockout);
  EXPECT_TRUE(ask(from("203.0.113.9", 2222), {},
                  "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m set --match-set somebody src -m comment --comment "
                  "\"inbound.x\" -j DROP\nCOMMIT\n")
                  .lockout);
}

TEST_F(Access, OfStrangersOneWhoGetsInIsEnough) {
  WayIn anybody;
  anybody.session.server_port = 22;
  EXPECT_TRUE(ask(anybody).lockout);
  anybody.session.server_port = 2222;
  EXPECT_FALSE(ask(anybody).lockout);
  const auto only = [&](const char* source) {
    return "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s " + std::string(source) +
           " -p tcp -m tcp --dport 2222 -j ACCEPT\n-A INPUT -m comment --comment \"inbound.default\" -j DROP\nCOMMIT\n";
  };
  EXPECT_FALSE(ask(anybody, {}, only("203.0.113.0/24")).lockout);
  EXPECT_TRUE(ask(anybody, {}, only("127.0.0.0/8")).lockout) << "nobody from outside has that address";
  EXPECT_FALSE(ask(anybody, {},
                   "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT ! -i eth1 -m comment --comment \"inbound.default\" -j "
                   "DROP\nCOMMIT\n")
                   .lockout)
      << "one interface is a way in";
}

TEST_F(Access, SomebodyLoggedInFromHereComesThroughLo) {
  WayIn way = from("198.51.100.7", 22);
  EXPECT_TRUE(ask(way).lockout);
  EXPECT_FALSE(
      ask(way, {}, "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -j DROP\nCOMMIT\n").lockout);
}

TEST_F(Access, WithoutRulesOfOursNobodyIsCutOff) {
  EXPECT_FALSE(ask(from("203.0.113.9", 22), filter("-A INPUT -j DROP\n"), "*filter\nCOMMIT\n").lockout);
}

}  // namespace
}  // namespace mailweir
