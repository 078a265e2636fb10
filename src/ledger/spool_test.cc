#include "ledger/spool.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

LedgerEntry entry(std::uint64_t number) {
  CaseRecord record;
  record.id = std::to_string(number);
  return record;
}

std::string first_id(LedgerSpool& spool) { return std::get<CaseRecord>(spool.batch().front()).id; }

TEST(LedgerSpool, EntriesLeaveInOrderAndOnlyWhenTaken) {
  LedgerSpool spool;
  for (std::uint64_t i = 0; i < LedgerSpool::kBatch + 2; ++i) spool.add(entry(i));
  EXPECT_EQ(spool.batch().size(), LedgerSpool::kBatch);
  EXPECT_EQ(spool.batch().size(), LedgerSpool::kBatch) << "nobody took it";
  spool.taken(LedgerSpool::kBatch);
  EXPECT_EQ(first_id(spool), std::to_string(LedgerSpool::kBatch));
  spool.taken(2);
  EXPECT_EQ(spool.waiting(), 0U);
  EXPECT_EQ(spool.given_up(), 0U);
}

TEST(LedgerSpool, WhenFullTheOldestIsGivenUpAndCounted) {
  LedgerSpool spool;
  for (std::uint64_t i = 0; i < LedgerSpool::kEntriesMax + 3; ++i) spool.add(entry(i));
  EXPECT_EQ(spool.waiting(), LedgerSpool::kEntriesMax);
  EXPECT_EQ(spool.given_up(), 3U);
  EXPECT_EQ(first_id(spool), "3");
}

TEST(LedgerSpool, WhatIsGivenUpWhileABatchIsWrittenIsNotTakenTwice) {
  LedgerSpool spool;
  for (std::uint64_t i = 0; i < LedgerSpool::kEntriesMax; ++i) spool.add(entry(i));
  const auto batch = spool.batch();
  for (std::uint64_t i = 0; i < 10; ++i) spool.add(entry(LedgerSpool::kEntriesMax + i));
  spool.taken(batch.size());
  EXPECT_EQ(first_id(spool), std::to_string(LedgerSpool::kBatch));
}

}  // namespace
}  // namespace mailweir
