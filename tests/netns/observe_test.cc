// Observations on a real kernel: what is counted and logged, and that the kernel alone ends them.
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "apply/linux_kernel.h"
#include "apply/nft_program.h"
#include "apply/observations.h"
#include "compile/observation_text.h"
#include "sys/clock.h"
#include "sys/file_lock.h"
#include "sys/process.h"
#include "tests/netns/gateway_world.h"
#include "tests/support/nflog_lines.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/watch_table.h"

namespace mailweir {
namespace {

using nlohmann::json;
using std::chrono::hours;
using std::chrono::seconds;

Observation smtp_for(Duration length) {
  Observation wanted;
  wanted.ports = {{Transport::Tcp, 25, 25}, {Transport::Tcp, 465, 465}};
  wanted.hooks = {RuleHook::Output, RuleHook::Forward};
  wanted.by = "tester";
  wanted.since = SystemClock().now();
  wanted.until = wanted.since + length;
  return wanted;
}

Result<int> start(Observation wanted) {
  return start_observation([&](int number) {
    wanted.number = number;
    return observation_text(wanted);
  });
}

StandingObservation only_one() {
  const auto there = list_observations();
  EXPECT_TRUE(there) << there.error().text();
  EXPECT_EQ(there->size(), 1U);
  return there && there->size() == 1 ? there->front() : StandingObservation{};
}

void await_over() {
  while (!only_one().over && !testing::Test::HasFailure()) {
  }
}

void try_mail(const GatewayWorld& world) {
  EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 25).error, ECONNREFUSED);
  EXPECT_EQ(world.connect("fd16:0:0:1::2", "2001:db8::10", 25).error, ECONNREFUSED);
}

TEST(Observe, EveryAttemptIsCountedAndLoggedForBothFamilies) {
  with_gateway([](GatewayWorld& world) {
    NflogLines lines(kReportGroup);
    ASSERT_EQ(start(smtp_for(hours(2))), 1);
    try_mail(world);
    EXPECT_EQ(world.connect("172.16.0.3", "192.0.2.10", 465).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("172.16.0.3", "192.0.2.10", 80).error, ECONNREFUSED);
    const auto listener = world.listen("192.0.2.10", 587);
    const auto open = world.connect("172.16.0.3", "192.0.2.10", 587);
    EXPECT_EQ(lines.take(), (std::map<std::string, int>{{"mw observe.1 seen ", 3}}));
    const StandingObservation seen = only_one();
    EXPECT_EQ(seen.seen, 3U);
    EXPECT_EQ(seen.logged, 3U);
    EXPECT_FALSE(seen.over);
    EXPECT_EQ(seen.what.ports, smtp_for(hours(2)).ports);
    EXPECT_EQ(seen.what.hooks, smtp_for(hours(2)).hooks);
    EXPECT_EQ(seen.what.by, "tester");
    EXPECT_EQ(seen.what.until - seen.what.since, hours(2));
    EXPECT_GT(seen.left, hours(2) - seconds(60));
  });
}

TEST(Observe, OnlyThoseAskedForAtTheHookAskedFor) {
  with_gateway([](GatewayWorld& world) {
    Observation wanted = smtp_for(hours(1));
    wanted.from = {*IpPrefix::parse("172.16.0.2"), *IpPrefix::parse("172.16.0.2/31"),
                   *IpPrefix::parse("fd16:0:0:2::/64")};
    wanted.hooks = {RuleHook::Forward};
    // A first packet that is lost is repeated, and counts again: these ways are walked before.
    EXPECT_EQ(world.connect("fd16:0:0:2::2", "2001:db8::10", 9).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("172.16.0.4", "192.0.2.10", 9).error, ECONNREFUSED);
    ASSERT_EQ(start(wanted), 1);
    try_mail(world);
    EXPECT_EQ(only_one().seen, 1U) << "172.16.0.2, not fd16:0:0:1::2";
    EXPECT_EQ(world.connect("fd16:0:0:2::2", "2001:db8::10", 25).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("172.16.0.4", "192.0.2.10", 25).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("172.16.0.2", "172.16.0.1", 25).error, ECONNREFUSED) << "towards the machine itself";
    EXPECT_EQ(only_one().seen, 2U);
    EXPECT_EQ(only_one().what.from.size(), 2U) << "what is covered is left out";
  });
}

TEST(Observe, WhatTheLimitOfTheLogKeepsBackIsCounted) {
  with_gateway([](GatewayWorld& world) {
    Observation wanted = smtp_for(hours(1));
    wanted.to_kernel_log = true;  // 20 at once
    ASSERT_EQ(start(wanted), 1);
    for (int i = 0; i < 60; ++i) EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 25).error, ECONNREFUSED);
    const StandingObservation seen = only_one();
    EXPECT_EQ(seen.seen, 60U);
    EXPECT_GE(seen.logged, 20U);
    EXPECT_LT(seen.logged, 60U);
  });
}

TEST(Observe, TheKernelEndsItThoughNobodyLives) {
  with_gateway([](GatewayWorld& world) {
    NflogLines lines(kReportGroup);
    ASSERT_EQ(start(smtp_for(seconds(1))), 1);  // and no keeper
    await_over();
    lines.take();
    const std::uint64_t before = only_one().seen;
    try_mail(world);
    EXPECT_TRUE(lines.take().empty());
    EXPECT_EQ(only_one().seen, before);
    // What begins next takes the idle table away.
    ASSERT_EQ(start(smtp_for(hours(1))), 1);
    EXPECT_FALSE(only_one().over);
  });
}

TEST(Observe, ThePolicysTableAndAnObservationLeaveEachOtherAlone) {
  with_gateway([](GatewayWorld& world) {
    WatchTable wanted;
    wanted.clients = {*IpPrefix::parse("172.16.0.0/12")};
    wanted.ports = {25};
    const auto kernel = open_linux_kernel();
    ASSERT_EQ(start(smtp_for(hours(1))), 1);
    ASSERT_TRUE((*kernel)->install(wanted.compiled()));
    const auto table = (*kernel)->listing();
    try_mail(world);
    ASSERT_EQ(start(smtp_for(hours(1))), 2);
    EXPECT_EQ((*kernel)->table()->marker, wanted.compiled().marker);
    EXPECT_EQ(list_observations()->front().seen, 2U);
    ASSERT_TRUE(take_away_observations([](const auto& one) { return one.what.number == 1; }));
    EXPECT_EQ(only_one().what.number, 2);
    ASSERT_TRUE(*(*kernel)->remove());
    EXPECT_EQ(only_one().what.number, 2);
  });
}

TEST(Observe, NoMoreThanTheLimit) {
  with_gateway([](GatewayWorld&) {
    for (int number = 1; number <= kObservationsMax; ++number) EXPECT_EQ(start(smtp_for(hours(1))), number);
    const auto refused = start(smtp_for(hours(1)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::Limit);
  });
}

// The program itself.
class Desk {
 public:
  json answers(std::vector<std::string> words, int status = 0) const {
    words.insert(words.begin(), MAILWEIR_PROGRAM);
    for (const std::string& common :
         {std::string("--config"), folder_.path() + "/none.toml", std::string("--state-dir"), folder_.path() + "/state",
          std::string("--runtime-dir"), folder_.path() + "/run", std::string("--json")})
      words.push_back(common);
    const auto ran = run_process(words);
    EXPECT_TRUE(ran) << ran.error().text();
    EXPECT_EQ(ran->status, status) << ran->out << ran->err;
    return json::parse(ran->out, nullptr, false);
  }
  [[nodiscard]] std::string keeper_lock() const { return folder_.path() + "/run/observe.lock"; }

 private:
  TemporaryDirectory folder_;
};

TEST(Observe, TheKeeperTakesTheTableAwayAndGoes) {
  with_gateway([](GatewayWorld&) {
    const Desk desk;
    desk.answers({"observe", "--for", "1s", "smtp"});
    EXPECT_TRUE(FileLock::wait(desk.keeper_lock())) << "until the keeper is gone";
    EXPECT_TRUE(list_observations()->empty());
  });
}

TEST(Observe, WithItsKeeperKilledTheNextListTidiesUp) {
  with_gateway([](GatewayWorld& world) {
    const Desk desk;
    const json begun = desk.answers({"observe", "--for", "1s", "transfer", "6000-6001/udp", "--hook", "forward"});
    EXPECT_EQ(begun["observations"][0]["ports"], json::parse(R"(["25/tcp", "6000-6001/udp"])")) << begun;
    const auto keeper = lock_holder(desk.keeper_lock());
    ASSERT_TRUE(keeper);
    kill(*keeper, SIGKILL);
    EXPECT_TRUE(FileLock::wait(desk.keeper_lock()));
    await_over();
    try_mail(world);
    const json over = desk.answers({"observe"})["observations"];
    ASSERT_EQ(over.size(), 1U);
    EXPECT_FALSE(over[0]["running"]);
    EXPECT_EQ(over[0]["seen"], 0);
    EXPECT_TRUE(desk.answers({"observe"})["observations"].empty());
  });
}

TEST(Observe, StoppedItIsGoneAtOnceAndSoIsTheKeeper) {
  with_gateway([](GatewayWorld& world) {
    const Desk desk;
    desk.answers({"observe", "--for", "2h"});
    desk.answers({"observe", "--for", "1h", "--from", "172.16.0.0/12", "--log", "kernel"});
    try_mail(world);
    EXPECT_EQ(desk.answers({"observe", "--stop", "7"}, 1)["observations"].size(), 0U);
    const json first = desk.answers({"observe", "--stop", "1"})["observations"];
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0]["seen"], 2);
    EXPECT_EQ(first[0]["suppressed"], 0);
    EXPECT_EQ(only_one().what.number, 2);
    desk.answers({"observe", "--stop"});
    EXPECT_TRUE(FileLock::wait(desk.keeper_lock()));
    EXPECT_TRUE(list_observations()->empty());
  });
}

}  // namespace
}  // namespace mailweir
