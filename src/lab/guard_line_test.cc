#include <gtest/gtest.h>

#include "lab/guard_process.h"

namespace mailweir::lab {
namespace {

struct Heard {
  GuardView view;
  bool ready = false;
};

Heard hear(std::initializer_list<const char*> lines) {
  Heard heard;
  for (const char* line : lines) read_guard_line(line, heard.view, heard.ready);
  return heard;
}

TEST(GuardLine, ReadySaysSo) {
  EXPECT_FALSE(hear({R"({"schema":"mailweir.run/1","event":"run.warning"})"}).ready);
  EXPECT_TRUE(hear({R"({"schema":"mailweir.run/1","event":"run.ready"})"}).ready);
}

TEST(GuardLine, ABlockIsAClientATimeAndALatency) {
  const Heard heard =
      hear({R"({"event":"block.added","time":"2026-11-22T19:43:00.000250+00:00","client":"fd16:0:1:2::/64",)"
            R"("case":"mw-20261122-0001","packet_to_block_us":612,"reason":"9 new mail networks"})"});
  ASSERT_EQ(heard.view.decided.size(), 1u);
  EXPECT_EQ(heard.view.decided[0].client.text(), "fd16:0:1:2::/64");
  EXPECT_EQ(format_time(heard.view.decided[0].at), "2026-11-22T19:43:00.000250+00:00");
  EXPECT_EQ(heard.view.decided[0].packet_to_block_us, 612.0);
  EXPECT_EQ(heard.view.decided[0].case_id, "mw-20261122-0001");
}

TEST(GuardLine, ANoticeIsNoBlock) {
  EXPECT_TRUE(hear({R"({"event":"client.noticed","time":"2026-11-22T19:43:00+00:00","client":"172.16.9.26"})",
                    R"({"event":"block.exempt","time":"2026-11-22T19:43:00+00:00","client":"172.16.9.25"})"})
                  .view.decided.empty());
}

TEST(GuardLine, TheLastCountOfLossesHolds) {
  EXPECT_EQ(hear({R"({"event":"run.counters","lost_events":3})", R"({"event":"run.counters","lost_events":5})"})
                .view.lost_events,
            5u);
}

TEST(GuardLine, WhatIsNoLineOfOursIsPassedOver) {
  const Heard heard = hear({"", "{", "[]", "ready", R"({"event":7})", R"({"event":"block.added","client":"nobody"})"});
  EXPECT_TRUE(heard.view.decided.empty());
  EXPECT_FALSE(heard.ready);
}

}  // namespace
}  // namespace mailweir::lab
