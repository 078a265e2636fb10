// `mailweir run` as a whole, in a process of its own, on a gateway with real traffic.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "apply/change.h"
#include "apply/linux_kernel.h"
#include "daemon/guard_state.h"
#include "daemon/model_file.h"
#include "daemon/run_gateway.h"
#include "ledger/sqlite_ledger.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "sys/state_file.h"
#include "tests/netns/gateway_world.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/watch_table.h"

namespace mailweir {
namespace {

Policy gateway_policy() {
  Policy policy;
  policy.file = "mailweir.toml";
  policy.gateway.emplace();
  policy.gateway->clients.value = {*IpPrefix::parse("172.16.0.0/12"), *IpPrefix::parse("fd16::/32")};
  policy.gateway->count_bytes.value = true;
  return policy;
}

class RunningGuard {
 public:
  RunningGuard(const std::string& runtime_dir, Mode mode, Duration model_every = std::chrono::minutes(10)) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    out_ = Fd(ends[0]);
    Fd theirs(ends[1]);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const auto ended =
          run_gateway({gateway_policy(), mode, runtime_dir, runtime_dir, model_every}, [&](const EventLine& line) {
            const std::string text = line.json();
            if (write(theirs.get(), text.data(), text.size()) < 0) _exit(9);
          });
      if (!ended) std::fprintf(stderr, "run: %s\n", ended.error().text().c_str());
      _exit(ended ? 0 : exit_status(ended.error().code()));
    }
  }
  ~RunningGuard() {
    if (pid_ > 0) kill(pid_, SIGKILL), waitpid(pid_, nullptr, 0);
  }
  RunningGuard(const RunningGuard&) = delete;
  RunningGuard& operator=(const RunningGuard&) = delete;

  // The next line of that event; others are passed over. Null when the guard ended first.
  nlohmann::json await(const std::string& event) {
    for (;;) {
      const auto end = pending_.find('\n');
      if (end == std::string::npos) {
        char bytes[4096];
        const ssize_t length = read(out_.get(), bytes, sizeof bytes);
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0) return nullptr;
        pending_.append(bytes, static_cast<std::size_t>(length));
        continue;
      }
      auto line = nlohmann::json::parse(pending_.substr(0, end));
      pending_.erase(0, end + 1);
      if (line["event"] == event) return line;
    }
  }
  int stop(int signal = SIGTERM) {
    kill(pid_, signal);
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = 0;
  Fd out_;
  std::string pending_;
};

// Contacts ever new networks: one in two is closed, the others end the dialogue at once.
void spam(GatewayWorld& world, const std::string& client, bool v4, const Fd& listener) {
  constexpr int kContacts = 50;
  for (int i = 1; i <= kContacts; ++i) {
    const bool closed = i % 2 == 0;
    const std::string server = v4 ? "10." + std::to_string(closed ? 2 : 1) + "." + std::to_string(i) + ".10"
                                  : "2001:db8:" + std::string(closed ? "9" : "8") + std::to_string(100 + i) + "::10";
    const auto connected = world.connect(client, server, 25);
    EXPECT_TRUE(connected.error == ECONNREFUSED || (!closed && connected.error == 0)) << server << connected.error;
    if (connected.error == 0) const Fd accepted(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
}

void close_some_networks(GatewayWorld& world) {
  world.in_server_network([] {
    const auto ran = run_process({"nft", "-f", "-"},
                                 "table inet closed {\n chain in {\n type filter hook input priority 0\n"
                                 " ip daddr 10.2.0.0/16 tcp dport 25 reject with tcp reset\n"
                                 " ip6 daddr 2001:db8:9000::/36 tcp dport 25 reject with tcp reset\n }\n}\n");
    EXPECT_TRUE(ran && ran->status == 0) << (ran ? ran->err : ran.error().text());
  });
}

// As if the client had been blocked for an hour, two hours ago.
void remember_block(const std::string& state_dir, const std::string& client) {
  const auto ledger = open_ledger(ledger_file(state_dir), LedgerAccess::Write);
  ASSERT_TRUE(ledger) << ledger.error().text();
  CaseRecord record;
  record.id = "mw-before";
  record.client = *IpPrefix::parse(client);
  record.since = SystemClock().now() - std::chrono::hours(2);
  record.until = record.since + std::chrono::hours(1);
  record.ports = {25};
  const LedgerEntry entries[] = {record};
  ASSERT_TRUE((*ledger)->write(entries));
}

// Notices aside.
std::vector<CaseRecord> cases_in(const std::string& state_dir) {
  const auto ledger = open_ledger(ledger_file(state_dir), LedgerAccess::Read);
  EXPECT_TRUE(ledger) << ledger.error().text();
  auto cases = ledger ? (*ledger)->find({}).value_or(std::vector<CaseRecord>{}) : std::vector<CaseRecord>{};
  std::erase_if(cases, [](const CaseRecord& record) { return record.action == Decision::Action::Notice; });
  return cases;
}

class RunOnGateway : public testing::TestWithParam<bool> {};

TEST_P(RunOnGateway, FindsTheSpammerAndItsBlockOutlivesIt) {
  const bool v4 = GetParam();
  const std::string client = v4 ? "172.16.0.2" : "fd16:0:0:1::2";
  const std::string prefix = v4 ? "172.16.0.2" : "fd16:0:0:1::/64";
  const TemporaryDirectory directory;
  with_gateway([&](GatewayWorld& world) {
    close_some_networks(world);
    const Fd listener = world.listen(v4 ? "0.0.0.0" : "::", 25);
    const Fd web = world.listen(v4 ? "192.0.2.10" : "2001:db8::10", 80);
    auto kernel = open_linux_kernel();
    remember_block(directory.path(), prefix);
    std::string case_id;
    {
      RunningGuard guard(directory.path(), Mode::Enforce);
      ASSERT_EQ(guard.await("run.ready")["mode"], "block");
      spam(world, client, v4, listener);
      const auto added = guard.await("block.added");
      ASSERT_FALSE(added.is_null());
      EXPECT_EQ(added["client"], prefix);
      EXPECT_EQ(added["ports"], "25");
      EXPECT_EQ(added["repeat"], 1) << "the ledger remembers";
      case_id = added["case"];
      const std::string elsewhere = v4 ? "10.1.200.10" : "2001:db8:8200::10";
      EXPECT_EQ(world.connect(client, elsewhere, 25).error, ECONNREFUSED);
      EXPECT_EQ(world.connect(client, v4 ? "192.0.2.10" : "2001:db8::10", 80).error, 0) << "only mail stops";

      // Somebody reloads the firewall.
      const auto flushed = run_process({"nft", "delete", "table", "inet", "mailweir"});
      ASSERT_TRUE(flushed && flushed->status == 0);
      EXPECT_EQ(guard.await("table.restored")["blocks"], 1);
      ASSERT_EQ((*kernel)->blocks()->size(), 1U);
      EXPECT_EQ((*kernel)->blocks()->front().case_id, case_id);

      EXPECT_EQ(guard.stop(), 0);
      EXPECT_FALSE(guard.await("run.stopped").is_null());
    }
    const auto cases = cases_in(directory.path());
    ASSERT_EQ(cases.size(), 2U);
    EXPECT_EQ(cases[1].id, case_id);
    EXPECT_EQ(cases[1].by, "detector");
    EXPECT_EQ(cases[1].until - cases[1].since, std::chrono::hours(2)) << "twice as long as the first";
    EXPECT_GT(cases[1].connections, 0U);
    EXPECT_FALSE(cases[1].evidence.empty());
    EXPECT_FALSE(cases[1].ended);
    ASSERT_TRUE((*kernel)->blocks()) << "the table stays";
    EXPECT_EQ((*kernel)->blocks()->size(), 1U);
    EXPECT_EQ(world.connect(client, v4 ? "10.1.200.10" : "2001:db8:8200::10", 25).error, ECONNREFUSED);

    RunningGuard next(directory.path(), Mode::Enforce);
    EXPECT_EQ(next.await("block.resumed")["case"], case_id);
    EXPECT_EQ(next.await("run.ready")["blocks"], 1);
    EXPECT_EQ(next.stop(SIGINT), 0);
  });
}

INSTANTIATE_TEST_SUITE_P(Families, RunOnGateway, testing::Bool(),
                         [](const auto& instance) { return instance.param ? "v4" : "v6"; });

TEST(RunOnGatewayState, WhatItSawIsToldAndGoneWithIt) {
  const TemporaryDirectory directory;
  with_gateway([&](GatewayWorld& world) {
    RunningGuard guard(directory.path(), Mode::Enforce);
    ASSERT_FALSE(guard.await("run.ready").is_null());
    const auto begun = read_guard_state(directory.path());
    ASSERT_TRUE(begun) << begun.error().text();
    EXPECT_EQ(begun->packets, 0U);
    EXPECT_EQ(begun->mode, "block");
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 25).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("fd16:0:0:1::2", "2001:db8::10", 587).error, ECONNREFUSED);
    // Told a second after the first at the latest; the file is whole whenever it is read.
    auto now = begun;
    while (now && now->connections < 2) now = read_guard_state(directory.path());
    ASSERT_TRUE(now) << now.error().text();
    EXPECT_GE(now->packets, 2U);
    EXPECT_EQ(now->clients, 2U);
    EXPECT_EQ(now->lost_events(), 0U);
    EXPECT_EQ(now->since, begun->since);
    EXPECT_EQ(guard.stop(), 0);
    EXPECT_EQ(read_guard_state(directory.path()).error().code(), ErrorCode::NotFound);
  });
}

TEST(RunOnGatewayModel, AKillAtAnyMomentLeavesAWholeFile) {
  const TemporaryDirectory directory;
  with_gateway([&](GatewayWorld&) {
    for (int round = 0; round < 10; ++round) {
      RunningGuard guard(directory.path(), Mode::Enforce, std::chrono::milliseconds(1));
      ASSERT_FALSE(guard.await("run.ready").is_null());
      // It writes all the time: the kill finds it anywhere.
      while (!read_state_file(model_file(directory.path()))) std::this_thread::yield();
      guard.stop(SIGKILL);
      const auto text = read_state_file(model_file(directory.path()));
      ASSERT_TRUE(text) << text.error().text();
      EXPECT_TRUE(parse_model(*text)) << parse_model(*text).error().text();
    }
  });
}

TEST(RunOnGatewayWatching, BlocksNobody) {
  const TemporaryDirectory directory;
  with_gateway([&](GatewayWorld& world) {
    close_some_networks(world);
    const Fd listener = world.listen("0.0.0.0", 25);
    RunningGuard guard(directory.path(), Mode::WatchOnly);
    ASSERT_EQ(guard.await("run.ready")["mode"], "watch-only");
    spam(world, "172.16.0.2", true, listener);
    EXPECT_EQ(guard.await("block.watched")["client"], "172.16.0.2");
    EXPECT_EQ(world.connect("172.16.0.2", "10.1.200.10", 25).error, 0);
    EXPECT_TRUE((*open_linux_kernel())->blocks()->empty());
    EXPECT_EQ(guard.stop(), 0);
    const auto cases = cases_in(directory.path());
    ASSERT_EQ(cases.size(), 1U);
    EXPECT_EQ(cases[0].action, Decision::Action::WatchOnly);
  });
}

TEST(RunOnGatewayTwice, TheSecondIsRefusedAndTheFirstGoesOn) {
  const TemporaryDirectory directory;
  with_gateway([&](GatewayWorld&) {
    RunningGuard first(directory.path(), Mode::Enforce);
    ASSERT_FALSE(first.await("run.ready").is_null());
    for (const std::string& other : {directory.path(), directory.path() + "/other"}) {
      RunningGuard second(other, Mode::Enforce);
      EXPECT_TRUE(second.await("run.ready").is_null()) << other;
    }
    EXPECT_EQ(first.stop(), 0);
  });
}

TEST(RunOnGatewayApply, ATableThatWasAppliedIsTakenOverAndNotUndone) {
  const TemporaryDirectory directory;
  with_gateway([&](GatewayWorld&) {
    RunningGuard guard(directory.path(), Mode::Enforce);
    ASSERT_FALSE(guard.await("run.ready").is_null());
    Policy narrower = gateway_policy();
    narrower.gateway->submission.value = Answer::Allow;
    const auto table = compile(narrower, NoAccounts{});
    ASSERT_TRUE(table);
    const auto kernel = open_linux_kernel();
    const GenerationStore store(directory.path());
    const SystemClock clock;
    const ChangeOrder order{table->text, "mailweir.toml", "", "tester", {}, {}};
    const auto applied = Changes(**kernel, store, clock).apply(order, {});
    ASSERT_TRUE(applied) << applied.error().text();
    EXPECT_EQ(guard.await("table.applied")["generation"], 1);
    EXPECT_EQ((*kernel)->table()->marker, table->marker);
    EXPECT_EQ(guard.stop(), 0);
  });
}

TEST(RunOnGatewayRemove, ATableThatSomebodyRemovedStaysAwayAndTheGuardGoesUntilItIsStartedAgain) {
  const TemporaryDirectory directory;
  with_gateway([&](GatewayWorld&) {
    auto kernel = open_linux_kernel();
    {
      RunningGuard guard(directory.path(), Mode::Enforce);
      ASSERT_FALSE(guard.await("run.ready").is_null());
      const GenerationStore store(directory.path());
      const SystemClock clock;
      const auto removal = Changes(**kernel, store, clock).remove("anna");
      ASSERT_TRUE(removal) << removal.error().text();
      EXPECT_TRUE(removal->was_there);
      EXPECT_EQ(guard.await("run.stopped")["reason"], "the table was removed");
      EXPECT_EQ(guard.stop(), 0);
      EXPECT_EQ((*kernel)->table()->fingerprint, 0U);
    }
    // Its start is a new word, and what others flush comes back again.
    RunningGuard again(directory.path(), Mode::Enforce);
    ASSERT_FALSE(again.await("run.ready").is_null());
    const auto flushed = run_process({"nft", "delete", "table", "inet", "mailweir"});
    ASSERT_TRUE(flushed && flushed->status == 0);
    EXPECT_FALSE(again.await("table.restored").is_null());
    EXPECT_NE((*kernel)->table()->fingerprint, 0U);
    EXPECT_EQ(again.stop(), 0);
  });
}

TEST(RunOnGatewayApply, RulesForTheMachinesOwnTrafficAreNotPutIntoForceByRun) {
  const TemporaryDirectory directory;
  with_gateway([&](GatewayWorld&) {
    Policy policy = gateway_policy();
    policy.host.emplace().transfer.value = Answer::Block;
    const auto ran = run_gateway({policy, Mode::Enforce, directory.path(), directory.path()}, [](const EventLine&) {});
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code(), ErrorCode::Refused) << ran.error().text();
    const auto kernel = open_linux_kernel();
    EXPECT_EQ((*kernel)->table()->fingerprint, 0U) << "no table";
  });
}

}  // namespace
}  // namespace mailweir
