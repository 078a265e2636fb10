#include "sys/process.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

TEST(Process, InputGoesInOutputAndStatusComeOut) {
  const auto ran = run_process({"sh", "-c", "cat; echo trouble >&2; exit 3"}, "hello");
  ASSERT_TRUE(ran) << ran.error().text();
  EXPECT_EQ(ran->out, "hello");
  EXPECT_EQ(ran->err, "trouble\n");
  EXPECT_EQ(ran->status, 3);
}

TEST(Process, MoreThanAPipeHoldsGoesBothWays) {
  const std::string input(1'000'000, 'x');
  const auto ran = run_process({"cat"}, input);
  ASSERT_TRUE(ran) << ran.error().text();
  EXPECT_EQ(ran->out, input);
}

TEST(Process, AProgramThatReadsNothingDoesNotEndUs) {
  const auto ran = run_process({"true"}, std::string(1'000'000, 'x'));
  ASSERT_TRUE(ran) << ran.error().text();
  EXPECT_EQ(ran->status, 0);
}

TEST(Process, AMissingProgramIsSaid) {
  const auto ran = run_process({"no-such-program-here"});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code(), ErrorCode::Unsupported);
}

}  // namespace
}  // namespace mailweir
