// Rules on real packets, as nft and as iptables carry them out: whose socket it is, what a log line says, and that the
// counter of the log and that of the rule tell what the limit kept back.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "apply/bypass.h"
#include "apply/linux_kernel.h"
#include "compile/export.h"
#include "policy/read_policy.h"
#include "proof/rule_count.h"
#include "sys/process.h"
#include "tests/netns/gateway_world.h"
#include "tests/support/nflog_lines.h"

namespace mailweir {
namespace {

// A user number that every user namespace of these tests has besides root, if it has any.
constexpr uid_t kOther = 1;

Policy policy_of(std::string_view text) {
  Diagnostics diagnostics;
  auto policy = parse_policy(text, "t.toml", diagnostics);
  EXPECT_TRUE(policy) << policy.error().text();
  return *policy;
}

void load(const std::vector<std::string>& program, const std::string& text) {
  const auto ran = run_process(program, text);
  ASSERT_TRUE(ran) << ran.error().text();
  ASSERT_EQ(ran->status, 0) << program.front() << " says: " << ran->err << "\n" << text;
}

class LiveRules : public testing::TestWithParam<bool> {
 protected:
  static void install(const std::string& policy_text) {
    const Policy policy = policy_of(policy_text);
    const SystemAccounts accounts;
    if (GetParam()) return load({"nft", "-f", "-"}, compile(policy, accounts)->text);
    load({"iptables-restore"}, export_rules(policy, accounts, RulesFormat::Iptables)->text);
    load({"ip6tables-restore"}, export_rules(policy, accounts, RulesFormat::Ip6tables)->text);
  }
};

// From this machine; the errno of its end (0: established).
int connect_from_here(const char* to, std::uint16_t port) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, to, &address.sin_addr);
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

// The same, of a socket that belongs to the user.
int connect_as(uid_t user, const char* to, std::uint16_t port) {
  const pid_t child = fork();
  if (child == 0) {
    if (setresuid(user, user, user) != 0) _exit(255);
    _exit(connect_from_here(to, port));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_P(LiveRules, TheOwnerOfTheSocketIsLetThrough) {
  with_gateway([](GatewayWorld& world) {
    const auto listener = world.listen("192.0.2.10", 25);
    const int works = connect_as(kOther, "192.0.2.10", 25);
    if (works != 0) {
      std::printf("no second user here: owners of sockets are not tried\n");
      return;
    }
    install("[host]\ntransfer = \"block\"\nexcept_users = [1]\n");
    EXPECT_EQ(connect_as(kOther, "192.0.2.10", 25), 0);
    EXPECT_EQ(connect_as(0, "192.0.2.10", 25), ECONNREFUSED);
  });
}

TEST_P(LiveRules, ALineOfTheLogSaysWhichRuleAndWhatHappened) {
  with_gateway([](GatewayWorld& world) {
    NflogLines lines(kReportGroup);
    install(
        "[host]\ntransfer = \"block\"\nsubmission = \"log\"\n"
        "[gateway]\nclients = [\"172.16.0.0/16\", \"fd16::/32\"]\ntransfer = \"block\"\nretrieval = \"log\"\n");
    EXPECT_EQ(connect_from_here("192.0.2.10", 25), ECONNREFUSED);
    EXPECT_EQ(connect_from_here("192.0.2.10", 587), ECONNREFUSED) << "nobody listens";
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 25).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("fd16:0:0:1::2", "2001:db8::10", 25).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 143).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 80).error, ECONNREFUSED);
    EXPECT_EQ(lines.take(), (std::map<std::string, int>{{"mw host.transfer reject ", 1},
                                                        {"mw host.submission pass ", 1},
                                                        {"mw gateway.transfer reject ", 2},
                                                        {"mw gateway.retrieval pass ", 1}}));
  });
}

INSTANTIATE_TEST_SUITE_P(, LiveRules, testing::Bool(),
                         [](const auto& which) { return which.param ? "Nft" : "Iptables"; });

TEST(LiveRulesNft, TheCounterOfTheLogStandsBehindItsLimit) {
  with_gateway([](GatewayWorld& world) {
    NflogLines lines(kReportGroup);
    const Policy policy = policy_of("[gateway]\nclients = [\"172.16.0.0/16\"]\ntransfer = \"block\"\n");
    load({"nft", "-f", "-"}, compile(policy, SystemAccounts{})->text);
    constexpr int kTries = 300;  // the log takes 200 at once
    for (int i = 0; i < kTries; ++i) ASSERT_EQ(world.connect("172.16.0.2", "192.0.2.10", 25).error, ECONNREFUSED);
    const auto listing = run_process({"nft", "list", "table", "inet", "mailweir"});
    ASSERT_TRUE(listing && listing->status == 0);
    const RuleCounts counts = count_rules(listing->out);
    const auto written = count_of(counts, "gateway.transfer.log").packets;
    EXPECT_EQ(count_of(counts, "gateway.transfer").packets, static_cast<std::uint64_t>(kTries));
    EXPECT_GE(written, 200U);
    EXPECT_LT(written, static_cast<std::uint64_t>(kTries));
    EXPECT_EQ(lines.take()["mw gateway.transfer reject "], static_cast<int>(written));
    const auto kernel = open_linux_kernel();
    const auto rules = (*kernel)->rule_packets();
    ASSERT_TRUE(rules) << rules.error().text();
    EXPECT_EQ(log_counts(*rules).written, written);
    EXPECT_EQ(log_counts(*rules).seen, static_cast<std::uint64_t>(kTries));
  });
}

}  // namespace
}  // namespace mailweir
