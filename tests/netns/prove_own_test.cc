// Proofs about a machine's own traffic, on a real kernel.
#include <unistd.h>

#include "sys/enclosure.h"
#include "tests/netns/proof_world.h"

namespace mailweir {
namespace {

constexpr char kBlock[] = "[host]\n\n\ntransfer = \"block\"\n";

TEST(ProveOwn, WithoutAWayOutAnUnusedNeighbourIsTried) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kBlock);
    policy.prove();
    ASSERT_EQ(policy.report().proofs.size(), 2U);
    for (const Proof& proof : policy.report().proofs) {
      EXPECT_EQ(proof.result, ProofResult::Proven) << proof.text;
      EXPECT_EQ(proof.port, 25);
      EXPECT_GT(proof.packets_after, proof.packets_before);
      EXPECT_NE(proof.text.find("stopped by rule host.transfer (mailweir.toml:4)"), std::string::npos) << proof.text;
    }
    EXPECT_TRUE(all_proven(policy.report().proofs));
  });
}

TEST(ProveOwn, WithAWayOutTheAddressIsOneThatNobodyHas) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kBlock, R"(
ip route add default via 192.0.2.10
ip -6 route add default via 2001:db8::10
nft add table inet seen
nft add chain inet seen out '{ type filter hook output priority -200; }'
nft add rule inet seen out ip daddr 203.0.113.254 tcp dport 25 counter
nft add rule inet seen out ip6 daddr 2001:db8:ffff:ffff::fffe tcp dport 25 counter
)");
    policy.prove();
    policy.expect("host.transfer", ProofResult::Proven);
    const auto listed = run_process({"nft", "list", "table", "inet", "seen"});
    EXPECT_EQ(listed->out.find("packets 0"), std::string::npos) << listed->out;
  });
}

TEST(ProveOwn, AFamilyWithoutAnyWayIsNotHeldAgainstAnybody) {
  const auto status = run_enclosed(Walls::Network, [] {
    ProvenPolicy policy(kBlock,
                        "ip link add one type veth peer name two\nip addr add 192.0.2.1/24 dev one\n"
                        "ip link set one up\nip link set two up\n");
    policy.prove();
    EXPECT_EQ(policy.of("host.transfer", true).result, ProofResult::Proven);
    EXPECT_EQ(policy.of("host.transfer", false).result, ProofResult::Unproven);
    EXPECT_NE(policy.of("host.transfer", false).text.find("no way out"), std::string::npos);
    EXPECT_TRUE(all_proven(policy.report().proofs));
    return testing::Test::HasFailure() ? 1 : 0;
  });
  if (!status) GTEST_SKIP() << "no namespaces here: " << status.error().text();
  EXPECT_EQ(*status, 0);
}

TEST(ProveOwn, UdpAndALoggedPortAreProvenToo) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(
        "[host]\nretrieval = \"log\"\nalso_block = [\"1434/udp\", \"telnet\"]\n[block]\nhow = \"drop\"\n");
    policy.prove();
    policy.expect("host.also_block", ProofResult::Proven, 1434);
    policy.expect("host.also_block", ProofResult::Proven, 23);
    policy.expect("host.retrieval", ProofResult::Proven, 993);
    EXPECT_NE(policy.of("host.retrieval", true).text.find("seen by rule"), std::string::npos);
  });
}

TEST(ProveOwn, AnExceptionForUsSendsSomebodyElse) {
  if (geteuid() != 0) GTEST_SKIP() << "only root has other users to lend";
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy("[host]\ntransfer = \"block\"\nexcept_users = [0]\nexcept_groups = [0, 65534]\n");
    policy.prove();
    policy.expect("host.transfer", ProofResult::Proven);
  });
}

TEST(ProveOwn, ALimitIsUsedUpOnlyWhenAsked) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy("[host]\ntransfer = \"limit\"\nlimit_burst = 5\n");
    policy.prove();
    policy.expect("host.transfer", ProofResult::Unproven);
    EXPECT_NE(policy.of("host.transfer", true).text.find("7 connections would use it up"), std::string::npos);
    EXPECT_FALSE(all_proven(policy.report().proofs));
    policy.prove({.limit_probe = true});
    policy.expect("host.transfer", ProofResult::Proven);
    EXPECT_EQ(policy.of("host.transfer", true).attempts, 7);
    EXPECT_NE(policy.of("host.transfer", true).text.find("7 new connections at once: 2 packets"), std::string::npos)
        << policy.of("host.transfer", true).text;
  });
}

NamedTarget target_at(std::initializer_list<const char*> addresses) {
  NamedTarget target{"mail.example.net:25", {}, 25};
  for (const char* address : addresses) target.addresses.push_back(*IpAddress::parse(address));
  return target;
}

TEST(ProveTarget, WhatAnswersWithoutTheRuleIsTold) {
  with_gateway([](GatewayWorld& world) {
    const Fd v4 = world.listen("192.0.2.10", 25);
    ProvenPolicy policy(kBlock);
    policy.prove({.target = target_at({"192.0.2.10", "2001:db8::10"})});
    policy.expect("host.transfer", ProofResult::Proven);
    EXPECT_NE(policy.of("host.transfer", true).text.find("without the rule mail.example.net:25 answers"),
              std::string::npos)
        << policy.of("host.transfer", true).text;
    EXPECT_NE(policy.of("host.transfer", false).text.find("refuses, so it can be reached"), std::string::npos)
        << policy.of("host.transfer", false).text;
  });
}

TEST(ProveTarget, AProvidersBlockIsNotCreditedToTheRule) {
  with_gateway([](GatewayWorld& world) {
    world.swallow("192.0.2.10");
    ProvenPolicy policy(kBlock);
    policy.prove({.target = target_at({"192.0.2.10"})});
    const Proof proof = policy.of("host.transfer", true);
    EXPECT_EQ(proof.result, ProofResult::UpstreamBlocked) << proof.text;
    EXPECT_GT(proof.packets_after, proof.packets_before) << "our rule stops it all the same";
    EXPECT_NE(proof.text.find("blocked upstream as well"), std::string::npos);
    EXPECT_TRUE(all_proven(policy.report().proofs));
  });
}

TEST(ProveTarget, AMarkThatSomebodyChangedIsNotTakenForAnAnswer) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kBlock,
                        "nft add table inet marks\n"
                        "nft add chain inet marks out '{ type route hook output priority mangle; }'\n"
                        "nft add rule inet marks out meta mark set meta mark or 0x10000\n");
    policy.prove({.target = target_at({"192.0.2.10"})});
    const Proof proof = policy.of("host.transfer", true);
    EXPECT_EQ(proof.result, ProofResult::Proven) << proof.text;
    EXPECT_NE(proof.text.find("changed the mark"), std::string::npos) << proof.text;
  });
}

}  // namespace
}  // namespace mailweir
