#include "dns/resolver.h"

#include <gtest/gtest.h>

#include "dns/task.h"
#include "tests/support/fake_dns.h"

namespace mailweir {
namespace {

using testing::DnsClock;
using testing::DnsWorld;
using testing::FakeDns;
using testing::Manner;

const Endpoint kFirst{*IpAddress::parse("192.0.2.1"), 53}, kSecond{*IpAddress::parse("192.0.2.2"), 53};

class ResolverTest : public ::testing::Test {
 protected:
  ResolverTest() {
    for (const Endpoint& server : {kFirst, kSecond})
      world.serve(server, "example",
                  "example SOA ns.example 1\na.example A 192.0.2.10\nb.example A 192.0.2.11\nc.example A 192.0.2.12\n");
  }

  using Answers = std::vector<std::shared_ptr<const DnsAnswer>>;
  Task<void> ask(Resolver::Group group, std::string name) {
    Question question{std::move(name), RecordType::A};
    auto asked = resolver.ask(group, question);
    auto answer = co_await asked;
    answers.push_back(answer);
  }
  DnsOutcome outcome(Resolver::Group group, const std::string& name) {
    answers.clear();
    tasks.adopt(ask(group, name));
    run();
    return answers.empty() ? DnsOutcome::NotAsked : answers.front()->outcome;
  }
  void run() {
    const auto done = [&] {
      tasks.sweep();
      return tasks.size() == 0;
    };
    EXPECT_TRUE(testing::run_until(done, resolver, clock));
  }

  DnsWorld world;
  DnsClock clock;
  FakeDns door{world, clock};
  ResolverLimits limits;
  Resolver resolver{door, clock, limits};
  Answers answers;
  Tasks tasks;
};

TEST_F(ResolverTest, AnswersOnceAndRemembers) {
  const auto group = resolver.group({kFirst}, true);
  EXPECT_EQ(outcome(group, "a.example"), DnsOutcome::Answered);
  EXPECT_EQ(outcome(group, "a.example"), DnsOutcome::Answered);
  EXPECT_EQ(outcome(group, "none.example"), DnsOutcome::NoName);
  EXPECT_EQ(outcome(group, "none.example"), DnsOutcome::NoName);
  EXPECT_EQ(resolver.counts().questions, 2U);
  EXPECT_EQ(resolver.counts().from_cache, 2U);
  clock.time += std::chrono::seconds(61);  // "there is none" holds for the minimum of the SOA record: 60 s
  EXPECT_EQ(outcome(group, "none.example"), DnsOutcome::NoName);
  EXPECT_EQ(resolver.counts().questions, 3U);
}

TEST_F(ResolverTest, TheSameQuestionTwiceAtATimeIsAskedOnce) {
  const auto group = resolver.group({kFirst}, true);
  for (int i = 0; i < 5; ++i) tasks.adopt(ask(group, "a.example"));
  run();
  EXPECT_EQ(answers.size(), 5U);
  EXPECT_EQ(resolver.counts().questions, 1U);
}

TEST_F(ResolverTest, SilenceIsTriedAgainByTurns) {
  world.behave(kFirst, "*", Manner::Silent);
  const auto group = resolver.group({kFirst, kSecond}, true);
  EXPECT_EQ(outcome(group, "a.example"), DnsOutcome::Answered);
  EXPECT_EQ(answers.front()->server, kSecond);
  EXPECT_EQ(resolver.counts().retries, 1U);
  // Who answered is asked first from then on.
  EXPECT_EQ(outcome(group, "b.example"), DnsOutcome::Answered);
  EXPECT_EQ(resolver.counts().questions, 3U);
}

TEST_F(ResolverTest, ThreeTriesThenItIsKnown) {
  world.behave(kFirst, "*", Manner::Silent);
  const auto group = resolver.group({kFirst}, true);
  EXPECT_EQ(outcome(group, "a.example"), DnsOutcome::TimedOut);
  EXPECT_EQ(resolver.counts().questions, 3U);
  EXPECT_EQ(outcome(group, "a.example"), DnsOutcome::TimedOut) << "remembered for a while";
  EXPECT_EQ(resolver.counts().questions, 3U);
}

TEST_F(ResolverTest, FailuresGoToTheNextServerOnceAround) {
  world.behave(kFirst, "*", Manner::ServFail);
  const auto both = resolver.group({kFirst, kSecond}, true);
  EXPECT_EQ(outcome(both, "a.example"), DnsOutcome::Answered);
  world.behave(kSecond, "*", Manner::Refused);
  EXPECT_EQ(outcome(both, "b.example"), DnsOutcome::ServFail) << "the last that was told";
  const auto one = resolver.group({kFirst}, true);
  const auto before = resolver.counts().questions;
  EXPECT_EQ(outcome(one, "c.example"), DnsOutcome::ServFail);
  EXPECT_EQ(resolver.counts().questions, before + 1) << "the same server would say the same again";
}

TEST_F(ResolverTest, BrokenAnswersAreFailures) {
  world.behave(kFirst, "*", Manner::Broken);
  EXPECT_EQ(outcome(resolver.group({kFirst}, true), "a.example"), DnsOutcome::Broken);
  EXPECT_EQ(outcome(resolver.group({kFirst, kSecond}, true), "a.example"), DnsOutcome::Answered);
}

TEST_F(ResolverTest, AFailureTellsMoreThanASilenceAfterIt) {
  world.behave(kFirst, "*", Manner::Refused);
  world.behave(kSecond, "*", Manner::Silent);
  EXPECT_EQ(outcome(resolver.group({kFirst, kSecond}, true), "a.example"), DnsOutcome::Refused);
}

TEST_F(ResolverTest, ADeadServerDoesNotHoldUpThousands) {
  world.behave(kFirst, "*", Manner::Silent);
  const auto group = resolver.group({kFirst}, true);
  const Time began = clock.time;
  for (int i = 0; i < 5000; ++i) tasks.adopt(ask(group, "n" + std::to_string(i) + ".example"));
  run();
  EXPECT_EQ(answers.size(), 5000U);
  EXPECT_LT(clock.time - began, std::chrono::seconds(30));
  EXPECT_LT(resolver.counts().questions, 200U);
}

TEST_F(ResolverTest, NeverMoreUnderWayThanTheWindow) {
  const auto group = resolver.group({kFirst}, true);
  for (int i = 0; i < 3000; ++i) tasks.adopt(ask(group, "n" + std::to_string(i) + ".example"));
  run();
  EXPECT_LE(door.under_way_max, limits.far_window);
  EXPECT_EQ(answers.size(), 3000U);
}

TEST_F(ResolverTest, StopsWhereverItIs) {
  const auto group = resolver.group({kFirst}, true);
  for (int i = 0; i < 50; ++i) tasks.adopt(ask(group, "n" + std::to_string(i) + ".example"));
  resolver.step();
  tasks.end_all();
  EXPECT_EQ(answers.size(), 0U);
}

}  // namespace
}  // namespace mailweir
