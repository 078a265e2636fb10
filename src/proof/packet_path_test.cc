#include "proof/packet_path.h"

#include <gtest/gtest.h>

#include "compile/compile.h"
#include "tests/support/watch_table.h"

namespace mailweir {
namespace {

IpAddress address(const char* text) { return *IpAddress::parse(text); }

const RuleInfo& rule_of(const CompiledTable& table, std::string_view id) {
  for (const RuleInfo& rule : table.rules) {
    if (rule.id == id) return rule;
  }
  ADD_FAILURE() << "no rule " << id;
  return table.rules.front();
}

CompiledTable gateway_table() {
  Policy policy;
  GatewayPolicy& gateway = policy.gateway.emplace();
  gateway.clients.value = {*IpPrefix::parse("172.16.0.0/16")};
  gateway.exempt.value = {*IpPrefix::parse("172.16.0.7")};
  gateway.mail_servers.value = {*IpPrefix::parse("172.16.0.8")};
  gateway.transfer.value = Answer::Block;
  gateway.submission.value = Answer::Allow;
  gateway.to_clients.value = Answer::Block;
  auto table = compile(policy, NoAccounts{});
  EXPECT_TRUE(table);
  return std::move(*table);
}

TestPacket from(const char* client, const char* to = "203.0.113.254") {
  TestPacket packet;
  packet.hook = RuleHook::Forward;
  packet.from = address(client);
  packet.to = address(to);
  packet.port = 25;
  return packet;
}

TEST(PacketPath, AnOrdinaryClientGetsToTheRule) {
  const CompiledTable table = gateway_table();
  const RuleInfo& rule = rule_of(table, "gateway.transfer");
  EXPECT_TRUE(matches(rule, from("172.16.0.9")));
  EXPECT_EQ(taken_before(table, rule, from("172.16.0.9")), nullptr);
  EXPECT_FALSE(matches(rule, from("172.17.0.9"))) << "no client";
  EXPECT_FALSE(rule.v6) << "no network of that family is named";
}

TEST(PacketPath, ExemptAndRegisteredClientsAreTakenBefore) {
  const CompiledTable table = gateway_table();
  const RuleInfo& rule = rule_of(table, "gateway.transfer");
  ASSERT_NE(taken_before(table, rule, from("172.16.0.7")), nullptr);
  EXPECT_EQ(taken_before(table, rule, from("172.16.0.7"))->id, "gateway.exempt");
  ASSERT_NE(taken_before(table, rule, from("172.16.0.8")), nullptr);
  EXPECT_EQ(taken_before(table, rule, from("172.16.0.8"))->id, "gateway.mail_servers");
}

// A return leaves its own chain: what stands in a later one is still met.
TEST(PacketPath, WhatLetsPassEndsItsOwnChainOnly) {
  const CompiledTable table = gateway_table();
  const RuleInfo& protection = rule_of(table, "gateway.to_clients");
  EXPECT_EQ(taken_before(table, protection, from("203.0.113.254", "172.16.0.9")), nullptr);
  const TestPacket from_server = from("172.16.0.8", "172.16.0.9");
  EXPECT_EQ(taken_before(table, protection, from_server), nullptr);
  ASSERT_NE(taken_before(table, protection, from("172.16.0.7", "172.16.0.9")), nullptr) << "exempt is of the caller";
  ASSERT_NE(taken_before(table, protection, from("172.16.0.9", "172.16.0.10")), nullptr);
  EXPECT_EQ(taken_before(table, protection, from("172.16.0.9", "172.16.0.10"))->id, "gateway.transfer");
}

TEST(PacketPath, ABlockedClientIsTakenByItsBlock) {
  const CompiledTable table = gateway_table();
  TestPacket packet = from("172.16.0.9");
  packet.blocked = true;
  EXPECT_TRUE(matches(rule_of(table, "blocks.transfer"), packet));
  EXPECT_EQ(taken_before(table, rule_of(table, "gateway.transfer"), packet)->id, "blocks.transfer");
}

TEST(PacketPath, InboundPacketsAreTakenByWhatTheyAre) {
  Policy policy;
  policy.inbound.emplace().open.value = {{Transport::Tcp, 25, 25}};
  const auto table = compile(policy, NoAccounts{});
  const RuleInfo& rest = rule_of(*table, "inbound.default");
  TestPacket packet;
  packet.hook = RuleHook::Input;
  packet.from = address("203.0.113.254");
  packet.to = address("192.0.2.1");
  packet.port = 9;
  EXPECT_EQ(taken_before(*table, rest, packet), nullptr);
  packet.port = 25;
  EXPECT_EQ(taken_before(*table, rest, packet)->id, "inbound.open");
  packet.state = PacketState::Reply;
  EXPECT_EQ(taken_before(*table, rest, packet)->id, "inbound.replies");
  packet.state = PacketState::Invalid;
  EXPECT_EQ(taken_before(*table, rest, packet)->id, "inbound.invalid");
}

}  // namespace
}  // namespace mailweir
