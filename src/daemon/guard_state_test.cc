#include "daemon/guard_state.h"

#include <gtest/gtest.h>

#include "sys/state_file.h"
#include "tests/support/temporary_directory.h"

namespace mailweir {
namespace {

GuardState some_state() {
  GuardState state;
  state.since = Time(std::chrono::hours(500'000));
  state.told = state.since + std::chrono::microseconds(1'234'567);
  state.mode = "block";
  state.packets = 1;
  state.lost_packets = 2;
  state.change_overruns = 3;
  state.clients = 4;
  state.ledger_lost = 5;
  state.gathering = true;
  return state;
}

TEST(GuardState, WhatWasWrittenIsRead) {
  const auto read = parse_guard_state(print_guard_state(some_state()));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(*read, some_state());
  EXPECT_EQ(read->lost_events(), 5U);
}

TEST(GuardState, TheFileIsReplacedAndNothingIsLeftBeside) {
  const TemporaryDirectory directory;
  EXPECT_EQ(read_guard_state(directory.path()).error().code(), ErrorCode::NotFound);
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(write_runtime_file(guard_state_file(directory.path()), print_guard_state(some_state())));
  EXPECT_EQ(*read_guard_state(directory.path()), some_state());
  EXPECT_EQ(list_state_directory(directory.path()), std::vector<std::string>{"guard.json"});
}

TEST(GuardState, TextOfOthersIsRefused) {
  for (const char* text : {"", "{}", "[]", "7", R"({"schema": "mailweir.guard/1"})", R"({"schema": 1})",
                           R"({"schema": "mailweir.guard/1", "since": 5, "told": {}})"}) {
    EXPECT_EQ(parse_guard_state(text).error().code(), ErrorCode::BadInput) << text;
  }
  // A count that is none is left at nothing.
  const auto odd = parse_guard_state(
      R"({"schema": "mailweir.guard/1", "since": "2026-11-22", "told": "2026-11-22", "packets": -1, "mode": 3, "clients": "x"})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->packets, 0U);
}

}  // namespace
}  // namespace mailweir
