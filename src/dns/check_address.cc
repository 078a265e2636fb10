#include "dns/check_address.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/address_scope.h"
#include "dns/generic_name.h"
#include "dns/name.h"

namespace mailweir {
namespace {

constexpr std::size_t kAddressesNamedMax = 4;

RecordType forward_type(IpAddress address) { return address.is_v4() ? RecordType::A : RecordType::Aaaa; }

std::string addresses_text(const std::vector<Record>& records) {
  std::string text;
  for (std::size_t i = 0; i < std::min(records.size(), kAddressesNamedMax); ++i)
    text += (i == 0 ? "" : ", ") + records[i].address.text();
  if (records.size() > kAddressesNamedMax) text += fmt::format(" and {} more", records.size() - kAddressesNamedMax);
  return text;
}

bool leads_to(const Found& found, IpAddress address) {
  return std::any_of(found.records.begin(), found.records.end(),
                     [&](const Record& record) { return record.address == address; });
}

// Escapes are for the eye: what stands between them cannot be asked for without being changed.
bool can_be_asked(std::string_view name) {
  return !name.empty() && name.size() <= 253 && name.find('\\') == std::string_view::npos;
}

// Of one PTR name: what is wrong with it, or nothing.
std::optional<Problem> confirmation_problem(const std::string& name, IpAddress address, const Found& found) {
  if (found.loop) return Problem{ProblemKind::CnameLoop, name, found.names.back()};
  if (const auto failure = failure_of(found)) return Problem{*failure, name, found.server.text()};
  if (found.records.empty()) return Problem{ProblemKind::NotConfirmed, name, {}};
  if (!leads_to(found, address)) return Problem{ProblemKind::ForwardElsewhere, name, addresses_text(found.records)};
  return std::nullopt;
}

bool is_unanswered(ProblemKind kind) {
  return kind == ProblemKind::ServFail || kind == ProblemKind::Refused || kind == ProblemKind::Timeout ||
         kind == ProblemKind::BrokenAnswer || kind == ProblemKind::Lame;
}

Fitness verdict_of(const AddressReport& report, bool confirmed) {
  bool unanswered = false;
  for (const Problem& problem : report.problems) {
    if (problem.kind == ProblemKind::NotPublic || problem.kind == ProblemKind::Listed) return Fitness::MustNotSend;
    unanswered = unanswered || is_unanswered(problem.kind);
  }
  if (!confirmed) return unanswered ? Fitness::Unknown : Fitness::MustNotSend;
  return report.problems.empty() ? Fitness::Fit : Fitness::Distrusted;
}

}  // namespace

std::optional<ProblemKind> failure_of(const Found& found) {
  if (found.lame) return ProblemKind::Lame;
  switch (found.outcome) {
    case DnsOutcome::Answered:
    case DnsOutcome::NoName:
      return std::nullopt;
    case DnsOutcome::ServFail:
      return ProblemKind::ServFail;
    case DnsOutcome::Refused:
      return ProblemKind::Refused;
    case DnsOutcome::TimedOut:
    case DnsOutcome::Unreachable:
      return ProblemKind::Timeout;
    case DnsOutcome::OtherCode:
    case DnsOutcome::Broken:
    case DnsOutcome::NotAsked:
      return ProblemKind::BrokenAnswer;
  }
  return std::nullopt;
}

Task<AddressChecked> check_address(Lookup& lookup, IpAddress address, const HeloNames& helo, Blocklists* blocklists) {
  AddressChecked checked;
  AddressReport& report = checked.report;
  report.address = address;
  if (scope_of(address) != AddressScope::Public) report.problems.push_back({ProblemKind::NotPublic});

  std::string reverse = reverse_name(address);
  auto asked = lookup.find(reverse, RecordType::Ptr);
  const Found pointers = co_await asked;
  if (pointers.through_alias()) checked.delegated_to = pointers.names.back();
  if (pointers.loop)
    report.problems.push_back({ProblemKind::CnameLoop, reverse, pointers.names.back()});
  else if (const auto failure = failure_of(pointers))
    report.problems.push_back({*failure, reverse, pointers.server.text()});
  else if (pointers.records.empty())
    report.problems.push_back({ProblemKind::NoPtr});
  for (const Record& record : pointers.records) report.names.push_back(record.target);
  std::sort(report.names.begin(), report.names.end());
  report.names.erase(std::unique(report.names.begin(), report.names.end()), report.names.end());
  if (report.names.size() > 1)
    report.problems.push_back({ProblemKind::ManyPtr, {}, std::to_string(report.names.size())});

  bool confirmed = false;
  for (std::size_t i = 0; i < std::min(report.names.size(), kNamesMax); ++i) {
    const std::string name = report.names[i];
    if (const auto mistake = host_name_mistake(name))
      report.problems.push_back({ProblemKind::BadName, name, *mistake});
    else if (const auto reason = generic_name_reason(name, address))
      report.problems.push_back({ProblemKind::GenericName, name, *reason});
    if (!can_be_asked(name)) continue;
    auto forward = lookup.find(name, forward_type(address));
    const Found found = co_await forward;
    if (auto problem = confirmation_problem(name, address, found)) {
      report.problems.push_back(std::move(*problem));
    } else {
      confirmed = true;
      if (found.through_alias()) report.notes.push_back({ProblemKind::PtrToAlias, name, found.names.back()});
    }
  }
  if (const auto said = helo.find(address); said != helo.end()) {
    if (std::find(report.names.begin(), report.names.end(), said->second) == report.names.end() &&
        !report.names.empty())
      report.problems.push_back({ProblemKind::HeloMismatch, said->second, report.names.front()});
  }
  if (blocklists != nullptr) {
    auto listed = blocklists->ask(address);
    const std::vector<Problem> problems = co_await listed;
    report.problems.insert(report.problems.end(), problems.begin(), problems.end());
  }
  report.fitness = verdict_of(report, confirmed);
  co_return checked;
}

}  // namespace mailweir
