#include "dns/known_results.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace mailweir {
namespace {

constexpr std::string_view kHead = "mailweir dns results 1";

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 32 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

// "ADDRESS TIME VERDICT ID,ID,..." with "-" for no problem.
bool read_line(std::string_view line, KnownResults& results) {
  const auto fields = parts_of(line, ' ');
  if (fields.size() != 4) return false;
  const auto address = IpAddress::parse(fields[0]);
  const auto time = parse_time(fields[1]);
  const auto fitness = read_fitness(fields[2]);
  if (!address || !time || !fitness) return false;
  KnownResult result{*time, *fitness, {}};
  if (fields[3] != "-") {
    for (const std::string_view id : parts_of(fields[3], ',')) {
      if (!is_id(id)) return false;
      result.problems.emplace_back(id);
    }
  }
  return results.emplace(*address, std::move(result)).second;
}

void forget_the_oldest(KnownResults& results) {
  if (results.size() <= kAddressesKnownMax) return;
  std::vector<Time> times;
  for (const auto& [address, result] : results) times.push_back(result.time);
  const auto surplus = static_cast<std::ptrdiff_t>(results.size() - kAddressesKnownMax);
  std::nth_element(times.begin(), times.begin() + surplus, times.end());
  const Time oldest_kept = times[static_cast<std::size_t>(surplus)];
  std::erase_if(results, [&](const auto& one) { return one.second.time < oldest_kept; });
  while (results.size() > kAddressesKnownMax) {  // of one age
    results.erase(
        std::find_if(results.begin(), results.end(), [&](const auto& one) { return one.second.time == oldest_kept; }));
  }
}

}  // namespace

Result<KnownResults> read_known_results(std::string_view text) {
  KnownResults results;
  std::size_t number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool good = ++number == 1 ? line == kHead : read_line(line, results);
    if (!good) return fail(ErrorCode::BadInput, fmt::format("line {} is not a result of a DNS check", number));
    if (results.size() > kAddressesKnownMax) return fail(ErrorCode::Limit, "too many results of DNS checks");
  }
  return results;
}

std::string known_results_text(const KnownResults& results) {
  std::string text = std::string(kHead) + "\n";
  for (const auto& [address, result] : results)
    text += fmt::format("{} {} {} {}\n", address.text(), format_time(result.time), name_of(result.fitness),
                        result.problems.empty() ? "-" : fmt::format("{}", fmt::join(result.problems, ",")));
  return text;
}

void remember(KnownResults& results, const std::vector<AddressReport>& reports, Time time) {
  for (const AddressReport& report : reports) {
    std::set<std::string> ids;
    for (const Problem& problem : report.problems) ids.emplace(id_of(problem.kind));
    results[report.address] = {time, report.fitness, {ids.begin(), ids.end()}};
  }
  forget_the_oldest(results);
}

}  // namespace mailweir
