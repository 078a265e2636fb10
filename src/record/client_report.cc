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
  std::vector<std::size_t> order(reports.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
    const ClientReport &a = reports[i], &b = reports[j];
    return a.score_user != b.score_user ? a.score_user > b.score_user : a.client < b.client;
  });
  std::vector<ClientReport> sorted;
  sorted.reserve(reports.size());
  for (const std::size_t i : order) sorted.push_back(std::move(reports[i]));
  reports = std::move(sorted);
}

}  // namespace mailweir
