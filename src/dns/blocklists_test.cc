#include "dns/blocklists.h"

#include <gtest/gtest.h>

#include "tests/support/pool_world.h"

namespace mailweir {
namespace {

using testing::ids;
using testing::kResolver;
using testing::Manner;
using testing::PoolWorld;
using Ids = std::vector<std::string>;

constexpr const char* kWorks = "list.example SOA ns.example 1\n2.0.0.127.list.example A 127.0.0.2\n";

struct ListWorld : PoolWorld {
  explicit ListWorld(const std::string& more, const std::string& base = kWorks) {
    wishes.blocklists = {"list.example"};
    wishes.blocklist_budget = 100;
    dns.serve(kResolver, "list.example", base + more);
  }
};

TEST(Blocklists, WhoIsOnOneMustNotSend) {
  ListWorld listed("100.100.51.198.list.example A 127.0.0.4\n");
  const PoolReport report = listed.check();
  EXPECT_EQ(report.addresses.at(0).fitness, Fitness::MustNotSend);
  EXPECT_EQ(ids(report.addresses[0].problems), Ids{"listed"});
  EXPECT_EQ(report.blocklists.at(0).listed, 1U);
  ListWorld clean("");
  EXPECT_EQ(clean.check_one().fitness, Fitness::Fit);
}

TEST(Blocklists, YouMayNotAskIsNoListing) {
  ListWorld at_once("", "list.example SOA ns.example 1\n2.0.0.127.list.example A 127.255.255.254\n");
  PoolReport report = at_once.check();
  EXPECT_EQ(report.addresses.at(0).fitness, Fitness::Fit);
  EXPECT_NE(report.blocklists.at(0).unusable.find("127.255.255.254"), std::string::npos);
  ListWorld later("100.100.51.198.list.example A 127.255.255.255\n");
  report = later.check();
  EXPECT_EQ(report.addresses.at(0).fitness, Fitness::Fit);
  EXPECT_FALSE(report.blocklists.at(0).unusable.empty());
}

TEST(Blocklists, DeadListsAreNotBelieved) {
  ListWorld everything("",
                       "list.example SOA ns.example 1\n2.0.0.127.list.example A 127.0.0.2\n"
                       "1.0.0.127.list.example A 127.0.0.2\n100.100.51.198.list.example A 127.0.0.2\n");
  ListWorld parked("",
                   "list.example SOA ns.example 1\n2.0.0.127.list.example A 203.0.113.80\n"
                   "100.100.51.198.list.example A 203.0.113.80\n");
  ListWorld empty("100.100.51.198.list.example A 127.0.0.2\n", "list.example SOA ns.example 1\n");
  for (ListWorld* world : {&everything, &parked, &empty}) {
    const PoolReport report = world->check();
    EXPECT_EQ(report.addresses.at(0).fitness, Fitness::Fit);
    EXPECT_FALSE(report.blocklists.at(0).unusable.empty());
    EXPECT_EQ(report.blocklists.at(0).asked, 0U);
  }
}

TEST(Blocklists, TheBudgetHolds) {
  ListWorld world("");
  world.wishes.ranges = {*parse_range("198.51.100.0/24")};
  const PoolReport report = world.check();
  EXPECT_EQ(report.blocklists.at(0).asked, 98U) << "two went into the test of the list";
  EXPECT_EQ(report.blocklists.at(0).not_asked, 256U - 98U);
  std::size_t questions = 0;
  for (const auto& [server, question] : world.door.asked) questions += question.name.ends_with("list.example") ? 1 : 0;
  EXPECT_EQ(questions, 100U);
  world.wishes.blocklist_budget = 1;
  EXPECT_FALSE(world.check().blocklists.at(0).unusable.empty());
}

}  // namespace
}  // namespace mailweir
