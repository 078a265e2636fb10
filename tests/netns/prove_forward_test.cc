// Proofs about forwarded traffic, by throw-away hosts on a gateway, and that these hosts go on every way out.
#include <csignal>
#include <fstream>

#include "tests/netns/proof_world.h"
#include "tests/support/temporary_directory.h"

namespace mailweir {
namespace {

constexpr ProveSettings kAttached{.forward_probe = true, .limit_probe = false, .target = std::nullopt};

bool all_are(const ProvenPolicy& policy, ProofResult result) {
  bool all = true;
  for (const Proof& proof : policy.report().proofs) {
    EXPECT_EQ(proof.result, result) << proof.rule->id << " " << proof.port << (proof.v4 ? " IPv4: " : " IPv6: ")
                                    << proof.text;
    all = all && proof.result == result;
  }
  return all;
}

std::string interfaces() { return run_process({"ip", "-o", "link"})->out; }

// Without the link-local ones, which come by themselves a while after an interface.
std::string routes() { return run_process({"sh", "-c", "ip route show; ip -6 route show | grep -v fe80"})->out; }

constexpr char kEverything[] = R"(
[gateway]
clients = ["172.16.0.0/16", "fd16::/32"]
transfer = "watch"
submission = "block"
retrieval = "log"
mail_servers = ["172.16.255.254"]
exempt = ["172.16.255.253"]
to_clients = "block"
to_clients_also = [445, "1434/udp"]
limit_burst = 3
[[gateway.group]]
name = "guests"
clients = ["172.20.0.0/24", "fd20::/48"]
transfer = "limit"
submission = "watch"
retrieval = "block"
limit_burst = 3
)";

TEST(ProveForward, EveryRuleOfAGatewayIsProvenForBothFamilies) {
  for (const char* how : {"reject", "drop"}) {
    with_gateway([how](GatewayWorld&) {
      ProvenPolicy policy(std::string(kEverything) + "[block]\nhow = \"" + how + "\"\n");
      const std::string before = routes();
      policy.prove(kAttached);
      EXPECT_TRUE(all_are(policy, ProofResult::Proven));
      for (const char* rule : {"blocks.transfer", "blocks.submission", "throttle.transfer", "guests.transfer",
                               "guests.submission", "guests.retrieval", "gateway.transfer", "gateway.submission",
                               "gateway.retrieval", "gateway.to_clients", "to_clients.also"})
        policy.expect(rule, ProofResult::Proven);
      EXPECT_TRUE(all_proven(policy.report().proofs));
      EXPECT_EQ(interfaces().find("mw-"), std::string::npos) << "something is left behind";
      EXPECT_EQ(routes(), before);
      const auto blocks = open_linux_kernel().value()->blocks();
      EXPECT_TRUE(blocks && blocks->empty());
    });
  }
}

TEST(ProveForward, ALimitLetsItsBurstThrough) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kEverything);
    policy.prove(kAttached);
    const Proof proof = policy.of("guests.transfer", true);
    EXPECT_EQ(proof.attempts, 5);
    EXPECT_EQ(proof.packets_after - proof.packets_before, 2U) << proof.text;
  });
}

TEST(ProveForward, AThrottleKeepsKnownServersAndStopsNewOnesAndLeavesNoTrace) {
  for (const char* how : {"reject", "drop"}) {
    with_gateway([how](GatewayWorld&) {
      ProvenPolicy policy(
          "[gateway]\nclients = [\"172.16.0.0/16\", \"fd16::/32\"]\nnew_servers_per_hour = 6\n"
          "[block]\nhow = \"" +
          std::string(how) + "\"\n");
      // Twice: the first leaves nothing behind that the second would meet.
      for (int i = 0; i < 2; ++i) {
        policy.prove(kAttached);
        policy.expect("throttle.transfer", ProofResult::Proven);
        for (const bool v4 : {true, false}) {
          const Proof proof = policy.of("throttle.transfer", v4);
          EXPECT_EQ(proof.attempts, 6) << "the known one, four that are new, and the known one again";
          EXPECT_GE(proof.packets_after - proof.packets_before, 2U) << proof.text;
          EXPECT_NE(proof.text.find("the one it knows answered all along, and 2 of the new ones"), std::string::npos)
              << proof.text;
        }
      }
      const auto kernel = open_linux_kernel().value();
      EXPECT_TRUE(kernel->blocks()->empty());
      const std::string table = kernel->listing().value();
      for (const char* set : {"known4", "known6", "new_servers4", "new_servers6", "slowed4", "slowed6"}) {
        const auto at = table.find(std::string("set ") + set + " {");
        ASSERT_NE(at, std::string::npos) << set;
        EXPECT_EQ(table.substr(at, table.find("}", at) - at).find("elements"), std::string::npos)
            << table.substr(at, 400);
      }
    });
  }
}

TEST(ProveForward, AThrottleThatSomebodyElsesRuleStandsBeforeIsInert) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy("[gateway]\nclients = [\"172.16.0.0/16\", \"fd16::/32\"]\n",
                        "nft insert rule inet mailweir mw_slowed counter return\n");
    policy.prove(kAttached);
    policy.expect_cause("throttle.transfer", CauseKind::Stranger, "counter");
  });
}

TEST(ProveForward, AThrottleWhoseKnownServersAreOutOfReachIsInert) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy("[gateway]\nclients = [\"172.16.0.0/16\", \"fd16::/32\"]\n",
                        "nft add table inet later\n"
                        "nft add chain inet later way '{ type filter hook forward priority 10; }'\n"
                        "nft add rule inet later way tcp dport 25 counter drop\n");
    policy.prove(kAttached);
    policy.expect_cause("throttle.transfer", CauseKind::LaterDrop, "inet later");
  });
}

TEST(ProveForward, AThrottleOfManyServersIsNotTried) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy("[gateway]\nclients = [\"172.16.0.0/16\", \"fd16::/32\"]\nnew_servers_per_hour = 600\n");
    policy.prove(kAttached);
    EXPECT_EQ(policy.of("throttle.transfer", true).result, ProofResult::Unproven);
    EXPECT_NE(policy.of("throttle.transfer", true).text.find("302 mail servers would be needed"), std::string::npos);
  });
}

TEST(ProveForward, AGatewayGetsThrowAwayHostsOnlyWhenTold) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kEverything);
    policy.prove();
    EXPECT_TRUE(all_are(policy, ProofResult::Unproven));
    EXPECT_NE(policy.of("gateway.transfer", true).text.find("--forward-probe"), std::string::npos);
    EXPECT_FALSE(all_proven(policy.report().proofs));
  });
}

TEST(ProveForward, AMachineThatForwardsNothingShowsNothing) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy(kEverything,
                        "echo 0 > /proc/sys/net/ipv4/ip_forward\necho 0 > /proc/sys/net/ipv6/conf/all/forwarding\n");
    policy.prove(kAttached);
    EXPECT_TRUE(all_are(policy, ProofResult::Unproven));
    EXPECT_NE(policy.of("gateway.transfer", false).text.find("net.ipv6.conf.all.forwarding is 0"), std::string::npos);
  });
}

// The last addresses of the client network have owners, of which one is silent but for ARP.
TEST(ProveForward, AnAddressThatSomebodyHasIsNotTaken) {
  with_gateway([](GatewayWorld& world) {
    world.in_client_network([] {
      run_script(
          "for i in 254 253 252; do ip addr add 172.16.0.$i/24 dev uplink; done\n"
          "ip -6 addr add fd16:0:0:1:ffff:ffff:ffff:fffe/64 dev uplink nodad\n"
          "nft add table inet silent\nnft add chain inet silent in '{ type filter hook input priority 0; }'\n"
          "nft add rule inet silent in icmpv6 type nd-neighbor-solicit accept\nnft add rule inet silent in drop\n");
    });
    ProvenPolicy policy(
        "[gateway]\nclients = [\"172.16.0.0/24\", \"fd16:0:0:1::/64\"]\ntransfer = \"block\"\n"
        "submission = \"allow\"\n",
        // Neighbours of IPv6 are asked from a link-local address, and this interface is too young to have a sure one.
        "ip -6 addr add fe80::1:1/64 dev inner nodad\n"
        "nft add table inet seen\nnft add chain inet seen way '{ type filter hook prerouting priority -300; }'\n"
        "nft add rule inet seen way ip saddr 172.16.0.252-172.16.0.254 tcp dport 25 counter comment mine\n"
        "nft add rule inet seen way ip6 saddr fd16:0:0:1:ffff:ffff:ffff:fffe tcp dport 25 counter comment mine\n");
    policy.prove(kAttached);
    policy.expect("gateway.transfer", ProofResult::Proven);
    const auto seen = run_process({"nft", "list", "table", "inet", "seen"})->out;
    EXPECT_EQ(seen.find("packets 1"), std::string::npos) << seen;
    EXPECT_EQ(policy.of("blocks.transfer", false).result, ProofResult::Unproven)
        << "the only /64 has real users: " << policy.of("blocks.transfer", false).text;
  });
}

TEST(ProveForward, IPv6ThatNoRuleSeesIsFound) {
  with_gateway([](GatewayWorld&) {
    ProvenPolicy policy("[gateway]\nclients = [\"172.16.0.0/16\"]\ntransfer = \"block\"\nsubmission = \"allow\"\n");
    policy.prove(kAttached);
    EXPECT_EQ(policy.of("gateway.transfer", true).result, ProofResult::Proven);
    const Proof proof = policy.of("gateway.transfer", false);
    EXPECT_EQ(proof.result, ProofResult::Inert);
    EXPECT_NE(proof.text.find("names no IPv6 network"), std::string::npos) << proof.text;
  });
}

// However the program ends, its hosts go; the kernel's own messages say when.
TEST(ProveForward, ThrowAwayHostsGoWithTheProgramHoweverItEnds) {
  static constexpr char kPolicy[] =
      "[gateway]\nclients = [\"172.16.0.0/16\", \"fd16::/32\"]\ntransfer = \"log\"\nsubmission = \"log\"\n";
  for (const int signal : {SIGKILL, SIGTERM, SIGINT}) {
    with_gateway([signal](GatewayWorld&) {
      const TemporaryDirectory directory;
      std::ofstream(directory.path() + "/mailweir.toml") << kPolicy;
      // What is let on and then dropped is waited for: long enough to be met at it.
      const ProvenPolicy policy(
          kPolicy,
          "nft add table inet later\n"
          "nft add chain inet later way '{ type filter hook forward priority 10; policy drop; }'\n");
      run_script("cd " + directory.path() + "\nsignal=" + std::to_string(signal) + "\nprogram=" + MAILWEIR_PROGRAM + R"(
mkfifo links
ip -o monitor link > links &
monitor=$!
trap 'kill $monitor' EXIT
exec 3< links
# It listens once it tells of an interface made for it.
( while ip link add spark type veth && ip link delete spark; do :; done ) > /dev/null 2>&1 &
spark=$!
read -r line <&3
kill $spark
# What a shell starts in the background ignores SIGINT unless told otherwise.
env --default-signal=INT $program verify --forward-probe --config mailweir.toml > said 2>&1 &
verify=$!
up=no
while [ $up = no ] && read -r line <&3; do
  case $line in *mw-client*LOWER_UP*) up=yes ;; esac
done
kill -$signal $verify
wait $verify && exit 1
gone=
while [ "$gone" != xx ] && read -r line <&3; do
  case $line in Deleted*mw-client* | Deleted*mw-outside*) gone=x$gone ;; esac
done
)");
      EXPECT_EQ(interfaces().find("mw-"), std::string::npos) << interfaces();
    });
  }
}

}  // namespace
}  // namespace mailweir
