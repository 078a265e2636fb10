#include "ledger/case_row.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "base/escape.h"

namespace mailweir {
namespace {

// The years 1970 to 9999: what RFC 3339 can write.
constexpr std::int64_t kTimeMax = 253'402'300'799'999'999;
constexpr std::size_t kPortsMax = 16;
constexpr std::size_t kIdBytesMax = 128;  // the comment of a set element

Error not_a_case(const CaseRow& row, std::string_view column) {
  return Error(ErrorCode::BadInput,
               fmt::format("case '{}': '{}' is not what it should be", escape(row.id, 64), column));
}

std::optional<Time> time_of(std::int64_t microseconds) {
  if (microseconds < 0 || microseconds > kTimeMax) return std::nullopt;
  return Time(Duration(microseconds));
}

std::optional<Decision::Action> action_of(std::string_view name) {
  for (const auto action : {Decision::Action::Block, Decision::Action::WatchOnly, Decision::Action::Exempt,
                            Decision::Action::Throttle, Decision::Action::Notice}) {
    if (name_of(action) == name) return action;
  }
  return std::nullopt;
}

std::optional<std::vector<std::uint16_t>> ports_of(std::string_view text) {
  std::vector<std::uint16_t> ports;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    std::uint16_t port = 0;
    const auto read = std::from_chars(text.data(), text.data() + comma, port);
    if (read.ec != std::errc() || read.ptr != text.data() + comma || port == 0) return std::nullopt;
    if (ports.size() >= kPortsMax || (!ports.empty() && ports.back() >= port)) return std::nullopt;
    ports.push_back(port);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return ports;
}

template <typename Number>
bool fits(std::int64_t value) {
  if (value < 0) return false;
  return static_cast<std::uint64_t>(value) <= static_cast<std::uint64_t>(std::numeric_limits<Number>::max());
}

// SQLite counts to 2^63.
std::int64_t whole(std::uint64_t value) {
  return static_cast<std::int64_t>(
      std::min<std::uint64_t>(value, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())));
}

}  // namespace

std::int64_t microseconds_of(Time time) {
  return std::clamp<std::int64_t>(time.time_since_epoch().count(), 0, kTimeMax);
}

CaseRow row_of(const CaseRecord& record, std::size_t text_bytes_max) {
  const auto cut = [&](const std::string& text) { return text.substr(0, text_bytes_max); };
  CaseRow row;
  row.id = record.id;
  row.client = record.client.text();
  row.action = name_of(record.action);
  row.since = microseconds_of(record.since);
  row.until = microseconds_of(std::max(record.since, record.until));
  row.by = cut(record.by);
  row.by_hand = record.by_hand ? 1 : 0;
  row.reason = cut(record.reason);
  row.ports = fmt::format("{}", fmt::join(record.ports, ","));
  row.connections = whole(record.connections);
  row.policy_file = cut(record.policy_file);
  row.policy_line = record.policy_line;
  row.repeat = record.repeat;
  if (const auto stopped = stopped_by(record)) row.packets_stopped = whole(*stopped);
  if (record.ended) {
    row.ended = microseconds_of(record.ended->at);
    row.ended_by = cut(record.ended->by);
    row.replaced = record.ended->replaced ? 1 : 0;
  }
  return row;
}

Result<CaseRecord> case_of(const CaseRow& row) {
  CaseRecord record;
  const auto client = IpPrefix::parse(row.client);
  const auto action = action_of(row.action);
  const auto since = time_of(row.since), until = time_of(row.until);
  const auto ports = ports_of(row.ports);
  if (row.id.empty() || row.id.size() > kIdBytesMax) return fail(not_a_case(row, "id"));
  if (!client) return fail(not_a_case(row, "client"));
  if (!action) return fail(not_a_case(row, "action"));
  if (!since) return fail(not_a_case(row, "since"));
  if (!until || *until < *since) return fail(not_a_case(row, "until"));
  if (!ports) return fail(not_a_case(row, "ports"));
  if (!fits<std::int64_t>(row.connections)) return fail(not_a_case(row, "connections"));
  if (!fits<int>(row.policy_line)) return fail(not_a_case(row, "policy_line"));
  if (!fits<std::uint32_t>(row.repeat)) return fail(not_a_case(row, "repeat"));
  record.id = row.id;
  record.client = *client;
  record.action = *action;
  record.since = *since;
  record.until = *until;
  record.by = row.by;
  record.by_hand = row.by_hand != 0;
  record.reason = row.reason;
  record.ports = *ports;
  record.connections = static_cast<std::uint64_t>(row.connections);
  record.policy_file = row.policy_file;
  record.policy_line = static_cast<int>(row.policy_line);
  record.repeat = static_cast<std::uint32_t>(row.repeat);
  if (row.packets_stopped) {
    if (!fits<std::int64_t>(*row.packets_stopped)) return fail(not_a_case(row, "packets_stopped"));
    record.packets_stopped = static_cast<std::uint64_t>(*row.packets_stopped);
  }
  if (row.ended) {
    const auto ended = time_of(*row.ended);
    if (!ended) return fail(not_a_case(row, "ended"));
    record.ended = CaseEnd{*ended, row.ended_by.value_or(""), row.replaced != 0,
                           std::exchange(record.packets_stopped, std::nullopt)};
  }
  return record;
}

}  // namespace mailweir
