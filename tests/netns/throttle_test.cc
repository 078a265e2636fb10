// Clients that are slowed down: what the kernel lets through, what the program says of them, and what keeps them so.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>

#include "apply/linux_kernel.h"
#include "compile/compile.h"
#include "ledger/sqlite_ledger.h"
#include "sys/clock.h"
#include "tests/netns/desk.h"
#include "tests/support/watch_table.h"

namespace mailweir {
namespace {

using nlohmann::json;

constexpr int kBurst = 10;  // of 20 new servers an hour
constexpr char kPolicy[] = "[gateway]\nclients = [\"172.16.0.0/24\", \"fd16::/32\"]\ncount_bytes = true\n";

struct Family {
  const char* name;
  const char* client;
  const char* other;   // another client
  const char* prefix;  // the client as it is written down
  bool v4;

  // Each is somebody of the server network's far side; all listen.
  [[nodiscard]] std::string server(int number) const {
    return v4 ? "10.1." + std::to_string(number) + ".10" : "2001:db8:8" + std::to_string(100 + number) + "::10";
  }
};
constexpr Family kFamilies[] = {{"v4", "172.16.0.2", "172.16.0.3", "172.16.0.2", true},
                                {"v6", "fd16:0:0:1::2", "fd16:0:0:2::2", "fd16:0:0:1::/64", false}};

std::uint64_t packets_of(Kernel& kernel, const std::string& rule) {
  std::uint64_t packets = 0;
  const auto rules = kernel.rule_packets();
  for (const RulePackets& one : *rules) packets += one.id == rule ? one.packets : 0;
  return packets;
}

std::string elements_of(const std::string& set) {
  const auto listed = run_process({"nft", "list", "set", "inet", "mailweir", set});
  return listed && listed->out.find("elements") != std::string::npos ? listed->out : std::string();
}

class Throttle : public testing::TestWithParam<Family> {};

TEST_P(Throttle, KnownServersAreReachedAndNewOnesAtABoundedRate) {
  const Family& family = GetParam();
  with_gateway([&](GatewayWorld& world) {
    const Fd mail = world.listen(family.v4 ? "0.0.0.0" : "::", 25);
    const Fd submission = world.listen(family.v4 ? "0.0.0.0" : "::", 587);
    const auto kernel = open_linux_kernel().value();
    WatchTable wanted;
    wanted.clients = {*IpPrefix::parse("172.16.0.0/12"), *IpPrefix::parse("fd16::/32")};
    ASSERT_TRUE(kernel->install(wanted.compiled()));
    const auto reaches = [&](const char* client, int server, std::uint16_t port = 25) {
      const int error = world.connect(client, family.server(server), port).error;
      EXPECT_TRUE(error == 0 || error == ECONNREFUSED) << error;
      return error == 0;
    };
    EXPECT_TRUE(reaches(family.client, 1)) << "nobody is slowed down yet";
    const Block slow[] = {
        {*IpPrefix::parse(family.prefix), BlockScope::SlowedDown, "mw-slow", std::chrono::hours(25), {}, 0}};
    ASSERT_TRUE(kernel->add_blocks(slow));

    int reached = 0;
    int number = 100;
    while (reaches(family.client, number++) && reached < 100) ++reached;
    // 20 an hour is one in three minutes: on a machine that is busy beyond measure, one more.
    EXPECT_GE(reached, kBurst);
    EXPECT_LE(reached, kBurst + 1);
    for (int known = 100; known < 100 + reached; ++known) EXPECT_TRUE(reaches(family.client, known)) << known;
    EXPECT_TRUE(reaches(family.client, 1)) << "known from before";
    EXPECT_TRUE(reaches(family.client, number, 587)) << "only port 25";
    for (int i = 0; i < 3 * kBurst; ++i) EXPECT_TRUE(reaches(family.other, 150 + i)) << "others are not meant";

    const auto blocks = kernel->blocks();
    ASSERT_TRUE(blocks && blocks->size() == 1);
    EXPECT_EQ(blocks->front().scope, BlockScope::SlowedDown);
    EXPECT_EQ(blocks->front().stopped, 1U) << "only what is stopped is counted";
    EXPECT_EQ(packets_of(*kernel, "throttle.transfer"), 1U);
    EXPECT_EQ(elements_of(family.v4 ? "blocked4" : "blocked6"), "") << "nobody is blocked";
    EXPECT_EQ(packets_of(*kernel, "blocks.transfer"), 0U);
  });
}

// One message, or a dialogue that ends before any. The far end has read it all when this returns.
void send_mail(const Fd& client, const Fd& listener, std::size_t bytes) {
  const Fd server(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const std::string text(bytes, 'x');
  ASSERT_EQ(send(client.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  shutdown(client.get(), SHUT_WR);
  char buffer[4096];
  while (recv(server.get(), buffer, sizeof buffer, 0) > 0) {
  }
}

TEST_P(Throttle, RunSlowsAMailServerDownThatNobodyRegisteredAndSaysSoEverywhere) {
  const Family& family = GetParam();
  with_gateway([&](GatewayWorld& world) {
    const Fd listener = world.listen(family.v4 ? "0.0.0.0" : "::", 25);
    const Desk desk(kPolicy);
    {
      DeskGuard guard(desk);
      // It delivers to ever new servers, greylisted here and there, until somebody stops it.
      int contacts = 0;
      for (; contacts < 200; ++contacts) {
        const auto connected = world.connect(family.client, family.server(contacts + 1), 25);
        if (connected.error != 0) break;
        send_mail(connected.socket, listener, contacts % 6 == 0 ? 60 : 5'000);
      }
      ASSERT_LT(contacts, 200) << "nobody stopped it";
      const std::string told = guard.await("client.throttled ");
      EXPECT_NE(told.find("client=" + std::string(family.prefix)), std::string::npos) << told;
      EXPECT_EQ(world.connect(family.client, family.server(1), 25).error, 0) << "it keeps the servers it knows";
      EXPECT_EQ(world.connect(family.client, family.server(250), 25).error, ECONNREFUSED);
      EXPECT_EQ(world.connect(family.other, family.server(250), 25).error, 0);

      const json blocks = desk.answers({"blocks"});
      ASSERT_EQ(blocks["cases"].size(), 1U);
      EXPECT_EQ(blocks["cases"][0]["action"], "throttle");
      EXPECT_EQ(blocks["cases"][0]["state"], "running");
      EXPECT_EQ(blocks["cases"][0]["client"], family.prefix);
      EXPECT_GE(blocks["cases"][0]["packets_stopped"], 2);
      EXPECT_FALSE(blocks["cases"][0]["evidence"].empty());
      const std::string list = desk.says({"blocks"});
      EXPECT_TRUE(list.starts_with("Nobody is blocked.\n\n1 client is slowed down, not blocked.\n")) << list;
      const json why = desk.answers({"why", family.client}, 1);
      EXPECT_FALSE(why["blocked"]);
      EXPECT_TRUE(why["slowed"]);
      const json status = desk.answers({"status"}, 1);
      EXPECT_EQ(status["blocks"], 0);
      EXPECT_EQ(status["slowed"], 1);

      // Somebody reloads the firewall.
      ASSERT_TRUE(run_process({"nft", "delete", "table", "inet", "mailweir"}));
      guard.await("table.restored ");
      EXPECT_EQ(desk.answers({"status"}, 1)["slowed"], 1);
    }
    DeskGuard next(desk);
    EXPECT_NE(next.seen().find("throttle.resumed "), std::string::npos) << next.seen();
    desk.says({"unblock", family.client});
    next.await("throttle.lifted ");
    EXPECT_EQ(world.connect(family.client, family.server(251), 25).error, 0);
    const json story = desk.answers({"history"})["cases"];
    ASSERT_EQ(story.size(), 1U);
    EXPECT_EQ(story[0]["state"], "over");
    EXPECT_NE(story[0]["ended_by"], "");
  });
}

INSTANTIATE_TEST_SUITE_P(Families, Throttle, testing::ValuesIn(kFamilies),
                         [](const auto& instance) { return instance.param.name; });

CaseRecord throttle_of(const char* client, const char* id) {
  CaseRecord record;
  record.id = id;
  record.client = *IpPrefix::parse(client);
  record.action = Decision::Action::Throttle;
  record.since = SystemClock().now() - std::chrono::hours(1);
  record.until = record.since + std::chrono::hours(25);
  record.by = "detector";
  record.reason = "unregistered mail server?";
  record.ports = {25};
  return record;
}

TEST(ThrottleKept, OverChangesOfTheTableAndARebootForTheTimeThatIsLeft) {
  with_gateway([](GatewayWorld&) {
    const Desk desk(kPolicy);
    desk.says({"apply", "--yes"});
    const auto kernel = open_linux_kernel().value();
    const CaseRecord four = throttle_of("172.16.0.2", "mw-four"), six = throttle_of("fd16:0:0:1::/64", "mw-six");
    {
      const auto ledger = open_ledger(desk.ledger(), LedgerAccess::Write);
      ASSERT_TRUE(ledger) << ledger.error().text();
      const LedgerEntry entries[] = {four, six};
      ASSERT_TRUE((*ledger)->write(entries));
    }
    const Block slow[] = {{four.client, BlockScope::SlowedDown, four.id, std::chrono::hours(24), {}, 0},
                          {six.client, BlockScope::SlowedDown, six.id, std::chrono::hours(24), {}, 0}};
    ASSERT_TRUE(kernel->add_blocks(slow));
    const auto expect_both = [&](const char* when) {
      const json status = desk.answers({"status"}, 0);
      EXPECT_EQ(status["blocks"], 0) << when;
      EXPECT_EQ(status["slowed"], 2) << when;
      const auto blocks = kernel->blocks();
      for (const Block& block : *blocks) {
        EXPECT_EQ(block.scope, BlockScope::SlowedDown) << when;
        EXPECT_GT(block.left, std::chrono::hours(23)) << when;
        EXPECT_LE(block.left, std::chrono::hours(24)) << when;
      }
    };
    expect_both("at first");
    desk.write_policy(std::string(kPolicy) + "new_servers_per_hour = 6\n[block]\nhow = \"drop\"\n");
    desk.says({"apply", "--yes"});
    expect_both("after another policy");
    desk.says({"rollback"});
    expect_both("after the way back");
    // As after a boot: nothing of ours in the kernel.
    ASSERT_TRUE(run_process({"nft", "flush", "ruleset"}));
    const json restored = desk.answers({"restore", "--boot"});
    EXPECT_EQ(restored["blocks"], 0);
    EXPECT_EQ(restored["slowed"], 2);
    expect_both("after a boot");
    desk.says({"unblock", "--all"});
    EXPECT_TRUE(kernel->blocks()->empty());
    const json again = desk.answers({"restore", "--boot"});
    EXPECT_EQ(again["slowed"], 0) << "what was lifted stays lifted";
  });
}

}  // namespace
}  // namespace mailweir
