// Proofs about traffic addressed to this machine, by a throw-away host outside.
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/netns/proof_world.h"

namespace mailweir {
namespace {

constexpr char kMailHost[] = "[inbound]\nopen = [\"smtp\", 80, \"53/udp\"]\n[log]\nto = \"kernel\"\n";
constexpr char kNoForwarding[] =
    "echo 0 > /proc/sys/net/ipv4/ip_forward\necho 0 > /proc/sys/net/ipv6/conf/all/forwarding\n";

TEST(ProveInbound, AMailHostIsProvenWithoutBeingAsked) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kMailHost, kNoForwarding);
    policy.prove();
    for (const char* rule : {"inbound.invalid", "inbound.loopback", "inbound.replies", "inbound.ping", "inbound.dhcp",
                             "inbound.open", "inbound.ident", "inbound.broadcast", "inbound.default"})
      policy.expect(rule, ProofResult::Proven);
    for (const char* rule : {"inbound.neighbours", "inbound.listeners", "inbound.dhcp6"})
      EXPECT_EQ(policy.of(rule, false).result, ProofResult::Proven) << policy.of(rule, false).text;
    policy.expect("inbound.open", ProofResult::Proven, 53);
    policy.expect("inbound.errors", ProofResult::Unproven);
    EXPECT_TRUE(all_proven(policy.report().proofs)) << "what nobody can show is not held against anybody";
    EXPECT_NE(policy.of("inbound.open", true, 80).text.find("nobody listens"), std::string::npos);
    EXPECT_EQ(run_process({"ip", "-o", "link"})->out.find("mw-"), std::string::npos);
  });
}

TEST(ProveInbound, SomebodyWhoListensIsSeen) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kMailHost, kNoForwarding);
    const Fd socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 everywhere{};
    everywhere.sin6_family = AF_INET6;
    everywhere.sin6_port = htons(25);
    ASSERT_EQ(bind(socket.get(), reinterpret_cast<const sockaddr*>(&everywhere), sizeof everywhere), 0);
    ASSERT_EQ(listen(socket.get(), 8), 0);
    policy.prove();
    for (const bool v4 : {true, false})
      EXPECT_NE(policy.of("inbound.open", v4, 25).text.find("somebody listens"), std::string::npos);
  });
}

TEST(ProveInbound, AnOpenPortThatAnotherTableClosesIsInert) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(
        "[inbound]\nopen = [\"smtp\"]\n",
        std::string(kNoForwarding) +
            "nft add table inet ufw\nnft add chain inet ufw late '{ type filter hook input priority 0; }'\n"
            "nft add rule inet ufw late tcp dport 25 counter drop\n");
    policy.prove();
    policy.expect_cause("inbound.open", CauseKind::LaterDrop, "table inet ufw, chain late (hook input, priority 0)");
    EXPECT_FALSE(all_proven(policy.report().proofs));
  });
}

TEST(ProveInbound, OnAGatewayThrowAwayHostsWaitForALeave) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kMailHost);
    policy.prove();
    policy.expect("inbound.default", ProofResult::Unproven);
    policy.expect("inbound.loopback", ProofResult::Proven);
    policy.prove({.forward_probe = true});
    policy.expect("inbound.default", ProofResult::Proven);
  });
}

}  // namespace
}  // namespace mailweir
