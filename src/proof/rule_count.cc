#include "proof/rule_count.h"

#include <algorithm>
#include <charconv>

namespace mailweir {
namespace {

std::uint64_t number_after(std::string_view text, std::string_view word) {
  const auto at = text.find(word);
  if (at == std::string_view::npos) return 0;
  std::uint64_t number = 0;
  std::from_chars(text.data() + at + word.size(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::string_view id_of_line(std::string_view line) {
  constexpr std::string_view kComment = "comment \"";
  const auto at = line.rfind(kComment);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + kComment.size());
  return line.substr(0, line.find_first_of(" \""));
}

RuleCounts count_rules(std::string_view listing) {
  RuleCounts counts;
  while (!listing.empty()) {
    const auto end = std::min(listing.find('\n'), listing.size());
    const std::string_view line = listing.substr(0, end);
    listing.remove_prefix(std::min(end + 1, listing.size()));
    const std::string_view id = id_of_line(line);
    if (id.empty()) continue;
    RuleCount& count = counts[std::string(id)];
    ++count.rules;
    count.packets += number_after(line, "counter packets ");
    count.bytes += number_after(line, " bytes ");
  }
  return counts;
}

RuleCount count_of(const RuleCounts& counts, std::string_view id) {
  const auto found = counts.find(id);
  return found == counts.end() ? RuleCount{} : found->second;
}

}  // namespace mailweir
