#include "cli/first_policy.h"

#include <gtest/gtest.h>

#include "policy/read_policy.h"

namespace mailweir {
namespace {

IpAddress address(const char* text) { return *IpAddress::parse(text); }

Policy valid(const std::string& text) {
  Diagnostics diagnostics;
  const auto policy = parse_policy(text, "t.toml", diagnostics);
  EXPECT_TRUE(policy) << text << policy.error().text();
  EXPECT_TRUE(diagnostics.list().empty()) << diagnostics.list().front().text;
  return policy ? *policy : Policy{};
}

TEST(FirstPolicy, ARentedServerClosesPort25AndLeavesTheRestAlone) {
  MachineFacts facts;
  facts.addresses = {{"eth0", address("198.51.100.7"), *IpPrefix::parse("198.51.100.0/24")}};
  facts.uplinks = {"eth0"};
  const Policy policy = valid(first_policy(facts, {}));
  EXPECT_EQ(policy.host->transfer.value, Answer::Block);
  EXPECT_FALSE(policy.gateway);
  EXPECT_FALSE(policy.inbound) << "nobody is locked out by a first policy";
}

TEST(FirstPolicy, AGatewayWatchesItsPrivateNetworks) {
  MachineFacts facts;
  facts.forwards_v4 = true;
  facts.addresses = {{"eth0", address("10.9.0.7"), *IpPrefix::parse("10.9.0.0/24")},
                     {"eth1", address("172.16.0.1"), *IpPrefix::parse("172.16.0.0/12")},
                     {"eth1", address("fd16::1"), *IpPrefix::parse("fd16::/64")}};
  facts.uplinks = {"eth0"};
  facts.mail_accounts = {"postfix"};
  const Policy policy = valid(first_policy(facts, {}));
  ASSERT_TRUE(policy.gateway);
  EXPECT_EQ(policy.gateway->clients.value, std::vector{*IpPrefix::parse("172.16.0.0/12")});
  EXPECT_EQ(policy.host->except_users.value.front().name, "postfix");
}

TEST(FirstPolicy, AProxyOnAPublicAddressIsWarnedAbout) {
  MachineFacts facts;
  facts.addresses = {{"eth0", address("198.51.100.7"), *IpPrefix::parse("198.51.100.0/24")}};
  facts.listeners = {{address("0.0.0.0"), 1080}, {address("127.0.0.1"), 9050}, {address("0.0.0.0"), 22}};
  auto proxies = exposed_proxies(facts);
  ASSERT_EQ(proxies.size(), 1U);
  EXPECT_EQ(proxies.front().listener.port, 1080);
  proxies.front().lets_anyone = true;
  const std::string text = first_policy(facts, proxies);
  EXPECT_NE(text.find("# WARNING: port 1080 (SOCKS) listens on every address and takes anyone"), std::string::npos);
  EXPECT_NE(text.find("# open = [22, 1080]"), std::string::npos);
  valid(text);
  facts.addresses = {{"eth0", address("192.168.0.7"), *IpPrefix::parse("192.168.0.0/24")}};
  EXPECT_TRUE(exposed_proxies(facts).empty());
}

}  // namespace
}  // namespace mailweir
