#include "dns/blocklists.h"

#include <fmt/format.h>

#include "dns/name.h"

namespace mailweir {
namespace {

bool in(IpAddress address, std::uint32_t base, int length) {
  return address.is_v4() && (address.v4_bits() ^ base) >> (32 - length) == 0;
}

// What an answer says besides yes and no; empty: it is a plain answer.
std::string refusal(const Found& found) {
  for (const Record& record : found.records) {
    if (in(record.address, 0x7fff'ff00, 24))  // 127.255.255.0/24
      return fmt::format("it does not let this resolver ask (it answered {})", record.address.text());
    if (!in(record.address, 0x7f00'0000, 8))
      return fmt::format("it answers {}, which is no answer of a blocklist", record.address.text());
  }
  return {};
}

}  // namespace

Blocklists::Blocklists(Lookup& lookup, const std::vector<std::string>& lists, std::uint64_t budget)
    : lookup_(lookup), left_(budget) {
  for (const std::string& list : lists) reports_.push_back({.list = list});
}

Task<Found> Blocklists::question(std::size_t list, IpAddress address) {
  --left_;
  auto asked = lookup_.find_by_resolver(reversed_labels(address) + "." + reports_[list].list, RecordType::A);
  co_return co_await asked;
}

Task<void> Blocklists::test() {
  constexpr IpAddress kListed = IpAddress::v4(0x7f00'0002), kNotListed = IpAddress::v4(0x7f00'0001);
  for (std::size_t i = 0; i < reports_.size(); ++i) {
    if (left_ < 2) {
      reports_[i].unusable = "the budget of questions is too small to try it";
      continue;
    }
    auto first = question(i, kListed);
    const Found listed = co_await first;
    auto second = question(i, kNotListed);
    const Found not_listed = co_await second;
    reports_[i].unusable = refusal(listed);
    if (!reports_[i].unusable.empty()) continue;
    if (listed.outcome != DnsOutcome::Answered && listed.outcome != DnsOutcome::NoName)
      reports_[i].unusable = "it does not answer";
    else if (listed.records.empty())
      reports_[i].unusable = "it does not list the test address 127.0.0.2";
    else if (!not_listed.records.empty())
      reports_[i].unusable = "it lists 127.0.0.1, and so probably everything";
  }
}

Task<std::vector<Problem>> Blocklists::ask(IpAddress address) {
  std::vector<Problem> problems;
  for (std::size_t i = 0; i < reports_.size(); ++i) {
    if (!reports_[i].unusable.empty() || left_ == 0) {
      ++reports_[i].not_asked;
      continue;
    }
    ++reports_[i].asked;
    auto asked = question(i, address);
    const Found found = co_await asked;
    if (std::string why = refusal(found); !why.empty()) {
      reports_[i].unusable = std::move(why);
    } else if (!found.records.empty()) {
      ++reports_[i].listed;
      problems.push_back({ProblemKind::Listed, reports_[i].list, found.records.front().address.text()});
    }
  }
  co_return problems;
}

}  // namespace mailweir
