#include "tests/world/table.h"

#include <fmt/format.h>

namespace mailweir::world {
namespace {

std::string connections(const Tally& tally, double quantile) {
  const std::uint32_t number = tally.connections_at(quantile);
  return number == UINT32_MAX ? "-" : std::to_string(number);
}

}  // namespace

std::string verdict_table(const std::vector<Tally>& tallies) {
  std::string text = fmt::format("  {:<40} {:>9} {:>10} {:>10} {:>10}  {:>5} {:>5} {:>5} {:>9}\n", "who", "clients",
                                 "blocked", "blocked", "asked", "p50", "p90", "p99", "minutes");
  for (const Tally& tally : tallies) {
    if (tally.clients == 0) continue;
    const double minutes = tally.minutes_at(0.5);
    text += fmt::format("  {:<40} {:>9} {:>10} {:>8.2f} % {:>8.2f} %  {:>5} {:>5} {:>5} {:>9}\n", tally.name,
                        tally.clients, tally.called(), 100 * tally.called_share(), 100 * tally.asked_share(),
                        connections(tally, 0.5), connections(tally, 0.9), connections(tally, 0.99),
                        tally.connections_at(0.5) == UINT32_MAX ? "-" : fmt::format("{:.1f}", minutes));
  }
  return text;
}

std::string survival_table(const std::vector<Tally>& tallies) {
  std::string text =
      fmt::format("  {:<40} {:>11} {:>5}", "share of client-days on which L reaches", "client-days", "n");
  for (const double level : Tally::kLevels) text += fmt::format(" {:>9} {:>8}", level, "(bound)");
  text += fmt::format(" {:>7}\n", "highest");
  for (const Tally& tally : tallies) {
    if (tally.clients == 0 || tally.kind == Population::Kind::Spammer) continue;
    text += fmt::format("  {:<40} {:>11} {:>5.1f}", tally.name, tally.client_days,
                        static_cast<double>(tally.first_contacts) / static_cast<double>(tally.client_days));
    for (std::size_t i = 0; i < Tally::kLevels.size(); ++i) {
      text += fmt::format(" {:>9.2g} {:>8.2g}", tally.survival_seen(i), tally.survival_bound(i));
    }
    text += fmt::format(" {:>7.1f}\n", tally.highest);
  }
  return text;
}

}  // namespace mailweir::world
