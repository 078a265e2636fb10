#include "dns/known_results.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

const Time kThen = *parse_time("2026-11-22T19:43:00Z");

AddressReport report(const char* address, Fitness fitness, std::vector<Problem> problems = {}) {
  return {.address = *IpAddress::parse(address), .fitness = fitness, .problems = std::move(problems)};
}

TEST(KnownResults, AreReadBackAsTheyWereWritten) {
  KnownResults results;
  remember(results,
           {report("198.51.100.1", Fitness::Fit), report("2001:db8::1", Fitness::MustNotSend, {{ProblemKind::NoPtr}}),
            report("198.51.100.2", Fitness::Distrusted,
                   {{ProblemKind::ManyPtr}, {ProblemKind::BadName, "a"}, {ProblemKind::BadName, "b"}})},
           kThen);
  const std::string text = known_results_text(results);
  EXPECT_EQ(*read_known_results(text), results);
  EXPECT_NE(text.find("198.51.100.2 2026-11-22T19:43:00.000000+00:00 distrusted bad-name,many-ptr\n"),
            std::string::npos);
}

TEST(KnownResults, ALaterCheckReplacesWhatItLookedAtAndNothingElse) {
  KnownResults results;
  remember(results, {report("198.51.100.1", Fitness::MustNotSend), report("198.51.100.2", Fitness::Fit)}, kThen);
  const Time later = kThen + std::chrono::hours(1);
  remember(results, {report("198.51.100.1", Fitness::Fit)}, later);
  EXPECT_EQ(results.at(*IpAddress::parse("198.51.100.1")), (KnownResult{later, Fitness::Fit, {}}));
  EXPECT_EQ(results.at(*IpAddress::parse("198.51.100.2")).time, kThen);
}

TEST(KnownResults, AnythingElseIsRefusedWithItsLine) {
  const std::string head = "mailweir dns results 1\n", time = "2026-11-22T19:43:00Z";
  const std::vector<std::string> wrong{std::string("nonsense"),
                                       "198.51.100.1 " + time + " fit",
                                       "198.51.100.1 " + time + " good -",
                                       "198.51.100.1 yesterday fit -",
                                       "198.51.100 " + time + " fit -",
                                       "198.51.100.1 " + time + " fit a,,b",
                                       "198.51.100.1 " + time + " fit \x1b[31m",
                                       "198.51.100.1 " + time + " fit -\n198.51.100.1 " + time + " fit -"};
  for (const std::string& line : wrong) {
    const auto read = read_known_results(head + line + "\n");
    ASSERT_FALSE(read) << line;
    EXPECT_NE(read.error().text().find("line "), std::string::npos);
  }
  EXPECT_FALSE(read_known_results("mailweir dns results 2\n"));
  EXPECT_TRUE(read_known_results(head)->empty());
  EXPECT_TRUE(read_known_results("")->empty());
}

TEST(KnownResults, ForgetThoseCheckedLongestAgo) {
  KnownResults results;
  std::vector<AddressReport> many;
  for (std::uint32_t i = 0; i < kAddressesKnownMax; ++i)
    many.push_back({.address = IpAddress::v4(0x0b00'0000 + i), .fitness = Fitness::Fit});
  remember(results, {report("198.51.100.1", Fitness::Fit)}, kThen - std::chrono::hours(1));
  remember(results, many, kThen);
  EXPECT_EQ(results.size(), kAddressesKnownMax);
  EXPECT_FALSE(results.contains(*IpAddress::parse("198.51.100.1")));
  remember(results, {report("198.51.100.1", Fitness::Fit)}, kThen);
  EXPECT_EQ(results.size(), kAddressesKnownMax);
}

}  // namespace
}  // namespace mailweir
