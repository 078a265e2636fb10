#include "tests/support/fake_ledger.h"

#include <algorithm>
#include <tuple>

namespace mailweir {
namespace {

bool earlier(const CaseRecord& a, const CaseRecord& b) { return std::tie(a.since, a.id) < std::tie(b.since, b.id); }

}  // namespace

Result<void> FakeLedger::write(std::span<const LedgerEntry> entries) {
  ++writes_;
  if (failure_) return fail(*failure_, "the fake ledger was told to fail");
  if (fail_every_ != 0 && writes_ % fail_every_ == 0) return fail(ErrorCode::Io, "the fake disk is full");
  for (const LedgerEntry& entry : entries) {
    if (const auto* record = std::get_if<CaseRecord>(&entry)) {
      add(*record);
    } else if (const auto* counted = std::get_if<CaseCounted>(&entry)) {
      count(*counted);
    } else {
      lift(std::get<CaseLifted>(entry).client, std::get<CaseLifted>(entry).end);
    }
  }
  prune();
  return {};
}

void FakeLedger::add(const CaseRecord& record) {
  if (std::any_of(cases_.begin(), cases_.end(), [&](const CaseRecord& known) { return known.id == record.id; })) return;
  if (is_carried_out(record.action)) lift(record.client, {record.since, record.id, true, std::nullopt});
  CaseRecord kept = record;
  kept.evidence.resize(std::min(kept.evidence.size(), limits_.evidence_max));
  for (std::string* text : {&kept.by, &kept.reason, &kept.policy_file}) *text = text->substr(0, limits_.text_bytes_max);
  cases_.insert(std::upper_bound(cases_.begin(), cases_.end(), kept, earlier), kept);
}

void FakeLedger::count(const CaseCounted& counted) {
  for (CaseRecord& record : cases_) {
    if (record.id == counted.id && !record.ended) record.packets_stopped = counted.packets_stopped;
  }
}

void FakeLedger::lift(const IpPrefix& client, const CaseEnd& end) {
  const auto latest = std::find_if(cases_.rbegin(), cases_.rend(), [&](const CaseRecord& record) {
    return record.client == client && is_carried_out(record.action) && record.since <= end.at;
  });
  if (latest == cases_.rend() || latest->until <= end.at) return;
  const bool named_instead =
      latest->ended && latest->ended->by.empty() && !latest->ended->replaced && !end.by.empty() && !end.replaced;
  if (latest->ended && !named_instead) return;
  const auto counted = stopped_by(*latest);
  latest->ended = end;
  if (!end.packets_stopped) latest->ended->packets_stopped = counted;
  latest->packets_stopped.reset();
}

void FakeLedger::prune() {
  if (cases_.empty()) return;
  const Time oldest = cases_.back().since - limits_.age_max;
  forgotten_ += std::erase_if(cases_, [&](const CaseRecord& record) { return end_of(record) < oldest; });
  if (cases_.size() <= limits_.cases_max) return;
  const auto excess = cases_.size() - limits_.cases_max;
  cases_.erase(cases_.begin(), cases_.begin() + static_cast<std::ptrdiff_t>(excess));
  forgotten_ += excess;
}

Result<std::vector<CaseRecord>> FakeLedger::find(const CaseQuery& query) {
  if (failure_) return fail(*failure_, "the fake ledger was told to fail");
  std::vector<CaseRecord> found;
  for (const CaseRecord& record : cases_) {
    if (query.client && record.client != *query.client) continue;
    if (query.since && record.since < *query.since) continue;
    if (query.ends_after && end_of(record) <= *query.ends_after) continue;
    if (query.carried_out_only && !is_carried_out(record.action)) continue;
    found.push_back(record);
    if (!query.with_evidence) found.back().evidence.clear();
  }
  return found;
}

Result<LedgerCounts> FakeLedger::counts() {
  if (failure_) return fail(*failure_, "the fake ledger was told to fail");
  return LedgerCounts{cases_.size(), forgotten_};
}

}  // namespace mailweir
