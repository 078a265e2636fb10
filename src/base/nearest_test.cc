#include "base/nearest.h"

#include <gtest/gtest.h>

#include <array>

namespace mailweir {
namespace {

constexpr std::array<std::string_view, 5> kVerbs{"analyze", "run", "remove", "check", "mail_servers"};

TEST(Nearest, FindsALetterTooFewTooManyWrongOrSwapped) {
  EXPECT_EQ(nearest("analyz", kVerbs), "analyze");
  EXPECT_EQ(nearest("analyzee", kVerbs), "analyze");
  EXPECT_EQ(nearest("analyse", kVerbs), "analyze");
  EXPECT_EQ(nearest("anaylze", kVerbs), "analyze");
  EXPECT_EQ(nearest("rnu", kVerbs), "run");
}

TEST(Nearest, CaseAndDashesCountAsNothing) {
  EXPECT_EQ(nearest("Mail-Servers", kVerbs), "mail_servers");
  EXPECT_EQ(nearest("CHECK", kVerbs), "check");
}

TEST(Nearest, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest("bake", kVerbs), std::nullopt);
  EXPECT_EQ(nearest("", kVerbs), std::nullopt);
  EXPECT_EQ(nearest("r", kVerbs), std::nullopt);
  EXPECT_EQ(nearest(std::string(1000, 'a'), kVerbs), std::nullopt);
}

TEST(Nearest, OneThirdIsTheBorder) {
  EXPECT_EQ(nearest("abcdexxx", std::array<std::string_view, 1>{"abcdefgh"}), std::nullopt);  // 3 of 8
  EXPECT_EQ(nearest("abcdefxx", std::array<std::string_view, 1>{"abcdefgh"}), "abcdefgh");    // 2 of 8
}

TEST(Nearest, HintIsASentenceOrNothing) {
  EXPECT_EQ(nearest_hint("chekc", kVerbs), "did you mean 'check'?");
  EXPECT_EQ(nearest_hint("bake", kVerbs), "");
}

}  // namespace
}  // namespace mailweir
