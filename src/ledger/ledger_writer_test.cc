// A ledger that fails in every way: nothing is lost that memory can hold, nobody waits, and it is said once.
#include "ledger/ledger_writer.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>

#include "tests/support/fake_ledger.h"

namespace mailweir {
namespace {

using std::chrono::milliseconds;

const Time kNoon = *parse_time("2026-11-22T12:00:00Z");

CaseRecord block(int number) {
  CaseRecord record;
  record.id = "mw-" + std::to_string(1000 + number);
  record.client = IpPrefix::host(IpAddress::v4(0xac10'0000U + static_cast<std::uint32_t>(number)));
  record.since = kNoon + milliseconds(number);
  record.until = record.since + std::chrono::hours(1);
  return record;
}

// Hands out one fake ledger again and again, as a file is opened again and again.
class SharedLedger {
 public:
  OpenLedger open() {
    return [this]() -> Result<std::unique_ptr<LedgerStore>> {
      if (unopenable.load()) return fail(ErrorCode::BadInput, "file is not a database");
      return std::make_unique<Handle>(*this);
    };
  }
  // Calls the ledger while no batch is being written.
  template <typename Body>
  auto with(Body body) {
    const std::lock_guard lock(mutex_);
    return body(ledger_);
  }
  std::atomic<bool> unopenable{false};

 private:
  class Handle final : public LedgerStore {
   public:
    explicit Handle(SharedLedger& shared) : shared_(shared) {}
    Result<void> write(std::span<const LedgerEntry> entries) override {
      return shared_.with([&](FakeLedger& ledger) { return ledger.write(entries); });
    }
    Result<std::vector<CaseRecord>> find(const CaseQuery& query) override {
      return shared_.with([&](FakeLedger& ledger) { return ledger.find(query); });
    }
    Result<LedgerCounts> counts() override {
      return shared_.with([&](FakeLedger& ledger) { return ledger.counts(); });
    }

   private:
    SharedLedger& shared_;
  };
  std::mutex mutex_;
  FakeLedger ledger_;
};

std::vector<LedgerNews> await_news(LedgerWriter& writer) {
  pollfd waiting{writer.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&waiting, 1, 30'000), 1);
  return writer.take_news();
}

TEST(LedgerWriter, WritesEverythingBeforeItEnds) {
  SharedLedger shared;
  LedgerWriter writer(shared.open());
  for (int i = 0; i < 2000; ++i) writer.record(block(i));
  const auto counters = writer.finish();
  EXPECT_EQ(counters.written, 2000U);
  EXPECT_EQ(counters.waiting, 0U);
  EXPECT_EQ(shared.with([](FakeLedger& ledger) { return ledger.counts()->cases; }), 2000U);
  EXPECT_TRUE(writer.take_news().empty());
}

TEST(LedgerWriter, EveryNthWriteMayFailAndNothingIsLost) {
  for (unsigned n = 2; n <= 6; ++n) {
    SharedLedger shared;
    shared.with([&](FakeLedger& ledger) { ledger.fail_every(n); });
    LedgerWriter writer(shared.open(), milliseconds(1));
    for (int i = 0; i < 5000; ++i) writer.record(block(i));
    while (writer.counters().waiting > 0) std::this_thread::yield();  // the test's time limit ends this otherwise
    writer.finish();
    const auto found = shared.with([](FakeLedger& ledger) { return *ledger.find({}); });
    ASSERT_EQ(found.size(), 5000U) << "every " << n;
    for (int i = 0; i < 5000; ++i) ASSERT_EQ(found[static_cast<std::size_t>(i)].id, block(i).id);
  }
}

TEST(LedgerWriter, TroubleIsToldOnceAndItsEndToo) {
  SharedLedger shared;
  shared.unopenable = true;
  LedgerWriter writer(shared.open(), milliseconds(1));
  writer.record(block(1));
  const auto trouble = await_news(writer);
  ASSERT_EQ(trouble.size(), 1U);
  EXPECT_FALSE(trouble[0].works);
  EXPECT_EQ(trouble[0].reason, "file is not a database");
  writer.record(block(2));
  while (writer.counters().failed < 5) std::this_thread::yield();
  EXPECT_TRUE(writer.take_news().empty()) << "said once";
  EXPECT_EQ(writer.counters().waiting, 2U);

  shared.unopenable = false;
  const auto relief = await_news(writer);
  ASSERT_EQ(relief.size(), 1U);
  EXPECT_TRUE(relief[0].works);
  EXPECT_EQ(relief[0].written, 2U);
  EXPECT_EQ(writer.counters().waiting, 0U);
}

TEST(LedgerWriter, EndsAtOnceWhileTheDiskIsBroken) {
  SharedLedger shared;
  shared.unopenable = true;
  LedgerWriter writer(shared.open(), std::chrono::hours(1));
  writer.record(block(1));
  await_news(writer);
  EXPECT_EQ(writer.finish().waiting, 1U);
}

}  // namespace
}  // namespace mailweir
