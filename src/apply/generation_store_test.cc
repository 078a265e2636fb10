#include "apply/generation_store.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

// Generations 1, 2, … with these tables; "-B" was taken back, "A<1" is a rollback to generation 1, "0" a removal.
std::vector<Generation> history(const std::vector<std::string>& tables) {
  std::vector<Generation> generations;
  for (const std::string& text : tables) {
    Generation generation;
    generation.number = static_cast<int>(generations.size()) + 1;
    generation.state = text[0] == '-' ? GenerationState::Reverted : GenerationState::Confirmed;
    if (text != "0") generation.table = generation.digest = text[text[0] == '-' ? 1 : 0];
    if (const auto to = text.find('<'); to != std::string::npos) generation.returns_to = std::stoi(text.substr(to + 1));
    generations.push_back(std::move(generation));
  }
  return generations;
}

int goes_back_to(const std::vector<std::string>& tables) {
  const auto generations = history(tables);
  const Generation* found = one_back(generations);
  return found == nullptr ? 0 : found->number;
}

TEST(Rollback, GoesToTheConfirmedGenerationBefore) {
  EXPECT_EQ(goes_back_to({}), 0);
  EXPECT_EQ(goes_back_to({"A"}), 0);
  EXPECT_EQ(goes_back_to({"A", "B"}), 1);
  EXPECT_EQ(goes_back_to({"A", "-B", "C"}), 1) << "what was taken back is no place to go to";
  EXPECT_EQ(goes_back_to({"A", "B", "-C"}), 1);
  EXPECT_EQ(goes_back_to({"A", "B", "B"}), 1) << "the same table again is no change";
}

TEST(Rollback, SaidAgainItGoesFurtherBackAndEnds) {
  EXPECT_EQ(goes_back_to({"A", "B", "C"}), 2);
  EXPECT_EQ(goes_back_to({"A", "B", "C", "B<2"}), 1);
  EXPECT_EQ(goes_back_to({"A", "B", "C", "B<2", "A<1"}), 0);
}

TEST(Rollback, AfterANewChangeItGoesToWhatWasBeforeThat) {
  EXPECT_EQ(goes_back_to({"A", "B", "A<1", "C"}), 3);
  EXPECT_EQ(goes_back_to({"A", "B", "A<1", "C", "A<3"}), 0) << "3 was 1: nothing is before it";
  EXPECT_EQ(goes_back_to({"A", "B", "C", "B<2", "D", "B<4"}), 1);
}

TEST(Rollback, BringsBackWhatWasRemovedAndNeverGoesToARemoval) {
  EXPECT_EQ(goes_back_to({"0"}), 0);
  EXPECT_EQ(goes_back_to({"A", "0"}), 1);
  EXPECT_EQ(goes_back_to({"A", "B", "0"}), 2);
  EXPECT_EQ(goes_back_to({"A", "B", "0", "B<2"}), 1);
  EXPECT_EQ(goes_back_to({"A", "0", "B"}), 1);
}

TEST(Rollback, WhatItReturnedToMayBeForgotten) {
  auto generations = history({"A", "B", "C", "B<2"});
  generations.erase(generations.begin() + 1);
  EXPECT_EQ(one_back(generations)->number, 1);
}

TEST(Generation, IsReadAsItWasWritten) {
  Generation written = history({"A", "B", "A<1"}).back();
  written.time = *parse_time("2026-11-22T10:00:00Z");
  written.author = "alice (sudo)";
  const auto read = parse_generation(print_generation(written));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->returns_to, 1);
  EXPECT_EQ(read->author, written.author);
}

// Whoever follows it must come to an end.
TEST(Generation, ReturnsToAnEarlierOneOrToNone) {
  Generation written = history({"A", "B", "A<3"}).back();
  for (const int to : {3, 4, -1}) {
    written.returns_to = to;
    const auto read = parse_generation(print_generation(written));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->returns_to, 0) << to;
  }
}

}  // namespace
}  // namespace mailweir
