// A day of honest and of spamming clients behind one gateway: who is blocked, after how many connections, and who is
// not. Prints the tables; docs/detection.md, section 3.8, has the numbers they are compared with, bench/detection the
// long run.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/world/crowds.h"
#include "tests/world/table.h"

namespace mailweir::world {
namespace {

struct Asked {
  bool servers_registered = false;
  bool survival = false;
};

std::vector<Tally> live(const char* title, const Numbers& numbers, Asked asked = {}) {
  const Run run{.survival = asked.survival};
  const auto make = [&](const std::vector<IpPrefix>& mail_servers) {
    DetectSettings settings;
    settings.servers_registered = asked.servers_registered;
    settings.mail_servers = mail_servers;
    return std::make_unique<DetectorJudge>(settings);
  };
  std::vector<Tally> tallies = live_through(crowds(numbers), make, run);
  fmt::print("{}; seed {}\n{}", title, run.seed, verdict_table(tallies));
  if (asked.survival) fmt::print("{}", survival_table(tallies));
  return tallies;
}

void expect_none_blocked(const std::vector<Tally>& tallies, Population::Kind kind) {
  for (const Tally& tally : tallies) {
    if (tally.kind != kind) continue;
    EXPECT_EQ(tally.called(), 0U) << tally.name;
  }
}

TEST(World, PeopleAreNeverBlockedAndTheirScoreSurvivesNoLongerThanTheBound) {
  const auto tallies = live("people", {.ordinary = 20'000, .shared = 1'000}, {.survival = true});
  expect_none_blocked(tallies, Population::Kind::User);
  for (const Tally& tally : tallies) {
    for (std::size_t i = 0; i < Tally::kLevels.size(); ++i) {
      // Three deviations of a count with that mean: at the deep levels a handful of clients decide.
      const auto days = static_cast<double>(tally.client_days);
      const double expected = tally.survival_bound(i) * days;
      const double allowed = (expected + 3 * std::sqrt(expected) + 3) / days;
      EXPECT_LE(tally.survival_seen(i), allowed) << tally.name << " at " << Tally::kLevels[i];
    }
  }
}

TEST(World, UnregisteredMailServersAreAskedAboutInsteadOfBlocked) {
  const auto tallies = live("machines and mail servers", {.ordinary = 500, .odd = 30, .servers = 60});
  for (const auto name : {row::kServer30, row::kServer500, row::kRegistered}) {
    EXPECT_EQ(tally_of(tallies, name).called(), 0U) << name;
  }
  // The outcome rates that M stands on do not hold for dirty lists (docs/detection.md, 3.4).
  EXPECT_LE(tally_of(tallies, row::kDirty).called(), 1U);
  EXPECT_LE(tally_of(tallies, "newsletter, 4,000 in 1 h").called(), 1U);
  EXPECT_GE(tally_of(tallies, "newsletter, 4,000 in 1 h").asked_share(), 0.9);
  // Who gets a bot's address is not taken for the bot, and neighbours with addresses of one site not for a hopper.
  EXPECT_EQ(tally_of(tallies, row::kInherited).called(), 0U);
  EXPECT_EQ(tally_of(tallies, row::kInherited).asked, 0U);
  EXPECT_EQ(tally_of(tallies, row::kNeighbours).called(), 0U);
  EXPECT_EQ(tally_of(tallies, row::kNeighbours).asked, 0U);
  EXPECT_EQ(tally_of(tallies, "printer with a dead relay").called(), 0U);
  EXPECT_EQ(tally_of(tallies, "developer's box, 9 servers a day").called(), 0U);
  EXPECT_EQ(tally_of(tallies, "monitor of 4 mail servers").called(), 0U);
}

TEST(World, BotsAreConvictedWithinAHandfulOfConnections) {
  const auto tallies = live("spammers", {.ordinary = 500, .spammers = 300});
  for (const auto name : {row::kBot600, row::kBot60, row::kBot6}) {
    EXPECT_LE(tally_of(tallies, name).connections_at(0.5), 12U) << name;
    EXPECT_LE(tally_of(tallies, name).connections_at(0.9), 30U) << name;
  }
  EXPECT_GE(tally_of(tallies, row::kBot2).called_share(), 0.95);
  EXPECT_GE(tally_of(tallies, row::kHiding).called_share(), 0.95);
  // With a clean list it looks like a mail server: it must be asked about, and only registration may convict it.
  EXPECT_GE(tally_of(tallies, row::kCleanBot).asked_share(), 0.95);
  EXPECT_LE(tally_of(tallies, row::kCleanBot).called_share(), 0.04);
  // Told of as a site, never blocked: its networks may be as many customers.
  for (const auto name : {row::kHopper, row::kHopperEach}) {
    EXPECT_GE(tally_of(tallies, name).asked_share(), 0.95) << name;
    EXPECT_EQ(tally_of(tallies, name).called(), 0U) << name;
  }
  EXPECT_GE(tally_of(tallies, row::kAbuse).called_share(), 0.95);
  EXPECT_LE(tally_of(tallies, row::kAbuse).connections_at(0.9), 45U);
}

TEST(World, RegisteredServersMakeItQuicker) {
  const auto tallies = live("every mail server is registered", {.ordinary = 2'000, .shared = 200, .spammers = 200},
                            {.servers_registered = true});
  expect_none_blocked(tallies, Population::Kind::User);
  for (const auto name : {row::kBot600, row::kBot60}) {
    EXPECT_LE(tally_of(tallies, name).connections_at(0.5), 12U) << name;
    EXPECT_LE(tally_of(tallies, name).connections_at(0.9), 19U) << name;
  }
  EXPECT_LE(tally_of(tallies, row::kBot6).connections_at(0.9), 30U);
  EXPECT_LE(tally_of(tallies, row::kCleanBot).connections_at(0.9), 50U);
}

TEST(World, TheSameSeedGivesTheSameDayOnAnyNumberOfThreads) {
  const Numbers few{.ordinary = 60, .shared = 10, .spammers = 20};
  const auto make = [](const std::vector<IpPrefix>&) { return std::make_unique<DetectorJudge>(DetectSettings{}); };
  const auto one = live_through(crowds(few), make, {.sites = 3});
  const auto two = live_through(crowds(few), make, {.sites = 3, .threads = 2});
  ASSERT_EQ(one.size(), two.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].connections, two[i].connections) << one[i].name;
    EXPECT_EQ(one[i].connections_to_verdict, two[i].connections_to_verdict) << one[i].name;
  }
}

}  // namespace
}  // namespace mailweir::world
