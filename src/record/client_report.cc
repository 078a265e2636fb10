#include "record/client_report.h"

#include <algorithm>
#include <numeric>
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
  // Numbers are sorted, then each report is moved once, along the circles of places that hold each other's reports.
  std::vector<std::uint32_t> order(reports.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t i, std::uint32_t j) {
    const ClientReport &a = reports[i], &b = reports[j];
    return a.score_user != b.score_user ? a.score_user > b.score_user : a.client < b.client;
  });
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
