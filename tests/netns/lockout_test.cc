// The lock-out guard tells the truth: what it says of a new login and of the session somebody sits in is what a real
// kernel then does, with the rules of others in the way.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "sys/kernel_setting.h"
#include "sys/operator.h"
#include "tests/netns/proof_world.h"
#include "tests/support/temporary_directory.h"

namespace mailweir {
namespace {

using nlohmann::json;

// A program of that name which listens on port 22 of both families and says back what it hears.
class SshServer {
 public:
  SshServer() {
    int ready[2];
    EXPECT_EQ(pipe2(ready, O_CLOEXEC), 0);
    child_ = fork();
    if (child_ == 0) serve(ready[1]);
    close(ready[1]);
    char byte = 0;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
  }
  SshServer(const SshServer&) = delete;
  SshServer& operator=(const SshServer&) = delete;
  ~SshServer() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }

 private:
  [[noreturn]] static void serve(int ready) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "sshd");
    const int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in6 all{};
    all.sin6_family = AF_INET6;
    all.sin6_port = htons(22);
    if (bind(listener, reinterpret_cast<const sockaddr*>(&all), sizeof all) != 0 || listen(listener, 16) != 0) _exit(1);
    if (write(ready, "r", 1) != 1) _exit(1);
    std::vector<pollfd> ends{{listener, POLLIN, 0}};
    for (;;) {
      poll(ends.data(), ends.size(), -1);
      if ((ends[0].revents & POLLIN) != 0) ends.push_back({accept(listener, nullptr, nullptr), POLLIN, 0});
      for (std::size_t i = 1; i < ends.size(); ++i) {
        char heard[64];
        if ((ends[i].revents & POLLIN) == 0) continue;
        const ssize_t length = read(ends[i].fd, heard, sizeof heard);
        if (length <= 0 || write(ends[i].fd, heard, static_cast<std::size_t>(length)) != length) ends[i].fd = -1;
      }
    }
  }
  pid_t child_ = -1;
};

bool echoes(int socket) {
  char heard = 0;
  pollfd waiting{socket, POLLIN, 0};
  return write(socket, "x", 1) == 1 && poll(&waiting, 1, 30'000) == 1 && read(socket, &heard, 1) == 1 && heard == 'x';
}

// What the first word of whose comment is `rule` counted in our table.
std::uint64_t packets_of(const std::string& rule) {
  const auto kernel = open_linux_kernel();
  std::uint64_t packets = 0;
  const auto counted = (*kernel)->rule_packets();
  for (const RulePackets& one : *counted)
    if (one.id == rule) packets += one.packets;
  return packets;
}

bool moves(const std::string& rule, std::uint64_t from) {
  for (int tenths = 0; tenths != 300; ++tenths) {
    if (packets_of(rule) > from) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

class Lockouts : public testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] static bool v4() { return GetParam(); }
  [[nodiscard]] static std::string client() { return v4() ? "172.16.0.7" : "fd16:0:0:1::2"; }
  [[nodiscard]] static std::string server() { return v4() ? "172.16.0.1" : "fd16:0:0:1::1"; }

  // `body` in a gateway with an ssh server, by somebody who is logged in there from the client network.
  void with_session(const std::function<void(GatewayWorld&, int session)>& body) {
    with_gateway([&](GatewayWorld& world) {
      run_script("nft delete table inet nat");
      const SshServer sshd;
      before_the_session();
      const auto session = world.connect(client(), server(), 22);
      ASSERT_EQ(session.error, 0);
      ASSERT_TRUE(echoes(session.socket.get()));
      sockaddr_storage own{};
      socklen_t length = sizeof own;
      ASSERT_EQ(getsockname(session.socket.get(), reinterpret_cast<sockaddr*>(&own), &length), 0);
      const std::uint16_t port = ntohs(v4() ? reinterpret_cast<sockaddr_in*>(&own)->sin_port
                                            : reinterpret_cast<sockaddr_in6*>(&own)->sin6_port);
      setenv("SSH_CONNECTION", (client() + " " + std::to_string(port) + " " + server() + " 22").c_str(), 1);
      body(world, session.socket.get());
    });
  }
  std::function<void()> before_the_session = [] {};

  ProcessOutput type(std::vector<std::string> words, const std::string& policy) {
    std::ofstream(folder_.path() + "/mailweir.toml") << policy;
    words.insert(words.begin(), MAILWEIR_PROGRAM);
    for (const std::string& more : {std::string("--config"), folder_.path() + "/mailweir.toml",
                                    std::string("--state-dir"), folder_.path() + "/state"})
      words.push_back(more);
    const auto ran = run_process(words);
    EXPECT_TRUE(ran) << ran.error().text();
    return ran ? *ran : ProcessOutput{};
  }
  json answer(std::vector<std::string> words, const std::string& policy, int status) {
    words.emplace_back("--json");
    const ProcessOutput ran = type(std::move(words), policy);
    EXPECT_EQ(ran.status, status) << ran.out << ran.err;
    json read = json::parse(ran.out, nullptr, false);
    EXPECT_TRUE(read.is_object()) << ran.out << ran.err;
    return read;
  }

 private:
  TemporaryDirectory folder_;
};

constexpr char kClosed[] = "[inbound]\nopen = [\"smtp\"]\n", kOpen[] = "[inbound]\nopen = [\"ssh\", \"smtp\"]\n";

TEST_P(Lockouts, ThePolicyThatForgetsSshIsRefusedAndForcedItDoesWhatWasSaid) {
  before_the_session = [] {  // somebody else has conntrack at work, so the session is known
    run_script("nft 'table inet f { chain c { type filter hook input priority 0; ct state invalid drop; }; }'");
  };
  with_session([&](GatewayWorld& world, int session) {
    const json refused = answer({"apply"}, kClosed, 4);
    EXPECT_EQ(refused["result"], "refused");
    EXPECT_EQ(refused["access"], "session");
    EXPECT_EQ(refused["lockout"]["rule"], "inbound.default");
    EXPECT_EQ(refused["lockout"]["policy_line"], 1);
    EXPECT_EQ(refused["lockout"]["ongoing"], false);
    EXPECT_NE(refused["lockout"]["session"].get<std::string>().find(client()), std::string::npos);
    const ProcessOutput planned = type({"plan"}, kClosed);
    EXPECT_EQ(planned.status, 4);
    EXPECT_NE(planned.err.find("inbound.default"), std::string::npos) << planned.err;
    ASSERT_EQ(run_process({"nft", "list", "table", "inet", "mailweir"})->status, 1) << "nothing was done";

    answer({"apply", "--force"}, kClosed, 0);
    const auto before = packets_of("inbound.default");
    const Fd next = world.start(client(), server(), 22);
    EXPECT_TRUE(moves("inbound.default", before));
    EXPECT_TRUE(echoes(session)) << "the session goes on, as was said";
    answer({"apply"}, kOpen, 0);
    EXPECT_EQ(world.connect(client(), server(), 22).error, 0);
    EXPECT_TRUE(echoes(session));
  });
}

TEST_P(Lockouts, ASessionThatConntrackNeverSawHangsOnWhetherItMayBePickedUpInTheMiddle) {
  with_session([&](GatewayWorld& world, int session) {
    ASSERT_TRUE(write_kernel_setting("net/netfilter/nf_conntrack_tcp_loose", 0));
    const json refused = answer({"apply"}, kOpen, 4);
    EXPECT_EQ(refused["lockout"]["rule"], "inbound.invalid");
    EXPECT_EQ(refused["lockout"]["ongoing"], true);
    answer({"apply", "--force"}, kOpen, 0);
    const auto before = packets_of("inbound.invalid");
    ASSERT_EQ(write(session, "x", 1), 1);
    EXPECT_TRUE(moves("inbound.invalid", before));
    EXPECT_EQ(world.connect(client(), server(), 22).error, 0) << "only the session was cut";
  });
}

TEST_P(Lockouts, ASessionThatMayBePickedUpGoesOn) {
  with_session([&](GatewayWorld&, int session) {
    ASSERT_TRUE(write_kernel_setting("net/netfilter/nf_conntrack_tcp_loose", 1));
    const json applied = answer({"apply"}, kOpen, 0);
    EXPECT_TRUE(applied["lockout"].is_null());
    EXPECT_TRUE(applied["remarks"].empty());
    EXPECT_TRUE(echoes(session));
  });
}

TEST_P(Lockouts, WhatOthersStopAlreadyIsSaidAndNotRefused) {
  with_session([&](GatewayWorld&, int session) {
    run_script(
        "iptables -A INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -m tcp --syn -j DROP\n"
        "ip6tables -A INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -m tcp --syn -j DROP\n");
    ASSERT_TRUE(echoes(session));
    const json applied = answer({"apply"}, kClosed, 0);
    EXPECT_TRUE(applied["lockout"].is_null());
    ASSERT_EQ(applied["remarks"].size(), 1U);
    const std::string remark = applied["remarks"][0];
    EXPECT_NE(remark.find("filter INPUT"), std::string::npos) << remark;
    EXPECT_NE(remark.find("already"), std::string::npos) << remark;
    EXPECT_TRUE(echoes(session));
  });
}

TEST_P(Lockouts, WhatNobodyKnowsIsSaidAndRefusedOnlyWhenOursIsWhatCuts) {
  with_session([&](GatewayWorld& world, int) {
    // Answers by lot: no simulator knows.
    run_script(
        "nft 'table inet f { chain c { type filter hook input priority 0; numgen random mod 1000000 0 drop; }; }'");
    const json applied = answer({"apply"}, kOpen, 0);
    EXPECT_TRUE(applied["lockout"].is_null());
    ASSERT_FALSE(applied["remarks"].empty());
    EXPECT_NE(applied["remarks"][0].get<std::string>().find("numgen"), std::string::npos);
    EXPECT_EQ(world.connect(client(), server(), 22).error, 0);
    EXPECT_EQ(answer({"apply"}, kClosed, 4)["lockout"]["rule"], "inbound.default");
  });
}

TEST_P(Lockouts, RulesOfOthersThatMoveThePortAreFollowed) {
  with_session([&](GatewayWorld& world, int) {
    // What comes to 2222 is for sshd: the policy must open 22, which is what its rules then see.
    run_script(
        "nft 'table inet f { chain c { type nat hook prerouting priority dstnat; tcp dport 2222 redirect to :22; }; "
        "}'");
    setenv("SSH_CONNECTION", (client() + " 50022 " + server() + " 2222").c_str(), 1);
    EXPECT_EQ(answer({"apply"}, "[inbound]\nopen = [2222]\n", 4)["lockout"]["rule"], "inbound.default");
    answer({"apply"}, kOpen, 0);
    EXPECT_EQ(world.connect(client(), server(), 2222).error, 0);
  });
}

TEST_P(Lockouts, WithoutASessionAListeningServerMustBeReachedBySomebody) {
  if (!v4()) return;  // asked of both families at once
  unsetenv("SSH_CONNECTION");
  unsetenv("SSH_CLIENT");
  if (!current_operator().sessions.empty()) GTEST_SKIP() << "this test itself is run through ssh";
  with_gateway([&](GatewayWorld&) {
    {
      const SshServer sshd;
      const json refused = answer({"apply"}, kClosed, 4);
      EXPECT_EQ(refused["access"], "listener");
      EXPECT_EQ(refused["lockout"]["rule"], "inbound.default");
      run_script(
          "nft 'table inet f { chain c { type filter hook input priority -10; ip saddr 127.0.0.0/8 accept; "
          "tcp dport 22 drop; }; }'");
      const json applied = answer({"apply"}, kClosed, 0);
      EXPECT_FALSE(applied["remarks"].empty()) << "others keep everybody out: said, not refused";
      run_script("nft delete table inet f; nft delete table inet mailweir");
      run_script(
          "nft 'table inet f { chain c { type filter hook input priority -10; ip saddr != 172.16.0.0/24 tcp dport 22 "
          "drop; }; }'");
      EXPECT_EQ(answer({"apply"}, kOpen, 0)["remarks"].size(), 0U) << "somebody gets in";
    }
    const json console = answer({"apply"}, kClosed, 0);
    EXPECT_EQ(console["access"], "console");
  });
}

INSTANTIATE_TEST_SUITE_P(BothFamilies, Lockouts, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& one) { return one.param ? "IPv4" : "IPv6"; });

}  // namespace
}  // namespace mailweir
