#include "apply/change.h"

#include <gtest/gtest.h>

#include "apply/standing.h"
#include "sys/state_file.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/faulty_kernel.h"
#include "tests/support/temporary_directory.h"

namespace mailweir {
namespace {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override { return now_; }
  void pass(Duration duration) { now_ += duration; }

 private:
  Time now_ = *parse_time("2026-11-22T21:00:00Z");
};

std::string table(const std::string& rule) {
  return "add table inet mailweir { comment \"ours\"; }\n"
         "add set inet mailweir blocked4 { type ipv4_addr; size 10; flags timeout; }\n"
         "add chain inet mailweir mw_out { type filter hook output priority filter - 5; policy accept; }\n"
         "add rule inet mailweir mw_out " +
         rule + "\n";
}
const std::string kFirst = table("tcp dport 25 drop");
const std::string kSecond = table("tcp dport 587 drop");

class ChangesTest : public testing::Test {
 protected:
  ChangeOrder order(const std::string& text, std::optional<Duration> confirm_within = {}) {
    return {text, "mailweir.toml", "[host]\n", "tester", {}, confirm_within};
  }
  Result<ChangeResult> apply(const std::string& text, std::optional<Duration> confirm_within = {}) {
    return changes_.apply(order(text, confirm_within), arm_);
  }
  bool in_force(const std::string& text) { return *kernel_.listing() == *kernel_.listing_of(text); }

  TemporaryDirectory directory_;
  FakeKernel kernel_;
  FakeClock clock_;
  GenerationStore store_{directory_.path() + "/state"};
  Changes changes_{kernel_, store_, clock_};
  int armed_ = 0;
  ArmWayBack arm_ = [this](const Generation&) -> Result<void> {
    ++armed_;
    return {};
  };
};

TEST_F(ChangesTest, AFinalChangeIsInForceRememberedAndTheBootCopy) {
  const auto applied = apply(kFirst);
  ASSERT_TRUE(applied) << applied.error().text();
  EXPECT_EQ(applied->kind, ChangeResult::Kind::Applied);
  EXPECT_TRUE(in_force(kFirst));
  const auto generations = store_.list();
  ASSERT_EQ(generations.size(), 1U);
  EXPECT_EQ(generations[0].state, GenerationState::Confirmed);
  EXPECT_EQ(generations[0].author, "tester");
  EXPECT_EQ(generations[0].policy, "[host]\n");
  EXPECT_FALSE(generations[0].difference.empty());
  EXPECT_EQ(store_.read_boot()->generation, 1);
  EXPECT_EQ(armed_, 0);
}

TEST_F(ChangesTest, TheSameAgainIsNothingToDo) {
  ASSERT_TRUE(apply(kFirst));
  const auto again = apply(kFirst);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->kind, ChangeResult::Kind::Unchanged);
  EXPECT_EQ(store_.list().size(), 1U);
}

TEST_F(ChangesTest, UntilItIsConfirmedTheBootCopyIsTheOldOne) {
  ASSERT_TRUE(apply(kFirst));
  const auto pending = apply(kSecond, std::chrono::seconds(60));
  ASSERT_TRUE(pending);
  EXPECT_EQ(pending->kind, ChangeResult::Kind::Pending);
  EXPECT_EQ(armed_, 1);
  EXPECT_TRUE(in_force(kSecond));
  EXPECT_EQ(store_.read_boot()->generation, 1);
  const auto confirmed = changes_.confirm();
  ASSERT_TRUE(confirmed) << confirmed.error().text();
  EXPECT_EQ(store_.read_boot()->generation, 2);
  EXPECT_EQ(store_.read(2)->state, GenerationState::Confirmed);
  EXPECT_EQ(changes_.confirm().error().code(), ErrorCode::NotFound);
}

TEST_F(ChangesTest, WhatIsNotConfirmedGoesBack) {
  ASSERT_TRUE(apply(kFirst));
  ASSERT_TRUE(apply(kSecond, std::chrono::seconds(60)));
  const auto reverted = changes_.revert_due(2, "late");
  ASSERT_TRUE(reverted && *reverted);
  EXPECT_TRUE(in_force(kFirst));
  EXPECT_EQ(store_.read(2)->state, GenerationState::Reverted);
  EXPECT_FALSE(*changes_.revert_due(2, "late")) << "it is not open any more";
}

TEST_F(ChangesTest, AConfirmationThatComesTooLateTakesItBack) {
  ASSERT_TRUE(apply(kFirst));
  ASSERT_TRUE(apply(kSecond, std::chrono::seconds(60)));
  clock_.pass(std::chrono::seconds(61));
  EXPECT_EQ(changes_.confirm().error().code(), ErrorCode::Reverted);
  EXPECT_TRUE(in_force(kFirst));
}

TEST_F(ChangesTest, WhatIsRemovedStaysAwayAtABootAndComesBackByARollback) {
  ASSERT_TRUE(apply(kFirst));
  const auto removal = changes_.remove("anna");
  ASSERT_TRUE(removal) << removal.error().text();
  EXPECT_TRUE(removal->was_there);
  EXPECT_EQ(removal->generation, 2);
  EXPECT_FALSE(removal->unrecorded);
  const Generation remembered = *store_.read(2);
  EXPECT_TRUE(remembered.is_removal());
  EXPECT_EQ(remembered.state, GenerationState::Confirmed);
  EXPECT_EQ(remembered.author, "anna");
  EXPECT_EQ(generation_in_force(kernel_, store_)->number, 2);
  EXPECT_EQ(how_things_stand(kernel_, store_, directory_.path(), {}, clock_.now())->standing, Standing::Removed);
  EXPECT_EQ(*changes_.restore_boot(), 0);
  EXPECT_EQ(*kernel_.listing(), "");
  EXPECT_EQ(one_back(store_.list())->number, 1);
  ASSERT_TRUE(apply(kFirst));
  EXPECT_TRUE(in_force(kFirst));
  EXPECT_EQ(*changes_.restore_boot(), 3);
}

TEST_F(ChangesTest, WhatWaitsIsOverWithARemoval) {
  ASSERT_TRUE(apply(kFirst));
  ASSERT_TRUE(apply(kSecond, std::chrono::seconds(60)));
  ASSERT_TRUE(changes_.remove("anna"));
  EXPECT_EQ(store_.read(2)->state, GenerationState::Reverted);
  EXPECT_FALSE(*changes_.revert_due(2, "late")) << "its way back has nothing to do any more";
  EXPECT_EQ(*kernel_.listing(), "");
  EXPECT_EQ(changes_.confirm().error().code(), ErrorCode::NotFound);
}

TEST_F(ChangesTest, NothingToRemoveIsNotRemembered) {
  EXPECT_FALSE(changes_.remove("anna")->was_there);
  EXPECT_TRUE(store_.list().empty());
  ASSERT_TRUE(apply(kFirst));
  EXPECT_EQ(changes_.remove("anna")->generation, 2);
  EXPECT_EQ(changes_.remove("anna")->generation, 0);
  EXPECT_EQ(store_.list().size(), 2U);
}

TEST_F(ChangesTest, ATableThatSomebodyFlushedIsRemovedForTheNextBoot) {
  ASSERT_TRUE(apply(kFirst));
  ASSERT_TRUE(kernel_.remove());
  const auto removal = changes_.remove("anna");
  ASSERT_TRUE(removal);
  EXPECT_FALSE(removal->was_there);
  EXPECT_EQ(removal->generation, 2);
  EXPECT_EQ(*changes_.restore_boot(), 0);
}

TEST_F(ChangesTest, AStateDirectoryThatTakesNothingDoesNotKeepTheTable) {
  ASSERT_TRUE(apply(kFirst));
  const GenerationStore nowhere("/proc/nowhere");
  const auto removal = Changes(kernel_, nowhere, clock_).remove("anna");
  ASSERT_TRUE(removal) << removal.error().text();
  EXPECT_TRUE(removal->was_there);
  EXPECT_TRUE(removal->unrecorded);
  EXPECT_EQ(*kernel_.listing(), "");
}

TEST_F(ChangesTest, WhileOneWaitsAnotherIsRefused) {
  ASSERT_TRUE(apply(kFirst, std::chrono::seconds(60)));
  EXPECT_EQ(apply(kSecond).error().code(), ErrorCode::Refused);
  EXPECT_TRUE(in_force(kFirst));
  clock_.pass(std::chrono::seconds(61));  // and its way back is gone: the next change takes it back first
  ASSERT_TRUE(apply(kSecond));
  EXPECT_EQ(store_.read(1)->state, GenerationState::Reverted);
  EXPECT_EQ(*store_.read_before(2), "") << "there was no table before the first";
}

TEST_F(ChangesTest, TheWayBackIsArmedBeforeTheKernelIsTold) {
  ASSERT_TRUE(apply(kFirst));
  arm_ = [this](const Generation&) -> Result<void> {
    EXPECT_TRUE(in_force(kFirst));
    return fail(ErrorCode::Io, "no process to be had");
  };
  EXPECT_FALSE(apply(kSecond, std::chrono::seconds(60)));
  EXPECT_TRUE(in_force(kFirst));
  EXPECT_EQ(store_.read(2)->state, GenerationState::Failed);
}

TEST_F(ChangesTest, AChangeThatSomebodyElseOverwroteIsNotConfirmed) {
  ASSERT_TRUE(apply(kFirst));
  ASSERT_TRUE(apply(kSecond, std::chrono::seconds(60)));
  kernel_.flush_ruleset();
  EXPECT_EQ(changes_.confirm().error().code(), ErrorCode::Refused);
}

TEST_F(ChangesTest, ABootBringsTheLastConfirmedTableAndEndsWhatWaited) {
  ASSERT_TRUE(apply(kFirst));
  ASSERT_TRUE(apply(kSecond, std::chrono::seconds(60)));
  kernel_.flush_ruleset();  // as the boot does
  EXPECT_EQ(*changes_.restore_boot(), 1);
  EXPECT_TRUE(in_force(kFirst));
  EXPECT_EQ(store_.read(2)->state, GenerationState::Reverted);
}

TEST_F(ChangesTest, WithoutAConfirmedTableABootHasNothing) {
  EXPECT_EQ(changes_.restore_boot().error().code(), ErrorCode::NotFound);
}

// Whatever call fails, before or after the kernel did it: the old table or the new one, the record says which, and the
// next change works.
class FaultTest : public ChangesTest, public testing::WithParamInterface<FaultyKernel::When> {};

TEST_P(FaultTest, AtEveryCallTheTableIsTheOldOrTheNewOneAndTheRecordTellsWhich) {
  ASSERT_TRUE(apply(kFirst));
  int calls_with_faults = 0;
  bool reached = true;
  for (int at = 1; reached; ++at) {
    SCOPED_TRACE("call " + std::to_string(at));
    for (const bool waits : {false, true}) {
      ASSERT_TRUE(apply(kFirst));
      FaultyKernel faulty(kernel_, at, GetParam(), [] { return Error(ErrorCode::Refused, "as the test wants"); });
      const auto within = waits ? std::optional<Duration>(std::chrono::seconds(60)) : std::nullopt;
      const auto result = Changes(faulty, store_, clock_).apply(order(kSecond, within), arm_);
      reached = faulty.calls() >= at;
      EXPECT_TRUE(reached || result.has_value());
      calls_with_faults += reached ? 1 : 0;

      const bool is_old = in_force(kFirst);
      EXPECT_NE(is_old, in_force(kSecond));
      EXPECT_EQ(result.has_value(), !is_old);
      const Generation last = store_.list().back();
      const auto there = parse_listing(*kernel_.listing());
      EXPECT_EQ(is_in_force(last, there),
                !is_old || last.number == newest(store_.list(), GenerationState::Confirmed)->number);
      if (!is_old && waits) {
        EXPECT_EQ(last.state, GenerationState::Pending);
        EXPECT_TRUE(changes_.revert_open("end of this round"));
      }
      EXPECT_EQ(open_one(store_.list()), nullptr);
      ASSERT_TRUE(apply(kFirst)) << "the next change works";
      EXPECT_TRUE(in_force(kFirst));
      EXPECT_EQ(store_.read_boot()->generation, newest(store_.list(), GenerationState::Confirmed)->number);
    }
  }
  EXPECT_GE(calls_with_faults, 10);
}

INSTANTIATE_TEST_SUITE_P(Faults, FaultTest, testing::Values(FaultyKernel::When::Before, FaultyKernel::When::After),
                         [](const auto& instance) {
                           return instance.param == FaultyKernel::When::Before ? "NotDone" : "DoneUnsaid";
                         });

}  // namespace
}  // namespace mailweir
