// The promises of ledger/ledger_store.h, kept by the fake and by a SQLite file.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>

#include "ledger/sqlite_ledger.h"
#include "tests/support/fake_ledger.h"
#include "tests/support/temporary_directory.h"

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Time kNoon = *parse_time("2026-11-22T12:00:00Z");

class LedgerContract : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { open(); }
  void open(LedgerLimits limits = {}) {
    ledger_.reset();
    if (!GetParam()) {
      ledger_ = std::make_unique<FakeLedger>(limits);
      return;
    }
    auto opened = open_ledger(ledger_file(folder_.path()), LedgerAccess::Write, limits);
    ASSERT_TRUE(opened) << opened.error().text();
    ledger_ = std::move(*opened);
  }
  void write(std::vector<LedgerEntry> entries) {
    const auto written = ledger_->write(entries);
    ASSERT_TRUE(written) << written.error().text();
  }
  std::vector<CaseRecord> find(const CaseQuery& query = {}) {
    auto found = ledger_->find(query);
    EXPECT_TRUE(found) << found.error().text();
    return found ? *found : std::vector<CaseRecord>{};
  }
  std::vector<std::string> ids(const CaseQuery& query = {}) {
    std::vector<std::string> list;
    for (const CaseRecord& record : find(query)) list.push_back(record.id);
    return list;
  }

  TemporaryDirectory folder_;
  std::unique_ptr<LedgerStore> ledger_;
};

CaseRecord block(const char* id, const char* client, Time since, Duration length = hours(1)) {
  CaseRecord record;
  record.id = id;
  record.client = *IpPrefix::parse(client);
  record.since = since;
  record.until = since + length;
  record.by = "detector";
  record.reason = "9 new mail networks in 8 min";
  record.ports = {25};
  return record;
}

using Ids = std::vector<std::string>;

TEST_P(LedgerContract, ACaseComesBackAsItWasWritten) {
  CaseRecord record = block("mw-1", "fd16:0:0:1::/64", kNoon, hours(24));
  record.by = "alice";
  record.by_hand = true;
  record.reason = std::string("nul \0, escape \x1b[31m, and '; DROP TABLE cases; --", 45);
  record.ports = {25, 465, 587};
  record.evidence = {{"new-destinations-25", 10.25, "9 new mail networks on port 25 in 8 min"}, {"failed", -0.5, ""}};
  record.connections = 42;
  record.policy_file = "/etc/mailweir/mailweir.toml";
  record.policy_line = 7;
  record.repeat = 3;
  write({record});
  const auto found = find();
  ASSERT_EQ(found.size(), 1U);
  const CaseRecord& read = found.front();
  EXPECT_EQ(read.id, record.id);
  EXPECT_EQ(read.client, record.client);
  EXPECT_EQ(read.action, record.action);
  EXPECT_EQ(read.since, record.since);
  EXPECT_EQ(read.until, record.until);
  EXPECT_EQ(read.by, record.by);
  EXPECT_TRUE(read.by_hand);
  EXPECT_EQ(read.reason, record.reason);
  EXPECT_EQ(read.ports, record.ports);
  ASSERT_EQ(read.evidence.size(), 2U);
  EXPECT_EQ(read.evidence[0].kind, "new-destinations-25");
  EXPECT_EQ(read.evidence[0].nats, 10.25);
  EXPECT_EQ(read.evidence[0].text, record.evidence[0].text);
  EXPECT_EQ(read.evidence[1].nats, -0.5);
  EXPECT_EQ(read.connections, 42U);
  EXPECT_EQ(read.policy_file, record.policy_file);
  EXPECT_EQ(read.policy_line, 7);
  EXPECT_EQ(read.repeat, 3U);
  EXPECT_FALSE(read.ended);
}

TEST_P(LedgerContract, QueriesTakeWhatTheyAskForInTimeOrder) {
  CaseRecord notice = block("mw-4", "172.16.0.7", kNoon + minutes(4), {});
  notice.action = Decision::Action::Notice;
  write({block("mw-3", "172.16.0.6", kNoon + minutes(3)), notice, block("mw-1", "172.16.0.5", kNoon, minutes(2)),
         block("mw-2", "172.16.0.5", kNoon + minutes(3))});
  EXPECT_EQ(ids(), (Ids{"mw-1", "mw-2", "mw-3", "mw-4"}));
  EXPECT_EQ(ids({.client = *IpPrefix::parse("172.16.0.5")}), (Ids{"mw-1", "mw-2"}));
  EXPECT_EQ(ids({.since = kNoon + minutes(4)}), (Ids{"mw-4"}));
  EXPECT_EQ(ids({.carried_out_only = true}), (Ids{"mw-1", "mw-2", "mw-3"}));
  EXPECT_EQ(ids({.ends_after = kNoon + minutes(2)}), (Ids{"mw-2", "mw-3", "mw-4"}));
  EXPECT_EQ(ids({.ends_after = kNoon + hours(2)}), Ids{});
}

TEST_P(LedgerContract, AThrottleRunsUntilABlockTakesItsPlaceOrSomebodyLiftsIt) {
  CaseRecord slow = block("mw-1", "172.16.0.25", kNoon, minutes(90));
  slow.action = Decision::Action::Throttle;
  CaseRecord other = block("mw-2", "172.16.0.26", kNoon, minutes(90));
  other.action = Decision::Action::Throttle;
  write({slow, other, block("mw-3", "172.16.0.25", kNoon + minutes(10)),
         CaseLifted{other.client, {kNoon + minutes(20), "alice", false, 7}}});
  EXPECT_EQ(ids({.carried_out_only = true}), (Ids{"mw-1", "mw-2", "mw-3"}));
  const auto found = find();
  ASSERT_EQ(found.size(), 3U);
  ASSERT_TRUE(found[0].ended);
  EXPECT_TRUE(found[0].ended->replaced);
  EXPECT_EQ(found[0].ended->by, "mw-3");
  EXPECT_FALSE(is_running(found[0], kNoon + minutes(15)));
  EXPECT_TRUE(is_running(found[0], kNoon + minutes(5)));
  ASSERT_TRUE(found[1].ended);
  EXPECT_EQ(found[1].ended->by, "alice");
  EXPECT_EQ(stopped_by(found[1]), 7U);
}

TEST_P(LedgerContract, EvidenceIsLeftOutWhenNobodyAsksForIt) {
  CaseRecord record = block("mw-1", "172.16.0.5", kNoon);
  record.evidence = {{"failed", 5, "5 of 9 failed"}};
  write({record});
  EXPECT_TRUE(find({.with_evidence = false}).front().evidence.empty());
  EXPECT_EQ(find().front().evidence.size(), 1U);
}

TEST_P(LedgerContract, WhatIsWrittenTwiceIsThereOnce) {
  write({block("mw-1", "172.16.0.5", kNoon)});
  CaseRecord other = block("mw-1", "172.16.0.5", kNoon);
  other.reason = "something else";
  write({other, other});
  ASSERT_EQ(find().size(), 1U);
  EXPECT_EQ(find().front().reason, "9 new mail networks in 8 min");
  EXPECT_FALSE(find().front().ended);
}

TEST_P(LedgerContract, ALaterBlockEndsTheOneBefore) {
  write({block("mw-1", "172.16.0.5", kNoon), block("mw-2", "172.16.0.6", kNoon + minutes(1)),
         block("mw-3", "172.16.0.5", kNoon + minutes(2))});
  const auto found = find();
  ASSERT_TRUE(found[0].ended);
  EXPECT_TRUE(found[0].ended->replaced);
  EXPECT_EQ(found[0].ended->by, "mw-3");
  EXPECT_EQ(found[0].ended->at, kNoon + minutes(2));
  EXPECT_FALSE(found[1].ended);
  EXPECT_FALSE(found[2].ended);
}

TEST_P(LedgerContract, ALiftEndsTheRunningBlockOnlyAndTheFirstCounts) {
  const IpPrefix client = *IpPrefix::parse("172.16.0.5");
  write({block("mw-1", "172.16.0.5", kNoon, minutes(1)), block("mw-2", "172.16.0.5", kNoon + minutes(2))});
  write({CaseLifted{client, {kNoon + minutes(10), "alice", false, 17}}});
  write({CaseLifted{client, {kNoon + minutes(11), "bob", false, 18}},
         CaseLifted{*IpPrefix::parse("172.16.0.99"), {kNoon + minutes(10), "alice", false, {}}}});
  const auto found = find();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_FALSE(found[0].ended) << "it had ended by itself";
  ASSERT_TRUE(found[1].ended);
  EXPECT_EQ(found[1].ended->by, "alice");
  EXPECT_EQ(found[1].ended->at, kNoon + minutes(10));
  EXPECT_EQ(found[1].ended->packets_stopped, 17U);
  EXPECT_FALSE(is_running(found[1], kNoon + minutes(12)));
}

TEST_P(LedgerContract, ANameReplacesNobody) {
  const IpPrefix client = *IpPrefix::parse("172.16.0.5");
  write({block("mw-1", "172.16.0.5", kNoon)});
  write({CaseLifted{client, {kNoon + minutes(10), "", false, {}}}});
  write({CaseLifted{client, {kNoon + minutes(10), "alice", false, 3}}});
  write({CaseLifted{client, {kNoon + minutes(10), "", false, {}}}});
  EXPECT_EQ(find().front().ended->by, "alice");
}

TEST_P(LedgerContract, WhatABlockStoppedIsCountedUntilItsEnd) {
  write({block("mw-1", "172.16.0.5", kNoon), block("mw-2", "172.16.0.6", kNoon)});
  write({CaseCounted{"mw-1", 7}, CaseCounted{"mw-1", 12}, CaseCounted{"mw-9", 3}});
  EXPECT_EQ(find()[0].packets_stopped, 12U);
  EXPECT_FALSE(find()[0].ended);
  EXPECT_FALSE(find()[1].packets_stopped);
  // Somebody who did not look keeps what was counted; somebody who did knows better.
  write({CaseLifted{*IpPrefix::parse("172.16.0.5"), {kNoon + minutes(1), "", false, {}}}});
  EXPECT_EQ(stopped_by(find()[0]), 12U);
  write({CaseLifted{*IpPrefix::parse("172.16.0.6"), {kNoon + minutes(1), "alice", false, 4}}, CaseCounted{"mw-2", 5}});
  EXPECT_EQ(stopped_by(find()[1]), 4U);
}

TEST_P(LedgerContract, TheOldestAreForgottenAndCounted) {
  open({.cases_max = 3});
  for (int i = 0; i < 5; ++i) {
    write({block(("mw-" + std::to_string(i)).c_str(), ("172.16.0." + std::to_string(i)).c_str(), kNoon + minutes(i))});
  }
  EXPECT_EQ(ids(), (Ids{"mw-2", "mw-3", "mw-4"}));
  EXPECT_EQ(ledger_->counts()->cases, 3U);
  EXPECT_EQ(ledger_->counts()->forgotten, 2U);
}

TEST_P(LedgerContract, WhatEndedLongAgoIsForgottenAndWhatStillRunsIsNot) {
  open({.age_max = hours(24)});
  write({block("mw-1", "172.16.0.1", kNoon, hours(1)), block("mw-2", "172.16.0.2", kNoon, hours(100))});
  write({block("mw-3", "172.16.0.3", kNoon + hours(26))});
  EXPECT_EQ(ids(), (Ids{"mw-2", "mw-3"}));
  EXPECT_EQ(ledger_->counts()->forgotten, 1U);
}

TEST_P(LedgerContract, TextAndEvidenceAreBounded) {
  open({.evidence_max = 2, .text_bytes_max = 10});
  CaseRecord record = block("mw-1", "172.16.0.1", kNoon);
  record.reason = std::string(1000, 'x');
  record.evidence.resize(5);
  write({record});
  EXPECT_EQ(find().front().reason, std::string(10, 'x'));
  EXPECT_EQ(find().front().evidence.size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Ledger, LedgerContract, ::testing::Bool(),
                         [](const auto& which) { return which.param ? "Sqlite" : "Fake"; });

}  // namespace
}  // namespace mailweir
