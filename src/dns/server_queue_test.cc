#include "dns/server_queue.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

const Time kStart = *parse_time("2026-11-22T12:00:00Z");

std::uint32_t send_all(ServerQueue& queue, Time now) {
  std::uint32_t sent = 0;
  while (queue.next(now)) ++sent;
  return sent;
}

TEST(ServerQueue, WindowGrowsWithAnswersUpToItsBound) {
  ServerQueue queue({.window_max = 64, .rate = 0}, kStart);
  for (std::uint64_t id = 0; id < 10'000; ++id) queue.add(id);
  std::uint32_t last = 0;
  for (int round = 0; round < 20; ++round) {
    const std::uint32_t sent = send_all(queue, kStart);
    EXPECT_EQ(queue.under_way(), queue.window());
    EXPECT_GE(sent, std::min(last, queue.window()));
    last = sent;
    for (std::uint32_t i = 0; i < sent; ++i) queue.answered();
    EXPECT_LE(queue.window(), 64U);
  }
  EXPECT_EQ(queue.window(), 64U);
}

TEST(ServerQueue, ABurstOfLossesHalvesItOnceAndItNeverCloses) {
  ServerQueue queue({.window_max = 16, .rate = 0, .silent_max = 1000}, kStart);
  for (std::uint64_t id = 0; id < 100; ++id) queue.add(id);
  ASSERT_EQ(send_all(queue, kStart), 16U);
  for (int i = 0; i < 16; ++i) queue.lost(kStart + std::chrono::milliseconds(i));
  EXPECT_EQ(queue.window(), 8U);
  Time now = kStart;
  for (int i = 0; i < 20; ++i) {
    now += std::chrono::seconds(1);
    ASSERT_TRUE(queue.next(now));
    queue.lost(now);
  }
  EXPECT_EQ(queue.window(), 1U);
  queue.answered();  // what was still out
}

TEST(ServerQueue, AfterALossItGrowsByOneAWindow) {
  ServerQueue queue({.window_max = 100, .rate = 0}, kStart);
  for (std::uint64_t id = 0; id < 1000; ++id) queue.add(id);
  send_all(queue, kStart);
  queue.lost(kStart);
  const std::uint32_t window = queue.window();
  for (std::uint32_t i = 0; i < window; ++i) queue.answered();
  EXPECT_LE(queue.window(), window + 1);
}

TEST(ServerQueue, NoMoreLeavesThanTheRateAllows) {
  ServerQueue queue({.window_max = 1'000'000, .rate = 100}, kStart);
  for (std::uint64_t id = 0; id < 10'000; ++id) queue.add(id);
  std::uint32_t sent = 0;
  for (int ms = 0; ms <= 3000; ++ms) {
    const std::uint32_t now_sent = send_all(queue, kStart + std::chrono::milliseconds(ms));
    sent += now_sent;
    for (std::uint32_t i = 0; i < now_sent; ++i) queue.answered();
  }
  EXPECT_LE(sent, 302U);
  EXPECT_GE(sent, 298U);
  EXPECT_GT(*queue.until_next(kStart + std::chrono::seconds(3)), Duration{0});
}

TEST(ServerQueue, ASilentServerIsProbedNowAndThen) {
  ServerQueue queue({.window_max = 10, .rate = 0, .silent_max = 3, .probe_after = std::chrono::seconds(2)}, kStart);
  for (std::uint64_t id = 0; id < 100; ++id) queue.add(id);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(queue.next(kStart));
    queue.lost(kStart);
  }
  EXPECT_TRUE(queue.silent(kStart));
  EXPECT_FALSE(queue.next(kStart));
  const Time later = kStart + std::chrono::seconds(2);
  ASSERT_TRUE(queue.next(later));
  EXPECT_FALSE(queue.next(later)) << "one probe at a time";
  queue.answered();
  EXPECT_FALSE(queue.silent(later));
}

}  // namespace
}  // namespace mailweir
