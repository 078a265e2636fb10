#include "cli/arguments.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

const Time kNow = *parse_time("2026-11-22T12:00:00Z");

TEST(TimeArgument, TakesTimesDatesAndAgo) {
  EXPECT_EQ(time_argument("--since", "2026-11-22T10:00:00+01:00", kNow).value(),
            parse_time("2026-11-22T09:00:00Z").value());
  EXPECT_EQ(time_argument("--since", "2026-11-21", kNow).value(), parse_time("2026-11-21T00:00:00Z").value());
  EXPECT_EQ(time_argument("--since", "2h", kNow).value(), parse_time("2026-11-22T10:00:00Z").value());
}

TEST(TimeArgument, RefusesTheRestWithExamples) {
  for (const char* text : {"", "yesterday", "2", "2026-13-01", "22.11.2026"}) {
    const auto time = time_argument("--since", text, kNow);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code(), ErrorCode::Usage);
    EXPECT_NE(time.error().text().find("--since"), std::string::npos);
  }
}

TEST(PrefixArguments, NameTheFirstMistake) {
  EXPECT_EQ(prefix_arguments("--clients", {"10.0.0.0/8", "fd16::/32"})->size(), 2U);
  const auto wrong = prefix_arguments("--clients", {"10.0.0.0/8", "10.0.0.1/8"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(
      wrong.error().text(),
      "--clients: '10.0.0.1/8' is not a network: bits are set after the first 8; write 10.0.0.0/8 for the network, "
      "10.0.0.1 for the address alone");
}

}  // namespace
}  // namespace mailweir
