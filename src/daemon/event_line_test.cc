#include "daemon/event_line.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

const Time kTime{std::chrono::seconds(1'700'000'000)};

TEST(EventLine, KeysComeInOrderAndTextIsQuotedWhereItMust) {
  const EventLine line = EventLine("block.added", kTime)
                             .add("client", "172.16.0.5")
                             .add("score", 15.456)
                             .add("count", std::uint64_t{3})
                             .add("reason", "9 new \"networks\"");
  EXPECT_EQ(line.text(),
            "block.added time=2023-11-14T22:13:20.000000+00:00 client=172.16.0.5 score=15.46 count=3 "
            "reason=\"9 new \\\"networks\\\"\"\n");
  EXPECT_EQ(line.json(),
            R"({"schema":"mailweir.run/1","event":"block.added","time":"2023-11-14T22:13:20.000000+00:00",)"
            R"("client":"172.16.0.5","score":15.46,"count":3,"reason":"9 new \"networks\""})"
            "\n");
}

TEST(EventLine, NothingInAValueCanBreakTheLine) {
  const EventLine line = EventLine("x", kTime).add("reason", std::string_view("a\nblock.added client=1 \x1b[31m\xff"));
  EXPECT_EQ(line.text().find('\n'), line.text().size() - 1);
  EXPECT_EQ(line.text().find('\x1b'), std::string::npos);
  EXPECT_EQ(line.json().find('\n'), line.json().size() - 1);
  EXPECT_EQ(line.json().find('\xff'), std::string::npos);
}

TEST(EventLine, OurOwnEventsAreShortInText) {
  EXPECT_TRUE(EventLine("run.ready", kTime).text().starts_with("ready time="));
  EXPECT_NE(EventLine("run.ready", kTime).json().find("\"run.ready\""), std::string::npos);
}

}  // namespace
}  // namespace mailweir
