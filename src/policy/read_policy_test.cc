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

TEST(ReadPolicy, AnswersOfLaterVersionsAreRefusedByName) {
  for (const char* answer : {"log", "limit", "block"}) {
    const std::string text = "[gateway]\nclients = [\"10.0.0.0/8\"]\ntransfer = \"" + std::string(answer) + "\"\n";
    EXPECT_EQ(ids(text), std::vector<std::string>{"policy.not-supported"}) << answer;
  }
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
