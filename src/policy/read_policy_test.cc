#include "policy/read_policy.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mailweir {
namespace {

// What is printed for each mistake is held by tests/golden/policy; here: values, lines and ids.
std::vector<std::string> ids(std::string_view text) {
  Diagnostics diagnostics;
  (void)parse_policy(text, "t.toml", diagnostics);
  std::vector<std::string> list;
  for (const Diagnostic& remark : diagnostics.list()) list.push_back(remark.id);
  return list;
}

Policy valid(std::string_view text) {
  Diagnostics diagnostics;
  auto policy = parse_policy(text, "t.toml", diagnostics);
  EXPECT_TRUE(policy.has_value()) << (policy ? "" : policy.error().text());
  return policy ? *policy : Policy{};
}

TEST(ReadPolicy, EveryValueComesWithItsLine) {
  const Policy policy = valid(
      "[gateway]\n"
      "clients = [\"172.16.0.0/12\", \"fd16::/32\"]\n"
      "mail_servers = [\"172.16.9.25\"]\n"
      "exempt = [\"172.16.0.1\"]\n"
      "transfer = \"watch\"\n"
      "submission = \"allow\"\n"
      "servers_registered = true\n"
      "[block]\n"
      "for = \"30m\"\n"
      "max = \"7d\"\n"
      "how = \"drop\"\n");
  ASSERT_TRUE(policy.gateway);
  EXPECT_EQ(policy.file, "t.toml");
  EXPECT_EQ(policy.gateway->clients.value,
            (std::vector{*IpPrefix::parse("172.16.0.0/12"), *IpPrefix::parse("fd16::/32")}));
  EXPECT_EQ(policy.gateway->clients.line, 2);
  EXPECT_EQ(policy.gateway->mail_servers.value, std::vector{*IpPrefix::parse("172.16.9.25")});
  EXPECT_EQ(policy.gateway->mail_servers.line, 3);
  EXPECT_EQ(policy.gateway->exempt.line, 4);
  EXPECT_EQ(policy.gateway->transfer.value, Answer::Watch);
  EXPECT_EQ(policy.gateway->transfer.line, 5);
  EXPECT_EQ(policy.gateway->submission.value, Answer::Allow);
  EXPECT_EQ(policy.gateway->submission.line, 6);
  EXPECT_TRUE(policy.gateway->servers_registered.value);
  EXPECT_EQ(policy.gateway->servers_registered.line, 7);
  EXPECT_EQ(policy.block.length.value, std::chrono::minutes(30));
  EXPECT_EQ(policy.block.length.line, 9);
  EXPECT_EQ(policy.block.length_max.value, std::chrono::days(7));
  EXPECT_EQ(policy.block.how.value, BlockHow::Drop);
  EXPECT_EQ(policy.block.how.line, 11);
}

TEST(ReadPolicy, DefaultsHoldAndHaveNoLine) {
  const Policy policy = valid("[gateway]\nclients = [\"172.16.0.0/12\"]\n");
  EXPECT_EQ(policy.gateway->transfer.value, Answer::Watch);
  EXPECT_EQ(policy.gateway->transfer.line, 0);
  EXPECT_EQ(policy.block.length.value, std::chrono::hours(1));
  EXPECT_EQ(policy.block.length_max.value, std::chrono::hours(24));
  EXPECT_EQ(policy.block.how.line, 0);
}

TEST(ReadPolicy, MissingSectionLeavesThatDirectionAlone) {
  EXPECT_FALSE(valid("[block]\nfor = \"1h\"\n").gateway);
  EXPECT_EQ(ids(""), std::vector<std::string>{"policy.empty"});
}

TEST(ReadPolicy, RemarksComeInTheOrderOfTheText) {
  const auto found = ids("[gateway]\nclients = [\"10.0.0.1/8\"]\ntransfer = 1\nexmpt = []\n[block]\nhow = \"x\"\n");
  EXPECT_EQ(found, (std::vector<std::string>{"policy.host-bits", "policy.wrong-type", "policy.unknown-key",
                                             "policy.unknown-value"}));
}

TEST(ReadPolicy, OwnTrafficAndRetrievalCannotBeWatched) {
  EXPECT_EQ(ids("[host]\ntransfer = \"watch\"\nsubmission = \"block\"\n"),
            std::vector<std::string>{"policy.not-watched"});
  EXPECT_EQ(ids("[gateway]\nclients = [\"10.0.0.0/8\"]\nretrieval = \"watch\"\n"),
            std::vector<std::string>{"policy.not-watched"});
}

TEST(ReadPolicy, AGroupAnswersAsTheGatewayWhereItSaysNothing) {
  const Policy policy = valid(
      "[gateway]\nclients = [\"10.0.0.0/8\"]\ntransfer = \"limit\"\nlimit_burst = 7\n"
      "[[gateway.group]]\nname = \"guests\"\nclients = [\"10.9.0.0/16\"]\nsubmission = \"block\"\n");
  ASSERT_EQ(policy.gateway->groups.size(), 1U);
  const GatewayGroup& guests = policy.gateway->groups.front();
  EXPECT_EQ(guests.transfer.value, Answer::Limit);
  EXPECT_EQ(guests.transfer.line, 3);
  EXPECT_EQ(guests.limit_burst.value, 7U);
  EXPECT_EQ(guests.submission.value, Answer::Block);
  EXPECT_EQ(guests.submission.line, 8);
}

TEST(ReadPolicy, ALaterFileReplacesWhatAnEarlierOneSaysAndSettingsKnowTheirFile) {
  Diagnostics diagnostics;
  const auto policy = parse_policy({{"main.toml", "[host]\ntransfer = \"block\"\nexcept_to = [\"192.0.2.1\"]\n"},
                                    {"10.toml", "[gateway]\nclients = [\"10.0.0.0/8\"]\n"},
                                    {"20.toml", "# mine\n[host]\ntransfer = \"log\"\n"}},
                                   diagnostics);
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->host->transfer.value, Answer::Log);
  EXPECT_EQ(policy->host->transfer.file, "20.toml");
  EXPECT_EQ(policy->host->transfer.line, 3);
  EXPECT_EQ(policy->host->except_to.file, "");
  EXPECT_EQ(policy->gateway->clients.file, "10.toml");
  ASSERT_EQ(diagnostics.list().size(), 1U);
  EXPECT_EQ(diagnostics.list().front().id, "policy.replaced");
}

TEST(ReadPolicy, PortsAreNumbersServicesAndRanges) {
  const Policy policy = valid("[inbound]\nopen = [\"ssh\", 80, \"6000-6063\", \"53/udp\"]\nping = false\n");
  EXPECT_EQ(
      policy.inbound->open.value,
      (std::vector<PortRange>{
          {Transport::Tcp, 22, 22}, {Transport::Tcp, 80, 80}, {Transport::Tcp, 6000, 6063}, {Transport::Udp, 53, 53}}));
  EXPECT_FALSE(policy.inbound->ping.value);
  EXPECT_EQ(ids("[inbound]\nopen = [0, 70000, \"shh\", true]\n"),
            (std::vector<std::string>{"policy.bad-port", "policy.bad-port", "policy.bad-port", "policy.wrong-type"}));
}

TEST(ReadPolicy, RangesOfAddressesBecomePrefixes) {
  const Policy policy = valid("[gateway]\nclients = [\"10.0.0.0/8\"]\npublic = [\"198.51.100.100-198.51.100.103\"]\n");
  EXPECT_EQ(policy.gateway->public_addresses.value, std::vector{*IpPrefix::parse("198.51.100.100/30")});
  EXPECT_EQ(ids("[host]\nexcept_to = [\"192.0.2.9-192.0.2.1\"]\ntransfer = \"block\"\n"),
            std::vector<std::string>{"policy.bad-prefix"});
}

TEST(ReadPolicy, WhatTheCheckOfThePoolAsksBesides) {
  const Policy policy = valid(
      "[dns]\nblocklists = [\"zen.spamhaus.org\"]\nblocklist_budget = 50\nhelo = "
      "[\"198.51.100.100=mail.example.net\"]\n");
  EXPECT_EQ(policy.dns.blocklists.value, std::vector<std::string>{"zen.spamhaus.org"});
  EXPECT_EQ(policy.dns.blocklist_budget.value, 50U);
  ASSERT_EQ(policy.dns.helo.value.size(), 1U);
  EXPECT_EQ(policy.dns.helo.value[0].name, "mail.example.net");
  EXPECT_EQ(
      ids("[dns]\nblocklists = [\"*.x\", 7, \"a..b\"]\nhelo = [\"mail.example.net\", \"1.2.3.4=\"]\nserver = 1\n"),
      (std::vector<std::string>{"policy.bad-text", "policy.bad-text", "policy.bad-text", "policy.bad-text",
                                "policy.bad-text", "policy.unknown-key"}));
}

TEST(ReadPolicy, NamesThatNeedDnsAreRefused) {
  EXPECT_EQ(ids("[host]\ntransfer = \"block\"\nexcept_to = [\"smtp.example.com\"]\n"),
            std::vector<std::string>{"policy.needs-dns"});
}

TEST(ReadPolicy, WishesThatContradictEachOtherAreErrors) {
  EXPECT_EQ(ids("[host]\ntransfer = \"allow\"\nalso_block = [\"smtp\"]\n"),
            std::vector<std::string>{"policy.contradiction"});
  EXPECT_EQ(ids("[gateway]\nclients = [\"10.0.0.0/8\"]\nto_clients_also = [445]\n"),
            std::vector<std::string>{"policy.no-effect"});
  EXPECT_EQ(ids("[gateway]\nclients = [\"10.0.0.0/8\"]\npublic = [\"10.0.0.1\"]\n"),
            std::vector<std::string>{"policy.contradiction"});
  EXPECT_EQ(ids("[gateway]\nclients = [\"10.0.0.0/8\"]\n"
                "[[gateway.group]]\nname = \"a\"\nclients = [\"10.1.0.0/16\"]\n"
                "[[gateway.group]]\nname = \"b\"\nclients = [\"10.1.2.0/24\"]\n"),
            std::vector<std::string>{"policy.overlap"});
}

TEST(ReadPolicy, ABlockThatCutsTheSmarthostIsRemarkedOn) {
  const std::string host = "[host]\ntransfer = \"block\"\nexcept_to = [\"10.0.0.25\"]\n";
  EXPECT_EQ(ids(host + "[gateway]\nclients = [\"10.0.0.0/8\"]\nto_clients = \"block\"\n"),
            std::vector<std::string>{"policy.cuts-smarthost"});
  EXPECT_TRUE(ids(host + "[gateway]\nclients = [\"10.0.0.0/8\"]\nto_clients = \"block\"\n"
                         "mail_servers = [\"10.0.0.25\"]\n")
                  .empty());
}

TEST(ReadPolicy, MailServerWiderThanAClientNetworkIsNotOutside) {
  EXPECT_TRUE(
      ids("[gateway]\nclients = [\"10.1.0.0/16\", \"10.2.0.0/16\"]\nmail_servers = [\"10.0.0.0/8\"]\n").empty());
  EXPECT_EQ(ids("[gateway]\nclients = [\"10.1.0.0/16\", \"10.2.0.0/16\"]\nmail_servers = [\"10.3.0.0/16\"]\n"),
            std::vector<std::string>{"policy.outside-clients"});
}

TEST(ReadPolicy, BlockAsLongAsTheLongestIsTheBorder) {
  EXPECT_TRUE(ids("[block]\nfor = \"24h\"\n").empty());
  EXPECT_EQ(ids("[block]\nfor = \"25h\"\n"), std::vector<std::string>{"policy.block-range"});
  EXPECT_EQ(ids("[block]\nmax = \"59m\"\n"), std::vector<std::string>{"policy.block-range"});
}

TEST(ReadPolicy, FileThatCannotBeReadSaysWhy) {
  Diagnostics diagnostics;
  const auto missing = read_policy("/nonexistent/mailweir.toml", diagnostics);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), ErrorCode::NotFound);
  const auto directory = read_policy("/", diagnostics);
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().code(), ErrorCode::BadInput);
  EXPECT_TRUE(diagnostics.list().empty());
}

}  // namespace
}  // namespace mailweir
