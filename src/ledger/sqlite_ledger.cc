#include "ledger/sqlite_ledger.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/escape.h"
#include "ledger/case_row.h"
#include "sys/fd.h"

namespace mailweir {
namespace {

constexpr std::int64_t kApplicationId = 0x6d776c67;  // "mwlg": other programs' files are not ours to write
constexpr int kBusyMs = 2000;                        // another process writes: a batch takes milliseconds
// Against files made to harm: no text longer than this, no answer of more bytes, no query of more steps (about 20 s).
constexpr int kTextBytesMax = 64 * 1024;
constexpr std::size_t kAnswerBytesMax = std::size_t{512} << 20;
constexpr int kStepsPerLook = 1'000'000;
constexpr int kLooksMax = 1000;

// From version n to n + 1. What was released is not changed any more: add one.
constexpr std::array<const char*, kLedgerVersion> kMigrations = {
    R"(CREATE TABLE cases (
         id TEXT PRIMARY KEY,
         client TEXT NOT NULL,
         action TEXT NOT NULL,
         since INTEGER NOT NULL,       -- microseconds since 1970, as all times
         until INTEGER NOT NULL,
         by TEXT NOT NULL,
         by_hand INTEGER NOT NULL,
         reason TEXT NOT NULL,
         ports TEXT NOT NULL,          -- "25,465,587"
         connections INTEGER NOT NULL,
         policy_file TEXT NOT NULL,
         policy_line INTEGER NOT NULL,
         repeat INTEGER NOT NULL,
         ended INTEGER,                -- before "until"; NULL: not
         ended_by TEXT,
         replaced INTEGER NOT NULL DEFAULT 0,
         packets_stopped INTEGER
       ) STRICT, WITHOUT ROWID;
       CREATE INDEX cases_by_time ON cases (since);
       CREATE INDEX cases_by_client ON cases (client, since);
       CREATE INDEX cases_by_end ON cases (coalesce(ended, until));
       CREATE TABLE evidence (
         case_id TEXT NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
         position INTEGER NOT NULL,
         kind TEXT NOT NULL,
         nats REAL NOT NULL,
         text TEXT NOT NULL,
         PRIMARY KEY (case_id, position)
       ) STRICT, WITHOUT ROWID;
       CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
       INSERT INTO counters VALUES ('forgotten', 0);)"};

constexpr char kColumns[] =
    "id, client, action, since, until, by, by_hand, reason, ports, connections, policy_file, policy_line, repeat, "
    "ended, ended_by, replaced, packets_stopped";

ErrorCode code_of(int sqlite) {
  switch (sqlite) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_ERROR:  // a table or column that is not there
      return ErrorCode::BadInput;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::Timeout;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return ErrorCode::NotPermitted;
    case SQLITE_INTERRUPT:
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM:
      return ErrorCode::Limit;
    default:
      return ErrorCode::Io;
  }
}

Error error_of(const SQLite::Exception& exception) {
  return Error(code_of(exception.getErrorCode()), escape(exception.what(), 400));
}

struct Looks {
  int left = kLooksMax;
};

int on_look(void* looks) { return --static_cast<Looks*>(looks)->left <= 0 ? 1 : 0; }

CaseRow read_row(SQLite::Statement& statement) {
  int column = 0;
  const auto text = [&] { return statement.getColumn(column++).getString(); };
  const auto number = [&] { return statement.getColumn(column++).getInt64(); };
  CaseRow row;
  row.id = text();
  row.client = text();
  row.action = text();
  row.since = number();
  row.until = number();
  row.by = text();
  row.by_hand = number();
  row.reason = text();
  row.ports = text();
  row.connections = number();
  row.policy_file = text();
  row.policy_line = number();
  row.repeat = number();
  if (!statement.isColumnNull(column)) row.ended = statement.getColumn(column).getInt64();
  ++column;
  if (!statement.isColumnNull(column)) row.ended_by = statement.getColumn(column).getString();
  ++column;
  row.replaced = number();
  if (!statement.isColumnNull(column)) row.packets_stopped = statement.getColumn(column).getInt64();
  return row;
}

std::size_t bytes_of(const CaseRow& row) {
  return sizeof row + row.id.size() + row.client.size() + row.by.size() + row.reason.size() + row.ports.size() +
         row.policy_file.size() + row.ended_by.value_or("").size();
}

template <typename T>
void bind_optional(SQLite::Statement& statement, int index, const std::optional<T>& value) {
  if (value) {
    statement.bind(index, *value);
  } else {
    statement.bind(index);
  }
}

// Ends the running block or throttle of a client: what a later case or a person does.
constexpr char kEndRunning[] =
    "UPDATE cases SET ended = ?1, ended_by = ?2, replaced = ?3, packets_stopped = coalesce(?4, packets_stopped) WHERE "
    "client = ?5 AND "
    "action IN ('block', 'throttle') AND since <= ?1 AND until > ?1 AND (ended IS NULL OR (ended_by = '' AND ?2 <> '' "
    "AND "
    "replaced = 0 AND ?3 = 0 AND id = (SELECT max(id) FROM cases WHERE client = ?5 AND action IN ('block', "
    "'throttle'))))";

constexpr char kCount[] = "UPDATE cases SET packets_stopped = ?1 WHERE id = ?2 AND ended IS NULL";

// Puts entries into the tables, inside a transaction of the caller's; its statements are prepared once.
class Batch {
 public:
  Batch(SQLite::Database& database, const LedgerLimits& limits)
      : limits_(limits),
        known_(database, "SELECT 1 FROM cases WHERE id = ?"),
        end_(database, kEndRunning),
        count_(database, kCount),
        insert_(database, fmt::format("INSERT INTO cases ({}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", kColumns)),
        evidence_(database, "INSERT INTO evidence VALUES (?, ?, ?, ?, ?)") {}

  void put(const LedgerEntry& entry) {
    if (const auto* lifted = std::get_if<CaseLifted>(&entry)) {
      end_running(lifted->client, lifted->end);
      return;
    }
    if (const auto* counted = std::get_if<CaseCounted>(&entry)) {
      count(*counted);
      return;
    }
    const auto& record = std::get<CaseRecord>(entry);
    known_.reset();
    known_.bind(1, record.id);
    if (known_.executeStep()) return;
    if (is_carried_out(record.action)) {
      end_running(record.client, CaseEnd{record.since, record.id, true, std::nullopt});
    }
    insert(row_of(record, limits_.text_bytes_max));
    insert_evidence(record);
  }

 private:
  void end_running(const IpPrefix& client, const CaseEnd& end) {
    end_.reset();
    end_.bind(1, microseconds_of(end.at));
    end_.bind(2, end.by.substr(0, limits_.text_bytes_max));
    end_.bind(3, end.replaced ? 1 : 0);
    std::optional<std::int64_t> stopped;
    if (end.packets_stopped) stopped = static_cast<std::int64_t>(*end.packets_stopped);
    bind_optional(end_, 4, stopped);
    end_.bind(5, client.text());
    end_.exec();
  }

  void count(const CaseCounted& counted) {
    count_.reset();
    count_.bind(1, static_cast<std::int64_t>(counted.packets_stopped));
    count_.bind(2, counted.id);
    count_.exec();
  }

  void insert(const CaseRow& row) {
    insert_.reset();
    int index = 0;
    for (const std::string* text : {&row.id, &row.client, &row.action}) insert_.bind(++index, *text);
    for (const std::int64_t time : {row.since, row.until}) insert_.bind(++index, time);
    insert_.bind(++index, row.by);
    insert_.bind(++index, row.by_hand);
    for (const std::string* text : {&row.reason, &row.ports}) insert_.bind(++index, *text);
    insert_.bind(++index, row.connections);
    insert_.bind(++index, row.policy_file);
    for (const std::int64_t count : {row.policy_line, row.repeat}) insert_.bind(++index, count);
    bind_optional(insert_, ++index, row.ended);
    bind_optional(insert_, ++index, row.ended_by);
    insert_.bind(++index, row.replaced);
    bind_optional(insert_, ++index, row.packets_stopped);
    insert_.exec();
  }

  void insert_evidence(const CaseRecord& record) {
    for (std::size_t i = 0; i < std::min(record.evidence.size(), limits_.evidence_max); ++i) {
      const Evidence& part = record.evidence[i];
      evidence_.reset();
      evidence_.bind(1, record.id);
      evidence_.bind(2, static_cast<std::int64_t>(i));
      evidence_.bind(3, part.kind.substr(0, limits_.text_bytes_max));
      evidence_.bind(4, part.nats);
      evidence_.bind(5, part.text.substr(0, limits_.text_bytes_max));
      evidence_.exec();
    }
  }

  const LedgerLimits& limits_;
  SQLite::Statement known_, end_, count_, insert_, evidence_;
};

class SqliteLedger final : public LedgerStore {
 public:
  SqliteLedger(const std::string& name, int flags, LedgerLimits limits)
      : database_(name, flags, kBusyMs), limits_(limits) {
    sqlite3* handle = database_.getHandle();
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kTextBytesMax);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
    sqlite3_progress_handler(handle, kStepsPerLook, on_look, &looks_);
    database_.exec("PRAGMA cell_size_check = ON");
    database_.exec("PRAGMA mmap_size = 0");
  }

  // The version of the file; 0: nothing in it yet.
  Result<int> version() {
    const auto tables = number("SELECT count(*) FROM sqlite_schema");
    const auto application = number("PRAGMA application_id");
    if (tables == 0 && application == 0) return 0;
    if (application != kApplicationId) return fail(ErrorCode::BadInput, "it is a database of another program");
    const auto written = number("PRAGMA user_version");
    if (written < 0 || written > kLedgerVersion) {
      return fail(ErrorCode::Unsupported,
                  fmt::format("it has version {}, written by a newer mailweir; this one reads up to {}", written,
                              kLedgerVersion));
    }
    return static_cast<int>(written);
  }

  Result<void> migrate() {
    if (const auto before = version(); !before) return fail(before.error());
    database_.exec("PRAGMA journal_mode = WAL");
    database_.exec("PRAGMA synchronous = FULL");
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    const auto before = version();  // another process may have been faster
    if (!before) return fail(before.error());
    if (*before == kLedgerVersion) return {};
    for (int step = *before; step < kLedgerVersion; ++step) database_.exec(kMigrations[static_cast<std::size_t>(step)]);
    database_.exec(fmt::format("PRAGMA application_id = {}", kApplicationId));
    database_.exec(fmt::format("PRAGMA user_version = {}", kLedgerVersion));
    transaction.commit();
    return {};
  }

  Result<void> write(std::span<const LedgerEntry> entries) override {
    return guarded([&]() -> Result<void> {
      SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
      Batch batch(database_, limits_);
      for (const LedgerEntry& entry : entries) batch.put(entry);
      prune();
      transaction.commit();
      return {};
    });
  }

  Result<std::vector<CaseRecord>> find(const CaseQuery& query) override {
    return guarded([&] { return find_rows(query); });
  }

  Result<LedgerCounts> counts() override {
    return guarded([&]() -> Result<LedgerCounts> {
      return LedgerCounts{static_cast<std::uint64_t>(number("SELECT count(*) FROM cases")),
                          static_cast<std::uint64_t>(number("SELECT value FROM counters WHERE name = 'forgotten'"))};
    });
  }

 private:
  // Every exception of the library ends here; every call has its own budget of steps.
  template <typename Body>
  auto guarded(Body body) -> decltype(body()) {
    looks_.left = kLooksMax;
    try {
      return body();
    } catch (const SQLite::Exception& exception) {
      return fail(error_of(exception));
    }
  }

  std::int64_t number(const char* sql) {
    SQLite::Statement statement(database_, sql);
    return statement.executeStep() ? statement.getColumn(0).getInt64() : 0;
  }

  void prune() {
    SQLite::Statement aged(database_,
                           "DELETE FROM cases WHERE coalesce(ended, until) < (SELECT max(since) FROM cases) - ?");
    aged.bind(1, static_cast<std::int64_t>(limits_.age_max.count()));
    std::int64_t forgotten = aged.exec();
    const auto excess = number("SELECT count(*) FROM cases") - static_cast<std::int64_t>(limits_.cases_max);
    if (excess > 0) {
      SQLite::Statement oldest(database_,
                               "DELETE FROM cases WHERE id IN (SELECT id FROM cases ORDER BY since, id LIMIT ?)");
      oldest.bind(1, excess);
      forgotten += oldest.exec();
    }
    if (forgotten == 0) return;
    SQLite::Statement counted(database_, "UPDATE counters SET value = value + ? WHERE name = 'forgotten'");
    counted.bind(1, forgotten);
    counted.exec();
  }

  Result<std::vector<CaseRecord>> find_rows(const CaseQuery& query) {
    std::string sql = fmt::format("SELECT {} FROM cases WHERE 1", kColumns);
    if (query.client) sql += " AND client = :client";
    if (query.since) sql += " AND since >= :since";
    if (query.ends_after) sql += " AND coalesce(ended, until) > :ends_after";
    if (query.carried_out_only) sql += " AND action IN ('block', 'throttle')";
    sql += " ORDER BY since, id";
    // One snapshot for cases and evidence.
    const SQLite::Transaction snapshot(database_, SQLite::TransactionBehavior::DEFERRED);
    SQLite::Statement statement(database_, sql);
    if (query.client) statement.bind(":client", query.client->text());
    if (query.since) statement.bind(":since", microseconds_of(*query.since));
    if (query.ends_after) statement.bind(":ends_after", microseconds_of(*query.ends_after));
    SQLite::Statement parts(database_, "SELECT kind, nats, text FROM evidence WHERE case_id = ? ORDER BY position");
    std::vector<CaseRecord> found;
    std::size_t bytes = 0;
    while (statement.executeStep()) {
      const CaseRow row = read_row(statement);
      auto record = case_of(row);
      if (!record) return fail(std::move(record).error());
      bytes += bytes_of(row);
      if (query.with_evidence) bytes += read_evidence(parts, *record);
      if (bytes > kAnswerBytesMax) return fail(ErrorCode::Limit, "the answer is larger than any ledger of ours");
      found.push_back(std::move(*record));
    }
    return found;
  }

  std::size_t read_evidence(SQLite::Statement& parts, CaseRecord& record) const {
    std::size_t bytes = 0;
    parts.reset();
    parts.bind(1, record.id);
    while (record.evidence.size() < limits_.evidence_max && parts.executeStep()) {
      record.evidence.push_back(
          {parts.getColumn(0).getString(), parts.getColumn(1).getDouble(), parts.getColumn(2).getString()});
      bytes += record.evidence.back().kind.size() + record.evidence.back().text.size() + sizeof(Evidence);
    }
    return bytes;
  }

  SQLite::Database database_;
  LedgerLimits limits_;
  Looks looks_;
};

// The file with mode 0640, before SQLite makes one with another; a symbolic link or a device is nobody's ledger.
Result<void> make_file(const std::string& file) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), error);
  if (error) return fail(Error::from_errno(error.value(), "making the folder"));
  const Fd fd(open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0640));
  if (!fd.is_open()) return fail(Error::from_errno(errno, "opening"));
  struct stat facts {};
  if (fstat(fd.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return fail(ErrorCode::BadInput, "it is not a file");
  return {};
}

Result<void> find_file(const std::string& file) {
  struct stat facts {};
  if (lstat(file.c_str(), &facts) != 0) return fail(Error::from_errno(errno, "opening"));
  if (!S_ISREG(facts.st_mode)) return fail(ErrorCode::BadInput, "it is not a file");
  const Fd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.is_open()) return fail(Error::from_errno(errno, "opening"));
  return {};
}

// A file that is certain not to change, on a medium nobody can write: SQLite then needs no shared memory beside it.
std::string immutable_uri(const std::string& file) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(file).string()) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '-' || c == '_' || c == '.';
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri + "?immutable=1";
}

Result<std::unique_ptr<LedgerStore>> open_to_read(const std::string& name, int flags, const LedgerLimits& limits) {
  auto ledger = std::make_unique<SqliteLedger>(name, SQLite::OPEN_READONLY | flags, limits);
  const auto version = ledger->version();
  if (!version) return fail(version.error());
  if (*version == 0) return fail(ErrorCode::NotFound, "nothing was written yet");
  return ledger;
}

Result<std::unique_ptr<LedgerStore>> open_to_write(const std::string& file, const LedgerLimits& limits) {
  auto ledger = std::make_unique<SqliteLedger>(file, SQLite::OPEN_READWRITE, limits);
  if (auto migrated = ledger->migrate(); !migrated) return fail(std::move(migrated).error());
  return ledger;
}

}  // namespace

Result<std::unique_ptr<LedgerStore>> open_ledger(const std::string& file, LedgerAccess access, LedgerLimits limits) {
  const std::string where = "the ledger " + escape(file);
  const bool writes = access == LedgerAccess::Write;
  if (auto there = writes ? make_file(file) : find_file(file); !there) {
    return fail(std::move(there).error().in(where));
  }
  try {
    auto opened = writes ? open_to_write(file, limits) : open_to_read(file, 0, limits);
    if (!opened) return fail(std::move(opened).error().in(where));
    return opened;
  } catch (const SQLite::Exception& exception) {
    const int code = exception.getErrorCode();
    const bool no_shared_memory = code == SQLITE_CANTOPEN || code == SQLITE_READONLY;
    if (writes || !no_shared_memory || std::filesystem::exists(file + "-wal")) {
      return fail(error_of(exception).in(where));
    }
  }
  try {
    auto opened = open_to_read(immutable_uri(file), SQLite::OPEN_URI, limits);
    if (!opened) return fail(std::move(opened).error().in(where));
    return opened;
  } catch (const SQLite::Exception& exception) {
    return fail(error_of(exception).in(where));
  }
}

}  // namespace mailweir
