// The table for nft and the files for iptables-restore and ip6tables-restore do the same to a matrix of connections,
// and it is what the policy says.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <set>
#include <sstream>

#include "compile/export.h"
#include "policy/read_policy.h"
#include "sys/enclosure.h"
#include "sys/process.h"
#include "tests/netns/gateway_world.h"

namespace mailweir {
namespace {

enum class Outcome { Connected, Refused, Silent };
enum class From { Host, Client, Outside };

std::ostream& operator<<(std::ostream& out, Outcome outcome) {
  return out << (outcome == Outcome::Connected ? "connected" : outcome == Outcome::Refused ? "refused" : "silent");
}

struct Case {
  From from;
  const char* source;  // of a client
  const char* to;
  std::uint16_t port;
  Outcome expected;
};

// How long no answer has to be missing to count as silence. Only what is expected to be silent is waited for so long:
// a slow machine can hide a mistake here, it cannot make one up.
constexpr int kSilenceMs = 150;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  Address(const char* text, std::uint16_t port) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
      v4->sin_family = AF_INET, v4->sin_port = htons(port), length = sizeof *v4;
    } else {
      EXPECT_EQ(inet_pton(AF_INET6, text, &v6->sin6_addr), 1) << text;
      v6->sin6_family = AF_INET6, v6->sin6_port = htons(port), length = sizeof *v6;
    }
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// In the namespace of the calling thread.
Fd start_here(const char* to, std::uint16_t port, int& error) {
  const Address address(to, port);
  Fd socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  error = ::connect(socket.get(), address.get(), address.length) == 0 || errno == EINPROGRESS ? 0 : errno;
  return socket;
}

Fd listen_here(const char* at, std::uint16_t port) {
  const Address address(at, port);
  Fd socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(bind(socket.get(), address.get(), address.length), 0) << at << " " << port;
  EXPECT_EQ(::listen(socket.get(), 16), 0);
  return socket;
}

Outcome outcome(const GatewayWorld& world, const Case& one) {
  int error = 0;
  Fd socket;
  if (one.from == From::Client) socket = world.start(one.source, one.to, one.port);
  if (one.from == From::Host) socket = start_here(one.to, one.port, error);
  if (one.from == From::Outside) world.in_server_network([&] { socket = start_here(one.to, one.port, error); });
  pollfd waiting{socket.get(), POLLOUT, 0};
  if (error == 0) {
    if (poll(&waiting, 1, one.expected == Outcome::Silent ? kSilenceMs : 30'000) != 1) return Outcome::Silent;
    socklen_t length = sizeof error;
    getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  }
  EXPECT_TRUE(error == 0 || error == ECONNREFUSED) << error;
  return error == 0 ? Outcome::Connected : Outcome::Refused;
}

Policy policy_of(std::string_view text) {
  Diagnostics diagnostics;
  auto policy = parse_policy(text, "t.toml", diagnostics);
  EXPECT_TRUE(policy) << policy.error().text();
  return *policy;
}

enum class Tool { Nft, Iptables, Ipset };

const char* name_of(Tool tool) {
  return tool == Tool::Nft ? "nft: " : tool == Tool::Iptables ? "iptables: " : "iptables with ipset: ";
}

void load(const std::vector<std::string>& program, const std::string& text) {
  const auto ran = run_process(program, text);
  ASSERT_TRUE(ran) << ran.error().text();
  ASSERT_EQ(ran->status, 0) << program.front() << " says: " << ran->err << "\n" << text;
}

void expect_no_duplicates(const std::string& saved) {
  std::istringstream text(saved);
  std::set<std::string> seen;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("-A ")) continue;
    EXPECT_TRUE(seen.insert(line).second) << line;
  }
}

// The program and its part of the kernel.
bool has_ipset() {
  const auto status = run_enclosed(Walls::Network, [&] {
    const auto ran = run_process({"ipset", "create", "mw-there", "hash:net"});
    return ran && ran->status == 0 ? 0 : 1;
  });
  const bool works = status && *status == 0;
  if (!works) std::printf("no ipset here: its export is not tried\n");
  return works;
}

void load(const Policy& policy, Tool tool) {
  const SystemAccounts accounts;
  const auto text = [&](RulesFormat format) { return export_rules(policy, accounts, format)->text; };
  if (tool == Tool::Nft) {
    load({"nft", "-f", "-"}, compile(policy, accounts)->text);  // as run and apply do
    load({"nft", "-f", "-"}, compile(policy, accounts)->text);  // over itself
    return load({"nft", "-f", "-"}, text(RulesFormat::Nft));    // as a person does
  }
  const bool sets = tool == Tool::Ipset;
  if (sets) {
    load({"ipset", "-exist", "restore"}, text(RulesFormat::Ipset));
    load({"ipset", "-exist", "restore"}, text(RulesFormat::Ipset));  // over itself
  }
  for (const auto& [program, format] :
       {std::pair{"iptables-restore", sets ? RulesFormat::IptablesSets : RulesFormat::Iptables},
        std::pair{"ip6tables-restore", sets ? RulesFormat::Ip6tablesSets : RulesFormat::Ip6tables}}) {
    load({program, "--test"}, text(format));
    load({program}, text(format));
    const auto saved = run_process({std::string(program).substr(0, std::string(program).find('-')) + "-save"});
    ASSERT_TRUE(saved && saved->status == 0);
    expect_no_duplicates(saved->out);
  }
}

void expect_outcomes(std::string_view policy_text, const std::vector<Case>& cases) {
  const Policy policy = policy_of(policy_text);
  for (const Tool tool : {Tool::Nft, Tool::Iptables, Tool::Ipset}) {
    if (tool == Tool::Ipset && !has_ipset()) continue;
    with_gateway([&](GatewayWorld& world) {
      std::vector<Fd> listeners;
      for (const char* server : {"192.0.2.10", "192.0.2.11", "2001:db8::10", "2001:db8::11"}) {
        for (const std::uint16_t port : std::initializer_list<std::uint16_t>{22, 25, 80, 143, 465, 587, 6001})
          listeners.push_back(world.listen(server, port));
      }
      for (const char* own : {"172.16.0.1", "fd16:0:0:1::1", "127.0.0.1"}) {
        for (const std::uint16_t port : std::initializer_list<std::uint16_t>{25, 80, 8080})
          listeners.push_back(listen_here(own, port));
      }
      world.in_server_network([] {
        load({"sh", "-e"}, "ip route add 172.16.0.0/12 via 192.0.2.1\nip -6 route add fd16::/32 via 2001:db8::1\n");
      });
      load(policy, tool);
      for (const Case& one : cases) {
        EXPECT_EQ(outcome(world, one), one.expected) << name_of(tool) << (one.source == nullptr ? "own" : one.source)
                                                     << " to " << one.to << " port " << one.port;
      }
    });
  }
}

TEST(SameVerdicts, OwnAndForwardedTraffic) {
  constexpr auto kYes = Outcome::Connected, kNo = Outcome::Refused;
  expect_outcomes(
      "[host]\ntransfer = \"block\"\nsubmission = \"log\"\nalso_block = [\"ssh\", \"6000-6063\", \"1434/udp\"]\n"
      "except_to = [\"192.0.2.11\", \"2001:db8::11\"]\nlimit_per_minute = 5\n"
      "[gateway]\nclients = [\"172.16.0.0/16\", \"fd16::/32\"]\ntransfer = \"block\"\nsubmission = \"watch\"\n"
      "retrieval = \"block\"\nmail_servers = [\"172.16.0.3\"]\nexempt = [\"172.16.0.4\"]\n"
      "except_to = [\"192.0.2.11\"]\nlimit_per_minute = 1\nlimit_burst = 2\n"
      "[[gateway.group]]\nname = \"guests\"\nclients = [\"172.16.0.8/31\", \"fd16:0:0:2::/64\"]\n"
      "transfer = \"limit\"\nsubmission = \"block\"\nretrieval = \"allow\"\n",
      {
          {From::Host, nullptr, "192.0.2.10", 25, kNo},
          {From::Host, nullptr, "2001:db8::10", 25, kNo},
          {From::Host, nullptr, "192.0.2.11", 25, kYes},
          {From::Host, nullptr, "2001:db8::11", 25, kYes},
          {From::Host, nullptr, "127.0.0.1", 25, kYes},
          {From::Host, nullptr, "192.0.2.10", 587, kYes},
          {From::Host, nullptr, "192.0.2.10", 143, kYes},
          {From::Host, nullptr, "192.0.2.10", 22, kNo},
          {From::Host, nullptr, "2001:db8::10", 6001, kNo},
          {From::Host, nullptr, "192.0.2.10", 80, kYes},
          {From::Client, "172.16.0.2", "192.0.2.10", 25, kNo},
          {From::Client, "fd16:0:0:1::2", "2001:db8::10", 25, kNo},
          {From::Client, "172.16.0.2", "192.0.2.11", 25, kYes},
          {From::Client, "172.16.0.3", "192.0.2.10", 25, kYes},
          {From::Client, "172.16.0.4", "192.0.2.10", 25, kYes},
          {From::Client, "172.16.0.2", "192.0.2.10", 587, kYes},
          {From::Client, "172.16.0.2", "192.0.2.10", 143, kNo},
          {From::Client, "fd16:0:0:1::2", "2001:db8::10", 143, kNo},
          {From::Client, "172.16.0.2", "192.0.2.10", 22, kYes},
          {From::Client, "172.16.0.2", "192.0.2.10", 80, kYes},
          {From::Client, "172.16.0.8", "192.0.2.10", 465, kNo},
          {From::Client, "172.16.0.8", "192.0.2.10", 143, kYes},
          // Two at once, then one a minute; each client by itself.
          {From::Client, "172.16.0.8", "192.0.2.10", 25, kYes},
          {From::Client, "172.16.0.8", "192.0.2.10", 25, kYes},
          {From::Client, "172.16.0.8", "192.0.2.10", 25, kNo},
          {From::Client, "172.16.0.9", "192.0.2.10", 25, kYes},
          {From::Client, "fd16:0:0:2::2", "2001:db8::10", 25, kYes},
          {From::Client, "fd16:0:0:2::2", "2001:db8::10", 25, kYes},
          {From::Client, "fd16:0:0:2::2", "2001:db8::10", 25, kNo},
      });
}

TEST(SameVerdicts, TowardsThisMachine) {
  constexpr auto kYes = Outcome::Connected, kNo = Outcome::Refused, kSilent = Outcome::Silent;
  expect_outcomes("[inbound]\nopen = [\"smtp\", 80]\n[log]\nto = \"kernel\"\n",
                  {
                      {From::Client, "172.16.0.2", "172.16.0.1", 25, kYes},
                      {From::Client, "fd16:0:0:1::2", "fd16:0:0:1::1", 80, kYes},
                      {From::Client, "172.16.0.2", "172.16.0.1", 8080, kSilent},
                      {From::Client, "fd16:0:0:1::2", "fd16:0:0:1::1", 8080, kSilent},
                      {From::Client, "172.16.0.2", "172.16.0.1", 113, kNo},
                      {From::Client, "fd16:0:0:1::2", "fd16:0:0:1::1", 113, kNo},
                      {From::Host, nullptr, "127.0.0.1", 8080, kYes},
                      {From::Host, nullptr, "192.0.2.10", 25, kYes},         // replies come in
                      {From::Client, "172.16.0.2", "192.0.2.10", 25, kYes},  // forwarded traffic is not asked
                  });
}

// Chains and sets stand in the order they were first made in, so lines are compared in order of the alphabet.
std::vector<std::string> listing() {
  const auto ran = run_process({"nft", "list", "table", "inet", "mailweir"});
  EXPECT_TRUE(ran && ran->status == 0);
  std::istringstream text(ran->out);
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST(SameVerdicts, APolicyLeavesNothingOfTheOneBeforeIt) {
  const std::vector<std::string> texts{
      "[host]\ntransfer = \"block\"\nexcept_to = [\"192.0.2.1\"]\n",
      "[gateway]\nclients = [\"172.16.0.0/12\"]\nexempt = [\"172.16.0.1\"]\n",
      "[gateway]\nclients = [\"10.0.0.0/8\", \"fd16::/32\"]\ntransfer = \"limit\"\nsubmission = \"allow\"\n"
      "to_clients = \"log\"\n",
      "[inbound]\nopen = [22, \"53/udp\"]\n",
      "[host]\nsubmission = \"limit\"\n[gateway]\nclients = [\"10.0.0.0/8\"]\nretrieval = \"log\"\n[inbound]\n",
      "[log]\nto = \"kernel\"\n"};
  const auto table = [](const std::string& text) { return compile(policy_of(text), SystemAccounts{})->text; };
  const auto status = run_enclosed(Walls::Network, [&] {
    for (const std::string& before : texts) {
      for (const std::string& after : texts) {
        load({"nft", "-f", "-"}, "add table inet mailweir\ndelete table inet mailweir\n");
        load({"nft", "-f", "-"}, table(after));
        const auto fresh = listing();
        load({"nft", "-f", "-"}, "delete table inet mailweir\n");
        load({"nft", "-f", "-"}, table(before));
        load({"nft", "-f", "-"}, table(after));
        EXPECT_EQ(listing(), fresh) << "after\n" << before << "came\n" << after;
      }
    }
    return testing::Test::HasFailure() ? 1 : 0;
  });
  if (!status) GTEST_SKIP() << "no namespaces here: " << status.error().text();
  EXPECT_EQ(*status, 0) << "see the output of the child above";
}

TEST(SameVerdicts, WhoIsInTheSetsOfBlockedClientsIsCutOffOnSendingPorts) {
  if (!has_ipset()) GTEST_SKIP() << "no ipset here";
  with_gateway([&](GatewayWorld& world) {
    std::vector<Fd> listeners;
    for (const char* server : {"192.0.2.10", "2001:db8::10"}) {
      for (const std::uint16_t port : std::initializer_list<std::uint16_t>{25, 80, 143, 587})
        listeners.push_back(world.listen(server, port));
    }
    load(policy_of("[gateway]\nclients = [\"172.16.0.0/16\", \"fd16::/32\"]\ntransfer = \"allow\"\nsubmission = "
                   "\"allow\"\nexempt = [\"172.16.0.3\", \"172.16.0.5\"]\n"),
         Tool::Ipset);
    load({"sh", "-e"},
         "ipset add mw-blocked4 172.16.0.2 timeout 60\nipset add mw-blocked4 172.16.0.3\n"
         "ipset add mw-blocked6 fd16:0:0:1::77\n");
    for (const std::uint16_t port : std::initializer_list<std::uint16_t>{25, 587}) {
      EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", port).error, ECONNREFUSED);
      EXPECT_EQ(world.connect("fd16:0:0:1::2", "2001:db8::10", port).error, ECONNREFUSED) << "of the same /64";
      EXPECT_EQ(world.connect("172.16.0.3", "192.0.2.10", port).error, 0) << "exempt";
      EXPECT_EQ(world.connect("172.16.0.4", "192.0.2.10", port).error, 0);
      EXPECT_EQ(world.connect("fd16:0:0:2::2", "2001:db8::10", port).error, 0);
    }
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 143).error, 0);
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 80).error, 0);
  });
}

TEST(SameVerdicts, WhoIsInTheSetsOfSlowedClientsKeepsItsServersAndGetsNewOnesAtTheRate) {
  if (!has_ipset()) GTEST_SKIP() << "no ipset here";
  with_gateway([&](GatewayWorld& world) {
    const Fd four = world.listen("0.0.0.0", 25), six = world.listen("::", 587);
    load(policy_of("[gateway]\nclients = [\"172.16.0.0/16\", \"fd16::/32\"]\nnew_servers_per_hour = 6\n"), Tool::Ipset);
    const auto server = [](int number) { return "10.1." + std::to_string(number) + ".10"; };
    EXPECT_EQ(world.connect("172.16.0.2", server(1), 25).error, 0);
    EXPECT_EQ(world.connect("fd16:0:0:1::2", "2001:db8::10", 25).error, ECONNREFUSED) << "nobody listens";
    load({"sh", "-e"}, "ipset add mw-slowed4 172.16.0.2\nipset add mw-slowed6 fd16:0:0:1::77\n");
    int reached = 0;
    while (reached < 50 && world.connect("172.16.0.2", server(100 + reached), 25).error == 0) ++reached;
    // 6 an hour is one in ten minutes, 3 at once.
    EXPECT_EQ(reached, 3);
    for (int number : {1, 100, 101, 102}) EXPECT_EQ(world.connect("172.16.0.2", server(number), 25).error, 0) << number;
    for (int number = 150; number < 160; ++number) EXPECT_EQ(world.connect("172.16.0.3", server(number), 25).error, 0);
    EXPECT_EQ(world.connect("172.16.0.2", server(170), 587).error, 0) << "only port 25";
    const auto listed = run_process({"ipset", "list", "mw-slowed4"});
    EXPECT_NE(listed->out.find("172.16.0.2 timeout"), std::string::npos);
    EXPECT_NE(listed->out.find("packets 1 "), std::string::npos) << "only what is stopped is counted: " << listed->out;
    EXPECT_EQ(run_process({"ipset", "list", "mw-blocked4"})->out.find("172.16.0.2"), std::string::npos);
  });
}

// A client that nobody listens on refuses by itself: what is refused went through.
TEST(SameVerdicts, TowardsClients) {
  constexpr auto kThrough = Outcome::Refused, kSilent = Outcome::Silent;
  expect_outcomes(
      "[gateway]\nclients = [\"172.16.0.0/16\", \"fd16::/32\"]\ntransfer = \"allow\"\nsubmission = \"allow\"\n"
      "to_clients = \"block\"\nto_clients_also = [445, \"135-139\"]\nmail_servers = [\"172.16.0.3\"]\n"
      "inbound_to = [\"fd16:0:0:2::2\"]\n[block]\nhow = \"drop\"\n",
      {
          {From::Outside, nullptr, "172.16.0.2", 25, kSilent},
          {From::Outside, nullptr, "fd16:0:0:1::2", 25, kSilent},
          {From::Outside, nullptr, "172.16.0.3", 25, kThrough},
          {From::Outside, nullptr, "fd16:0:0:2::2", 25, kThrough},
          {From::Outside, nullptr, "172.16.0.3", 445, kSilent},
          {From::Outside, nullptr, "172.16.0.2", 137, kSilent},
          {From::Outside, nullptr, "172.16.0.2", 80, kThrough},
          {From::Client, "172.16.0.2", "192.0.2.10", 25, Outcome::Connected},
      });
}

}  // namespace
}  // namespace mailweir
