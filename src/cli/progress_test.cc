#include "cli/progress.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

class SetClock final : public Clock {
 public:
  Time time{};
  [[nodiscard]] Time now() const override { return time; }
};

class Progress : public testing::Test {
 protected:
  std::string written() {
    std::fflush(file);
    return {buffer, size};
  }
  ~Progress() override {
    std::fclose(file);
    std::free(buffer);  // NOLINT: allocated by open_memstream
  }
  char* buffer = nullptr;
  std::size_t size = 0;
  std::FILE* file = open_memstream(&buffer, &size);
  SetClock clock;
};

TEST_F(Progress, IsSilentForTheFirstSecondAndLeavesNothingThen) {
  {
    ProgressLine line(file, clock);
    clock.time += std::chrono::milliseconds(999);
    line.show(10, 100, [] { return "reading"; });
  }
  EXPECT_EQ(written(), "");
}

TEST_F(Progress, TellsShareAndRestAndIsGoneAtTheEnd) {
  {
    ProgressLine line(file, clock);
    clock.time += std::chrono::seconds(3);
    line.show(25, 100, [] { return "reading: 123,456 lines"; });
    EXPECT_EQ(written(), "\r\x1b[Kreading: 123,456 lines, 25 %, 10 s left");
    line.show(26, 100, [] { return "reading: 123,457 lines"; });  // too soon after the last
  }
  EXPECT_EQ(written(), "\r\x1b[Kreading: 123,456 lines, 25 %, 10 s left\r\x1b[K");
}

TEST_F(Progress, OfUnknownLengthTellsLinesOnly) {
  ProgressLine line(file, clock);
  clock.time += std::chrono::seconds(2);
  line.show(25, 0, [] { return "reading: 7 lines"; });
  EXPECT_EQ(written(), "\r\x1b[Kreading: 7 lines");
}

TEST_F(Progress, WithoutAStreamIsSilent) {
  ProgressLine line(nullptr, clock);
  clock.time += std::chrono::seconds(2);
  line.show(1, 2, [] { return "reading"; });
}

}  // namespace
}  // namespace mailweir
