#include "cli/lockout.h"

#include <gtest/gtest.h>

#include "compile/compile.h"
#include "policy/read_policy.h"
#include "tests/support/no_accounts.h"

namespace mailweir {
namespace {

CompiledTable table_of(const std::string& text) {
  Diagnostics diagnostics;
  const auto policy = parse_policy(text, "mailweir.toml", diagnostics);
  EXPECT_TRUE(policy) << text;
  auto table = compile(*policy, NoAccounts{});
  EXPECT_TRUE(table) << table.error().text();
  return std::move(*table);
}

SshSession session(const char* client, std::uint16_t server_port) {
  return {*IpAddress::parse(client), 50022, server_port};
}

TEST(Lockout, ASessionThroughAnOpenPortIsSafe) {
  const CompiledTable table = table_of("[inbound]\nopen = [\"ssh\", 2000, \"2010-2020\"]\n");
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{22, 2000, 2010, 2015, 2020}) {
    for (const char* client : {"198.51.100.7", "2001:db8::7"}) {
      EXPECT_FALSE(find_lockout(table, std::vector{session(client, port)})) << client << " " << port;
    }
  }
}

TEST(Lockout, ASessionThroughAClosedPortIsNamedWithTheRuleThatStopsTheNext) {
  const CompiledTable table = table_of("[inbound]\nopen = [\"ssh\", \"22/udp\", \"2010-2020\"]\n");
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{21, 23, 2009, 2021}) {
    const auto lockout = find_lockout(table, std::vector{session("198.51.100.7", port)});
    ASSERT_TRUE(lockout) << port;
    EXPECT_EQ(lockout->rule, "inbound.default");
    EXPECT_EQ(lockout->session, "198.51.100.7 port 50022 to port " + std::to_string(port));
  }
  EXPECT_TRUE(find_lockout(table, std::vector{session("2001:db8::7", 2022)}));
}

TEST(Lockout, UdpOpenIsNotTcpOpen) {
  EXPECT_TRUE(find_lockout(table_of("[inbound]\nopen = [\"22/udp\"]\n"), std::vector{session("198.51.100.7", 22)}));
}

// ident is refused by a rule of its own, before the rest is dropped.
TEST(Lockout, TheRuleThatStopsItFirstIsNamed) {
  const auto lockout = find_lockout(table_of("[inbound]\nopen = []\n"), std::vector{session("198.51.100.7", 113)});
  ASSERT_TRUE(lockout);
  EXPECT_EQ(lockout->rule, "inbound.ident");
}

TEST(Lockout, WithoutInboundRulesNobodyIsCutOff) {
  const CompiledTable table = table_of("[host]\ntransfer = \"block\"\nalso_block = [22]\n");
  EXPECT_FALSE(find_lockout(table, std::vector{session("198.51.100.7", 22)}));
}

TEST(Lockout, OfSeveralSessionsEachMustGoOn) {
  const CompiledTable table = table_of("[inbound]\nopen = [22]\n");
  EXPECT_FALSE(find_lockout(table, std::vector<SshSession>{}));
  EXPECT_TRUE(find_lockout(table, std::vector{session("198.51.100.7", 22), session("198.51.100.8", 2222)}));
}

}  // namespace
}  // namespace mailweir
