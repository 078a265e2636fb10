#include "cli/dns_memory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/prefix_set.h"
#include "dns/known_results.h"
#include "report/words.h"
#include "sys/state_file.h"

namespace mailweir {
namespace {

constexpr std::size_t kNamedMax = 3;

}  // namespace

void remark_on_pool(const Policy& policy, const std::string& state_dir, Diagnostics& diagnostics) {
  if (!policy.gateway || policy.gateway->public_addresses.value.empty()) return;
  const auto text = read_state_file(known_results_file(state_dir));
  if (!text) return;
  const auto known = read_known_results(*text);
  if (!known) return;
  const auto& setting = policy.gateway->public_addresses;
  const PrefixSet pool(setting.value);
  std::uint64_t unfit = 0;
  Time latest{};
  std::vector<std::string> named;
  for (const auto& [address, result] : *known) {
    if (!pool.contains(address)) continue;
    latest = std::max(latest, result.time);
    // Who did not answer then may answer now: no reason to warn.
    if (result.fitness == Fitness::Fit || result.fitness == Fitness::Unknown) continue;
    if (++unfit <= kNamedMax) named.push_back(fmt::format("{} ({})", address.text(), fmt::join(result.problems, ", ")));
  }
  if (unfit == 0) return;
  const SourceSpan where{setting.file.empty() ? policy.file : setting.file, setting.line, 1};
  diagnostics.add({Severity::Warning, "policy.public-not-fit", where,
                   fmt::format("{} of `public` {} not fit to send mail when they were last checked, on {}: {}{}",
                               count_of(unfit, "address", "addresses"), unfit == 1 ? "was" : "were", time_text(latest),
                               fmt::join(named, ", "), unfit > kNamedMax ? ", ..." : ""),
                   "mailweir dns check tells what to do"});
}

}  // namespace mailweir
