// What makes a rule inert is found and named: other programs' rules as the kernel has them, and what became of ours.
#include <fstream>

#include "tests/netns/proof_world.h"

namespace mailweir {
namespace {

constexpr char kBlock[] = "[host]\ntransfer = \"block\"\n";
constexpr char kGateway[] =
    "[gateway]\nclients = [\"172.16.0.0/16\", \"fd16::/32\"]\ntransfer = \"block\"\nsubmission = \"allow\"\n";

TEST(ProveCauses, AnEarlierAcceptOfAnotherTableIsNone) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(
        kBlock,
        "nft add table inet early\nnft add chain inet early out '{ type filter hook output priority -50; }'\n"
        "nft add rule inet early out counter accept\n");
    policy.prove();
    policy.expect("host.transfer", ProofResult::Proven);
  });
}

TEST(ProveCauses, AnEarlierDropOfAnotherTableIsNamed) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kBlock,
                        "nft add table inet early\nnft add chain inet early deep\n"
                        "nft add rule inet early deep tcp dport 25 counter drop\n"
                        "nft add chain inet early out '{ type filter hook output priority -50; }'\nnft add rule inet "
                        "early out jump deep\n"
                        "nft add table inet late\nnft add chain inet late out '{ type filter hook output priority 50; "
                        "policy drop; }'\n");
    policy.prove();
    policy.expect_cause("host.transfer", CauseKind::EarlierDrop,
                        "table inet early, chain out (hook output, priority -50) took it before us: chain deep");
    EXPECT_TRUE(policy.of("host.transfer", true).causes.front().convicted);
  });
}

TEST(ProveCauses, ADropThatDoesNotCountIsSuspected) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(
        kBlock,
        "nft add table inet early\nnft add chain inet early out '{ type filter hook output priority -50; }'\n"
        "nft add rule inet early out tcp dport 25 drop\n");
    policy.prove();
    policy.expect_cause("host.transfer", CauseKind::EarlierDrop, "suspected: table inet early");
    EXPECT_FALSE(policy.of("host.transfer", true).causes.front().convicted);
  });
}

TEST(ProveCauses, AnotherPortIsARedirection) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(
        kBlock,
        "nft add table inet early\nnft add chain inet early out '{ type nat hook output priority -100; }'\n"
        "nft add rule inet early out tcp dport 25 counter redirect to :2525\n");
    policy.prove();
    policy.expect_cause("host.transfer", CauseKind::Redirected, "table inet early");
  });
}

TEST(ProveCauses, ForwardedTrafficDroppedOnTheWayInIsNamed) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kGateway,
                        "nft add table inet early\n"
                        "nft add chain inet early pre '{ type filter hook prerouting priority -300; }'\n"
                        "nft add rule inet early pre tcp dport 25 counter drop\n");
    policy.prove({.forward_probe = true});
    policy.expect_cause("gateway.transfer", CauseKind::EarlierDrop,
                        "table inet early, chain pre (hook prerouting, priority -300)");
  });
}

// The mangle table comes before us, and nft does not show it.
TEST(ProveCauses, ALegacyTableIsNamed) {
  with_gateway([](GatewayWorld&) {
    const auto tried = run_process({"iptables-legacy", "-t", "mangle", "-L", "-n"});
    if (!tried || tried->status != 0) {
      std::puts("skipped: this kernel or machine has no legacy iptables");
      return;
    }
    ProvenPolicy policy(kBlock,
                        "iptables-legacy -t mangle -N deep\niptables-legacy -t mangle -A OUTPUT -j deep\n"
                        "iptables-legacy -t mangle -A deep -p tcp --dport 25 -j DROP\n"
                        "ip6tables-legacy -t mangle -P OUTPUT DROP\n");
    policy.prove();
    const Proof v4 = policy.of("host.transfer", true), v6 = policy.of("host.transfer", false);
    EXPECT_EQ(v4.result, ProofResult::Inert) << v4.text;
    EXPECT_NE(
        v4.text.find("iptables-legacy table ip mangle, chain OUTPUT (hook output, priority -150) took it before us: "
                     "chain deep, rule 1 (DROP)"),
        std::string::npos)
        << v4.text;
    EXPECT_NE(
        v6.text.find("ip6tables-legacy table ip6 mangle, chain OUTPUT (hook output, priority -150) took it before "
                     "us: its policy is to drop"),
        std::string::npos)
        << v6.text;
  });
}

// The filter table of the legacy iptables comes after us: it changes nothing.
TEST(ProveCauses, ALegacyTableBehindUsIsNone) {
  with_gateway([](GatewayWorld&) {
    const auto tried = run_process({"iptables-legacy", "-A", "OUTPUT", "-p", "tcp", "--dport", "25", "-j", "DROP"});
    if (!tried || tried->status != 0) {
      std::puts("skipped: this kernel or machine has no legacy iptables");
      return;
    }
    ProvenPolicy policy(kBlock);
    policy.prove();
    policy.expect("host.transfer", ProofResult::Proven);
  });
}

TEST(ProveCauses, AFlowtableIsNamed) {
  with_gateway([](GatewayWorld&) {
    const auto made = run_process({"nft", "-f", "-"},
                                  "table inet fast {\n flowtable ft { hook ingress priority 0; "
                                  "devices = { inner, outer }; }\n}\n");
    if (!made || made->status != 0) {
      std::puts("skipped: this kernel has no flowtables (CONFIG_NF_FLOW_TABLE)");
      return;
    }
    ProvenPolicy policy(kGateway);
    policy.prove({.forward_probe = true});
    policy.expect("gateway.transfer", ProofResult::Proven);
    ASSERT_EQ(policy.report().remarks.size(), 1U);
    EXPECT_NE(policy.report().remarks.front().text.find("flowtable ft of table inet fast (devices inner, outer)"),
              std::string::npos);
  });
}

TEST(ProveCauses, ARuleThatIsNotInTheKernelIsFound) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kBlock, "nft flush chain inet mailweir mw_host\n");
    policy.prove();
    policy.expect_cause("host.transfer", CauseKind::NotThere, "`mailweir apply` puts it there");
  });
}

TEST(ProveCauses, AChainThatNothingLeadsToIsFound) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kBlock, "nft flush chain inet mailweir mw_output\n");
    policy.prove();
    policy.expect_cause("host.transfer", CauseKind::ChainUnhooked,
                        "nothing on the output hook leads to the chain mw_host");
  });
}

TEST(ProveCauses, AStrangersRuleInOurTableIsFound) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kBlock, "nft insert rule inet mailweir mw_output accept\n");
    policy.prove();
    policy.expect_cause("host.transfer", CauseKind::Stranger, "stands in chain mw_output: `accept`");
  });
}

TEST(ProveCauses, ARuleThatBecameOneOfIPv4OnlyIsFound) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kBlock,
                        "nft flush chain inet mailweir mw_host\n"
                        "nft add rule inet mailweir mw_host ip protocol tcp tcp dport 25 counter drop comment "
                        "'\"host.transfer m.toml:2\"'\n");
    policy.prove();
    EXPECT_EQ(policy.of("host.transfer", true).result, ProofResult::Proven) << policy.of("host.transfer", true).text;
    const Proof v6 = policy.of("host.transfer", false);
    EXPECT_EQ(v6.result, ProofResult::Inert);
    EXPECT_NE(v6.text.find("in the kernel it looks at IPv4 only"), std::string::npos) << v6.text;
  });
}

TEST(ProveCauses, AnotherRuleOfOursThatTakesThePacketIsNamed) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(
        kBlock, "nft insert rule inet mailweir mw_host tcp dport 25 counter return comment '\"host.replies\"'\n");
    policy.prove();
    policy.expect_cause("host.transfer", CauseKind::EarlierOwn, "our rule host.replies took it");
  });
}

}  // namespace
}  // namespace mailweir
