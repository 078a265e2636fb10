// The file behind the ledger: its rights, its version, and everything a disk or somebody hostile can do to it.
#include "ledger/sqlite_ledger.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "sys/enclosure.h"
#include "tests/support/temporary_directory.h"

namespace mailweir {
namespace {

const Time kNoon = *parse_time("2026-11-22T12:00:00Z");

CaseRecord block(int number) {
  CaseRecord record;
  record.id = "mw-" + std::to_string(100'000 + number);
  record.client = IpPrefix::host(IpAddress::v4(0xac10'0000U + static_cast<std::uint32_t>(number)));
  record.since = kNoon + std::chrono::seconds(number);
  record.until = record.since + std::chrono::hours(1);
  record.by = "detector";
  record.reason = "9 new mail networks in 8 min";
  record.ports = {25};
  record.evidence = {{"new-destinations-25", 10.4, "9 new mail networks"}};
  return record;
}

class SqliteLedger : public ::testing::Test {
 protected:
  Result<std::unique_ptr<LedgerStore>> open(LedgerAccess access) { return open_ledger(file_, access); }
  void write(int number) {
    auto ledger = open(LedgerAccess::Write);
    ASSERT_TRUE(ledger) << ledger.error().text();
    const LedgerEntry entries[] = {block(number)};
    const auto written = (*ledger)->write(entries);
    ASSERT_TRUE(written) << written.error().text();
  }
  std::size_t count() {
    auto ledger = open(LedgerAccess::Read);
    EXPECT_TRUE(ledger) << ledger.error().text();
    if (!ledger) return 0;
    const auto found = (*ledger)->find({});
    EXPECT_TRUE(found) << found.error().text();
    return found ? found->size() : 0;
  }
  // What another program does to the file.
  void meddle(const char* sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &handle), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_close(handle);
  }
  // An error of that code, from opening or from reading.
  void expect_unreadable(ErrorCode code) {
    auto ledger = open(LedgerAccess::Read);
    if (!ledger) {
      EXPECT_EQ(ledger.error().code(), code) << ledger.error().text();
      return;
    }
    const auto found = (*ledger)->find({});
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code(), code) << found.error().text();
  }

  TemporaryDirectory folder_;
  std::string file_ = folder_.path() + "/state/ledger.db";
};

TEST_F(SqliteLedger, IsMadeWithItsFolderAndNotForEverybodyToRead) {
  write(1);
  struct stat facts {};
  ASSERT_EQ(stat(file_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U & ~0640U, 0U);
  EXPECT_EQ(count(), 1U);
}

TEST_F(SqliteLedger, ReadingMakesNothing) {
  const auto ledger = open(LedgerAccess::Read);
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code(), ErrorCode::NotFound);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(SqliteLedger, AReaderAndAWriterDoNotDisturbEachOther) {
  write(1);
  auto reader = open(LedgerAccess::Read);
  ASSERT_TRUE(reader);
  write(2);
  EXPECT_EQ((*reader)->find({})->size(), 2U);
}

TEST_F(SqliteLedger, ANewerVersionAndAnotherProgramsFileAreRefusedAndLeftAlone) {
  write(1);
  meddle("PRAGMA user_version = 2");
  EXPECT_EQ(open(LedgerAccess::Write).error().code(), ErrorCode::Unsupported);
  expect_unreadable(ErrorCode::Unsupported);
  std::filesystem::remove(file_);
  meddle("CREATE TABLE other (x)");
  EXPECT_EQ(open(LedgerAccess::Write).error().code(), ErrorCode::BadInput);
  expect_unreadable(ErrorCode::BadInput);
}

TEST_F(SqliteLedger, AnEmptyFileBecomesALedger) {
  std::filesystem::create_directories(folder_.path() + "/state");
  std::ofstream(file_).close();
  expect_unreadable(ErrorCode::NotFound);
  write(1);
  EXPECT_EQ(count(), 1U);
}

TEST_F(SqliteLedger, AFileThatIsNoDatabaseIsSaidAndLeftAlone) {
  std::filesystem::create_directories(folder_.path() + "/state");
  std::ofstream(file_) << std::string(10'000, 'x');
  EXPECT_EQ(open(LedgerAccess::Write).error().code(), ErrorCode::BadInput);
  expect_unreadable(ErrorCode::BadInput);
  EXPECT_EQ(std::filesystem::file_size(file_), 10'000U);
}

TEST_F(SqliteLedger, ASymbolicLinkIsNotFollowed) {
  write(1);
  std::filesystem::rename(file_, folder_.path() + "/elsewhere");
  std::filesystem::create_symlink(folder_.path() + "/elsewhere", file_);
  EXPECT_FALSE(open(LedgerAccess::Write));
  EXPECT_FALSE(open(LedgerAccess::Read));
}

TEST_F(SqliteLedger, ALockedFileIsWaitedForAndThenSaid) {
  write(1);
  sqlite3* holder = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &holder), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(holder, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(open(LedgerAccess::Write).error().code(), ErrorCode::Timeout);
  EXPECT_EQ(count(), 1U) << "reading goes on";
  sqlite3_exec(holder, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(holder);
  write(2);
}

TEST_F(SqliteLedger, ColumnsThatHoldNoCaseAreAnError) {
  for (const char* sql :
       {"UPDATE cases SET client = 'nobody'", "UPDATE cases SET action = 'dance'", "UPDATE cases SET since = -1",
        "UPDATE cases SET until = 9223372036854775807", "UPDATE cases SET ports = '25,,587'",
        "UPDATE cases SET ports = '25,25'", "UPDATE cases SET ports = '99999'", "UPDATE cases SET repeat = -1",
        "UPDATE cases SET policy_line = 4294967296", "UPDATE cases SET id = ''",
        "UPDATE cases SET ended = 9223372036854775807"}) {
    std::filesystem::remove(file_);
    write(1);
    meddle(sql);
    expect_unreadable(ErrorCode::BadInput);
  }
}

TEST_F(SqliteLedger, AHostileSchemaDoesNothing) {
  write(1);
  // An endless view in place of the table, and a trigger that deletes.
  meddle("CREATE TRIGGER t AFTER INSERT ON cases BEGIN DELETE FROM cases; END");
  write(2);
  EXPECT_EQ(count(), 2U);
  meddle(
      "DROP TABLE cases; CREATE VIEW cases AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) "
      "SELECT x AS id FROM n");
  expect_unreadable(ErrorCode::BadInput);
}

TEST_F(SqliteLedger, AnyBytesGiveCasesOrAnError) {
  for (int i = 0; i < 50; ++i) write(i);
  std::ifstream stream(file_, std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(stream), {}};
  std::mt19937_64 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string bad = good;
    for (unsigned i = 0; i < 1 + random() % 20; ++i) bad[random() % bad.size()] = static_cast<char>(random());
    if (round % 5 == 0) bad.resize(random() % bad.size());
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << bad;
    std::filesystem::remove(file_ + "-wal");
    std::filesystem::remove(file_ + "-shm");
    if (const auto ledger = open(LedgerAccess::Read)) (void)(*ledger)->find({});
    if (const auto ledger = open(LedgerAccess::Write)) {
      const LedgerEntry entries[] = {block(1000 + round)};
      (void)(*ledger)->write(entries);
    }
  }
}

// In a mount namespace of its own: a disk of 256 KiB.
TEST_F(SqliteLedger, AFullDiskIsAnErrorAndLosesNothingThatWasWritten) {
  const auto status = run_enclosed(Walls::Network, [&] {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
    std::filesystem::create_directories(folder_.path() + "/state");
    if (mount("tmpfs", (folder_.path() + "/state").c_str(), "tmpfs", 0, "size=256k") != 0) return 77;
    int written = 0;
    ErrorCode code = ErrorCode::Usage;
    for (; written < 10'000; ++written) {
      auto ledger = open(LedgerAccess::Write);
      const LedgerEntry entries[] = {block(written)};
      const auto done = ledger ? (*ledger)->write(entries) : Result<void>(fail(ledger.error()));
      if (done) continue;
      code = done.error().code();
      break;
    }
    EXPECT_GT(written, 10);
    EXPECT_EQ(code, ErrorCode::Io);
    EXPECT_EQ(count(), static_cast<std::size_t>(written));
    // Room again: it goes on.
    EXPECT_EQ(mount("tmpfs", (folder_.path() + "/state").c_str(), "tmpfs", MS_REMOUNT, "size=4m"), 0);
    write(written);
    EXPECT_EQ(count(), static_cast<std::size_t>(written) + 1);
    // A medium nobody can write can be read.
    EXPECT_EQ(mount("tmpfs", (folder_.path() + "/state").c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr), 0);
    EXPECT_EQ(count(), static_cast<std::size_t>(written) + 1);
    const auto refused = open(LedgerAccess::Write);
    EXPECT_FALSE(refused);
    return ::testing::Test::HasFailure() ? 1 : 0;
  });
  if (!status || *status == 77) GTEST_SKIP() << "no mount namespaces here";
  EXPECT_EQ(*status, 0) << "see the output of the child above";
}

}  // namespace
}  // namespace mailweir
