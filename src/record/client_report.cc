#include "record/client_report.h"

#include <algorithm>
#include <utility>

namespace mailweir {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Spammer:
      return "spammer";
    case Verdict::Server:
      return "server";
    case Verdict::Legitimate:
      return "legitimate";
    case Verdict::Undecided:
      return "undecided";
  }
  return "";
}

std::string_view name_of(Doubt doubt) {
  switch (doubt) {
    case Doubt::None:
      return "";
    case Doubt::UnregisteredServer:
      return "unregistered-server";
    case Doubt::SlowSpam:
      return "slow-spam";
    case Doubt::ChangedServer:
      return "changed-server";
    case Doubt::AddressHopper:
      return "address-hopper";
  }
  return "";
}

void sort_by_score(std::vector<ClientReport>& reports) {
  // Scores and numbers are sorted, then each report is moved once, along the circles of places that hold each other's
  // reports.
  struct Ranked {
    double score;
    std::uint32_t number;
  };
  std::vector<Ranked> ranking(reports.size());
  for (std::uint32_t i = 0; i < ranking.size(); ++i) ranking[i] = {reports[i].score_user, i};
  std::sort(ranking.begin(), ranking.end(), [&](const Ranked& a, const Ranked& b) {
    return a.score != b.score ? a.score > b.score : reports[a.number].client < reports[b.number].client;
  });
  std::vector<std::uint32_t> order(reports.size());
  std::transform(ranking.begin(), ranking.end(), order.begin(), [](const Ranked& ranked) { return ranked.number; });
  for (std::uint32_t first = 0; first < order.size(); ++first) {
    if (order[first] == first) continue;
    ClientReport held = std::move(reports[first]);
    std::uint32_t place = first;
    for (std::uint32_t from; (from = order[place]) != first; place = from) {
      reports[place] = std::move(reports[from]);
      order[place] = place;
    }
    reports[place] = std::move(held);
    order[place] = place;
  }
}

}  // namespace mailweir
