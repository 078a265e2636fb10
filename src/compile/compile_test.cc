#include "compile/compile.h"

#include <gtest/gtest.h>

#include <map>

#include "policy/read_policy.h"

namespace mailweir {
namespace {

class SomeAccounts final : public Accounts {
 public:
  [[nodiscard]] std::optional<std::uint32_t> user(const std::string& name) const override {
    return name == "postfix" ? std::optional(106U) : std::nullopt;
  }
  [[nodiscard]] std::optional<std::uint32_t> group(const std::string&) const override { return std::nullopt; }
};

CompiledTable compiled(std::string_view text, CompileSettings settings = {}) {
  Diagnostics diagnostics;
  const auto policy = parse_policy(text, "t.toml", diagnostics);
  EXPECT_TRUE(policy) << policy.error().text() << diagnostics.list().front().text;
  const auto table = compile(*policy, SomeAccounts{}, settings);
  EXPECT_TRUE(table) << table.error().text();
  return *table;
}

constexpr std::string_view kWatch =
    "[gateway]\nclients = [\"172.16.9.0/24\", \"172.16.0.0/12\", \"fd16::/32\"]\nexempt = [\"172.16.0.7\"]\n";

bool has(const CompiledTable& table, std::string_view part) { return table.text.find(part) != std::string::npos; }

// How often a part occurs.
int count(const CompiledTable& table, std::string_view part) {
  int found = 0;
  for (std::size_t at = 0; (at = table.text.find(part, at)) != std::string::npos; at += part.size()) ++found;
  return found;
}

std::map<std::string, RuleInfo> by_id(const CompiledTable& table) {
  std::map<std::string, RuleInfo> rules;
  for (const RuleInfo& rule : table.rules) EXPECT_TRUE(rules.emplace(rule.id, rule).second) << rule.id << " twice";
  return rules;
}

TEST(Compile, OneRuleLooksAtForwardedTrafficThatIsNotMail) {
  const auto table = compiled("[gateway]\nclients = [\"172.16.0.0/12\"]\nsubmission = \"allow\"\n");
  EXPECT_EQ(count(table, "add rule inet mailweir mw_forward"), 1);
  EXPECT_EQ(table.watched_ports, std::vector<std::uint16_t>{25});
}

TEST(Compile, WhoIsBlockedIsLookedForOnAllSendingPortsWhateverThePolicyAnswersToOthers) {
  for (const char* text :
       {"[gateway]\nclients = [\"172.16.0.0/12\"]\nsubmission = \"allow\"\n",
        "[gateway]\nclients = [\"172.16.0.0/12\"]\ntransfer = \"allow\"\nsubmission = \"allow\"\n"}) {
    const auto table = compiled(text);
    EXPECT_TRUE(has(table, "mw_mail th dport != { 25, 465, 587 } return"));
    EXPECT_TRUE(has(table, "tcp dport { 465, 587 } ip saddr != @transfer_only4 ip saddr @blocked4"));
    EXPECT_TRUE(has(table, "tcp dport 25 ip saddr != @submission_only4 ip saddr @blocked4"));
  }
}

TEST(Compile, SeveralPortsAreComparedByTheBitsTheyShareAndThenExactly) {
  const auto table = compiled(kWatch);
  // 25, 465 and 587 are 0000011001, 0111010001 and 1001001011: bits 0 (set), 2, 5 and 10 to 15 (clear) are the same.
  EXPECT_TRUE(has(table, "mw_forward @th,0,32 & 0x0000fc25 == 0x00000001 jump mw_mail"));
  EXPECT_LT(table.text.find("mw_mail th dport != { 25, 465, 587 } return"),
            table.text.find("mw_mail ip saddr @exempt4"));
  for (const unsigned port : table.watched_ports) EXPECT_EQ(port & 0xfc25U, 1U);
  for (const unsigned port : {80U, 443U, 22U, 53U, 993U, 8080U}) EXPECT_NE(port & 0xfc25U, 1U) << port;
}

TEST(Compile, PrefixesInsideOthersAreLeftOut) {
  EXPECT_TRUE(has(compiled(kWatch), "add element inet mailweir clients4 { 172.16.0.0/12 }\n"));
}

TEST(Compile, BlocksAreNeverFlushedNorDeletedWhileThereIsAGateway) {
  const auto table = compiled(kWatch);
  for (const char* set : {"blocked4", "blocked6", "transfer_only4", "submission_only6", "slowed4", "slowed6"}) {
    EXPECT_FALSE(has(table, std::string("flush set inet mailweir ") + set));
    EXPECT_FALSE(has(table, std::string("delete set inet mailweir ") + set));
  }
  EXPECT_FALSE(has(table, "flush ruleset"));
  EXPECT_FALSE(has(table, "delete table"));
}

TEST(Compile, BlockedSourcesAreAskedBeforeAnythingIsLogged) {
  const auto table = compiled(kWatch);
  EXPECT_LT(table.text.rfind("@blocked6 counter"), table.text.find(" log group 2525"));
  EXPECT_TRUE(has(table, "reject with tcp reset"));
  EXPECT_FALSE(has(compiled(std::string(kWatch) + "[block]\nhow = \"drop\"\n"), "reject"));
}

TEST(Compile, TheMarkerTellsTablesApart) {
  CompileSettings other;
  other.watch_group = 8;
  const auto table = compiled(kWatch), same = compiled(kWatch), changed = compiled(kWatch, other);
  EXPECT_EQ(table.text, same.text);
  EXPECT_EQ(table.marker, same.marker);
  EXPECT_NE(table.marker, changed.marker);
  EXPECT_TRUE(has(changed, "comment \"" + changed.marker + "\""));
}

TEST(Compile, HooksThatNobodyAsksForAreTakenAway) {
  const auto table = compiled("[host]\ntransfer = \"block\"\n");
  EXPECT_TRUE(has(table, "delete chain inet mailweir mw_forward\n"));
  EXPECT_TRUE(has(table, "delete chain inet mailweir mw_input\n"));
  EXPECT_TRUE(has(table, "delete set inet mailweir blocked4\n"));
  EXPECT_FALSE(has(table, "delete chain inet mailweir mw_output\n"));
}

TEST(Compile, EveryRuleKnowsItsLineFamiliesAndEffect) {
  const auto rules =
      by_id(compiled("[host]\ntransfer = \"block\"\nsubmission = \"limit\"\nretrieval = \"log\"\n"
                     "except_users = [\"postfix\"]\nexcept_to = [\"192.0.2.25\"]\n"));
  const RuleInfo& transfer = rules.at("host.transfer");
  EXPECT_EQ(transfer.file, "t.toml");
  EXPECT_EQ(transfer.line, 2);
  EXPECT_EQ(transfer.effect, RuleEffect::Stop);
  EXPECT_TRUE(transfer.reject && transfer.logged && transfer.v4 && transfer.v6);
  EXPECT_EQ(transfer.log_prefix, "mw host.transfer reject ");
  EXPECT_EQ(transfer.ports, (std::vector<PortRange>{{Transport::Tcp, 25, 25}}));
  EXPECT_EQ(rules.at("host.submission").effect, RuleEffect::Limit);
  EXPECT_TRUE(rules.at("host.submission").reject);
  EXPECT_EQ(rules.at("host.retrieval").effect, RuleEffect::Log);
  EXPECT_EQ(rules.at("host.retrieval").log_prefix, "mw host.retrieval pass ");
  EXPECT_EQ(rules.at("host.except_users").line, 5);
  EXPECT_FALSE(rules.at("host.except_to").v6);
}

TEST(Compile, LogPrefixesFitTheKernelLogAndSayWhatHappens) {
  for (const char* how : {"reject", "drop"}) {
    const auto table = compiled(
        "[host]\ntransfer = \"block\"\nalso_block = [\"ssh\"]\n[gateway]\nclients = [\"10.0.0.0/8\"]\n"
        "transfer = \"block\"\nsubmission = \"limit\"\nretrieval = \"log\"\nto_clients = \"block\"\nto_clients_also = "
        "[445]\n"
        "[[gateway.group]]\nname = \"student\"\nclients = [\"10.1.0.0/16\"]\nsubmission = \"block\"\n[inbound]\n"
        "[block]\nhow = \"" +
        std::string(how) + "\"\n[log]\nto = \"kernel\"\n");
    for (const RuleInfo& rule : table.rules) {
      EXPECT_LE(rule.log_prefix.size(), 29U) << rule.id;
      if (rule.effect == RuleEffect::Stop && rule.logged && rule.id != "inbound.default") {
        EXPECT_EQ(rule.log_prefix, "mw " + rule.id + " " + how + " ");
      }
    }
    EXPECT_FALSE(has(table, "group 2526"));
  }
}

TEST(Compile, WhatTheLogKeepsBackIsCounted) {
  const auto table = compiled("[host]\ntransfer = \"block\"\nretrieval = \"log\"\n");
  EXPECT_TRUE(has(table, "mw_host tcp dport 25 limit rate 50/second burst 200 packets counter log prefix"));
  EXPECT_TRUE(has(table, "mw_host tcp dport 25 counter reject with tcp reset comment \"host.transfer t.toml:2\""));
  const auto counted = table.text.find(" counter comment \"host.retrieval t.toml:3\"");
  EXPECT_LT(counted, table.text.find("comment \"host.retrieval.log"));
}

TEST(Compile, AccountsThatAreUnknownHereAreRefusedWithTheirPlace) {
  Diagnostics diagnostics;
  const auto policy =
      parse_policy("[host]\ntransfer = \"block\"\nexcept_users = [\"nobody-here\"]\n", "t.toml", diagnostics);
  const auto table = compile(*policy, SomeAccounts{});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().text(), "t.toml:3:17: this machine has no user 'nobody-here'");
}

TEST(Compile, RegisteredMailServersAndSmarthostsPassWhatStopsClients) {
  const auto table = compiled(
      "[gateway]\nclients = [\"10.0.0.0/8\"]\ntransfer = \"block\"\nmail_servers = [\"10.0.0.25\"]\n"
      "except_to = [\"192.0.2.1\"]\n");
  const auto stop = table.text.find("counter reject with tcp reset comment \"gateway.transfer");
  EXPECT_LT(table.text.find("ip saddr 10.0.0.25 counter return comment \"gateway.mail_servers"), stop);
  EXPECT_LT(table.text.find("ip daddr 192.0.2.1 counter return comment \"gateway.except_to"), stop);
}

TEST(Compile, SuspectsKeepTheServersTheyKnowUnlessThePolicyOnlyTells) {
  const std::string gateway = "[gateway]\nclients = [\"10.0.0.0/8\"]\n";
  const auto table = compiled(gateway + "new_servers_per_hour = 12\n");
  EXPECT_TRUE(has(table,
                  "ip saddr . ip daddr != @known4 update @new_servers4 { ip saddr timeout 2h limit rate over 12/hour "
                  "burst 6 packets } ip saddr @slowed4 counter reject"));
  EXPECT_TRUE(has(table, "mw_slowed ip saddr != @slowed4 counter return"));
  EXPECT_TRUE(has(table, "syn jump mw_slowed"));
  EXPECT_TRUE(has(table, "update @known4 { ip saddr . ip daddr timeout 7d } counter comment"));
  EXPECT_TRUE(has(table, "ip saddr != @submission_only4 ip saddr @blocked4 counter reject with tcp reset comment"));
  EXPECT_FALSE(has(compiled(gateway + "suspects = \"notice\"\n"), "@known4"));
  EXPECT_FALSE(has(compiled(gateway + "transfer = \"allow\"\n"), "@known4"));
}

TEST(Compile, QuestionsToNameServersAreShownOnlyWhereTheOperatorAsks) {
  const std::string gateway = "[gateway]\nclients = [\"10.0.0.0/8\"]\n";
  EXPECT_FALSE(has(compiled(gateway), "udp dport 53"));
  const auto table = compiled(gateway + "mx_queries = true\n");
  EXPECT_TRUE(has(table, "add chain inet mailweir mw_queries { type filter hook prerouting"));
  EXPECT_TRUE(has(table, "udp dport 53 ip saddr 10.0.0.0/8 @th,80,16 & 0xf800 == 0x0 limit rate 5000/second"));
}

}  // namespace
}  // namespace mailweir
