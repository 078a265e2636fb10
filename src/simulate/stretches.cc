#include "simulate/stretches.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace mailweir::rules {

namespace {

using Wanted = std::pair<Field, FieldValue>;

// The values that a packet must have for the rule's plain matches, each of one field whole.
std::vector<Wanted> wanted_by(const Rule& rule) {
  std::vector<Wanted> all;
  for (const RulePart& part : rule.parts) {
    const auto* match = std::get_if<Match>(&part);
    if (match == nullptr) break;
    // Ports of any protocol whatever (nft's `th`) may be read from a header that has none.
    const bool port = match->operand.field == Field::SourcePort || match->operand.field == Field::DestinationPort;
    if (port && std::ranges::find(all, Field::Protocol, &Wanted::first) == all.end()) continue;
    if (match->values.is_single() && match->operand.is_whole() && !match->negated && !match->when_absent)
      all.emplace_back(match->operand.field, match->values.intervals().front().first);
  }
  return all;
}

// Of each rule the value that the fewest others want too.
std::vector<std::optional<Wanted>> rarest(const std::vector<Rule>& rules) {
  std::vector<std::vector<Wanted>> wanted;
  std::map<Wanted, std::uint32_t> times;
  for (const Rule& rule : rules) {
    wanted.push_back(wanted_by(rule));
    for (const Wanted& value : wanted.back()) ++times[value];
  }
  std::vector<std::optional<Wanted>> chosen;
  for (const std::vector<Wanted>& values : wanted) {
    const auto least = std::ranges::min_element(values, {}, [&](const Wanted& value) { return times[value]; });
    chosen.push_back(least == values.end() ? std::nullopt : std::optional(*least));
  }
  return chosen;
}

}  // namespace

void Stretches::add_chain(const std::vector<Rule>& rules, std::uint32_t begin) {
  stretch_of_.resize(begin + rules.size(), kNoStretch);
  const std::vector<std::optional<Wanted>> wanted = rarest(rules);
  for (std::uint32_t from = 0; from < rules.size();) {
    std::uint32_t to = from + 1;
    while (wanted[from] && to < rules.size() && wanted[to] && wanted[to]->first == wanted[from]->first) ++to;
    const std::size_t first_entry = entries_.size();
    for (std::uint32_t i = from; wanted[from] && i != to; ++i) entries_.push_back({wanted[i]->second, begin + i});
    const auto entries =
        std::ranges::subrange(entries_.begin() + static_cast<std::ptrdiff_t>(first_entry), entries_.end());
    std::ranges::sort(entries, {}, [](const Entry& entry) { return std::pair(entry.value, entry.rule); });
    std::uint32_t distinct = 0;
    for (auto entry = entries.begin(); entry != entries.end(); ++distinct)
      entry = std::ranges::upper_bound(entry, entries.end(), entry->value, {}, &Entry::value);
    // Where most rules want the same a search finds nearly all of them, one by one.
    if (to - from >= kShortest && distinct * 2 >= to - from) {
      for (std::uint32_t i = from; i != to; ++i) stretch_of_[begin + i] = static_cast<std::uint32_t>(stretches_.size());
      stretches_.push_back({begin + from, begin + to, wanted[from]->first, first_entry});
    } else {
      entries_.resize(first_entry);
    }
    from = to;
  }
}

std::uint32_t Stretches::search(std::uint32_t rule, std::uint32_t end, const PacketValues& values) const {
  while (rule != end && stretch_of_[rule] != kNoStretch) {
    const Stretch& stretch = stretches_[stretch_of_[rule]];
    if (values.is_known(stretch.field)) {
      const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(stretch.first_entry);
      const auto last = first + (stretch.end - stretch.begin);
      const Entry sought{values.value(stretch.field), rule};
      const auto found = std::lower_bound(first, last, sought, [](const Entry& a, const Entry& b) {
        return a.value != b.value ? a.value < b.value : a.rule < b.rule;
      });
      if (found != last && found->value == sought.value) return found->rule;
    }
    rule = stretch.end;
  }
  return rule;
}

}  // namespace mailweir::rules
