#include "cli/dns_check_json.h"

#include <nlohmann/json.hpp>

#include "dns/sentences.h"
#include "report/json.h"

namespace mailweir {
namespace {

using Json = nlohmann::ordered_json;

Json problems_json(const std::vector<Problem>& problems) {
  Json list = Json::array();
  for (const Problem& problem : problems)
    list.push_back({{"id", id_of(problem.kind)}, {"text", text_of(problem)}, {"fix", fix_of(problem)}});
  return list;
}

Json address_json(const AddressReport& report) {
  Json notes = Json::array();
  for (const Problem& note : report.notes) notes.push_back({{"id", id_of(note.kind)}, {"text", text_of(note)}});
  return {{"address", report.address.text()},
          {"verdict", name_of(report.fitness)},
          {"names", report.names},
          {"problems", problems_json(report.problems)},
          {"notes", notes}};
}

Json zones_json(const std::vector<ZoneReport>& zones) {
  Json list = Json::array();
  for (const ZoneReport& zone : zones) {
    Json servers = Json::array();
    for (const NameServerReport& server : zone.servers)
      servers.push_back({{"name", server.name},
                         {"address", server.address ? Json(server.address->text()) : Json()},
                         {"answers", server.answers},
                         {"serial", server.serial ? Json(*server.serial) : Json()}});
    list.push_back({{"zone", zone.zone},
                    {"servers", servers},
                    {"servers_asked", zone.servers_asked},
                    {"problems", problems_json(zone.problems)}});
  }
  return list;
}

Json blocklists_json(const std::vector<BlocklistReport>& blocklists) {
  Json list = Json::array();
  for (const BlocklistReport& one : blocklists)
    list.push_back({{"list", one.list},
                    {"usable", one.unusable.empty()},
                    {"why_not", one.unusable.empty() ? Json() : Json(one.unusable)},
                    {"asked", one.asked},
                    {"listed", one.listed},
                    {"not_asked", one.not_asked}});
  return list;
}

}  // namespace

DnsCheckTotals totals_of(const DnsCheckOutcome& outcome) {
  DnsCheckTotals totals;
  for (const AddressReport& report : outcome.report.addresses) {
    totals.fit += report.fitness == Fitness::Fit ? 1 : 0;
    totals.distrusted += report.fitness == Fitness::Distrusted ? 1 : 0;
    totals.must_not_send += report.fitness == Fitness::MustNotSend ? 1 : 0;
    totals.unknown += report.fitness == Fitness::Unknown ? 1 : 0;
  }
  return totals;
}

bool everything_fit(const DnsCheckOutcome& outcome) {
  return outcome.report.not_finished == 0 && totals_of(outcome).fit == outcome.report.addresses.size();
}

void print_dns_check_json(const DnsCheckOutcome& outcome, const std::function<void(std::string_view)>& print) {
  const DnsCheckTotals totals = totals_of(outcome);
  const ResolverCounts& counts = outcome.report.counts;
  Json answer = json_answer("dns-check");
  answer["time"] = json_time(outcome.time);
  answer["addresses"] = Json::array();
  answer["zones"] = zones_json(outcome.report.zones);
  answer["blocklists"] = blocklists_json(outcome.report.blocklists);
  answer["skipped"] = outcome.skipped;
  answer["interrupted"] = outcome.interrupted;
  answer["totals"] = {{"fit", totals.fit},
                      {"distrusted", totals.distrusted},
                      {"must_not_send", totals.must_not_send},
                      {"unknown", totals.unknown},
                      {"not_finished", outcome.report.not_finished},
                      {"queries", counts.questions},
                      {"retries", counts.retries},
                      {"timeouts", counts.timeouts},
                      {"from_cache", counts.from_cache},
                      {"forgotten_answers", counts.forgotten},
                      {"zones_not_checked", outcome.report.zones_not_checked},
                      {"seconds", seconds(outcome.took)}};
  const auto& addresses = outcome.report.addresses;
  print_json_with_list(
      answer, "addresses", addresses.size(), [&](std::size_t i) { return address_json(addresses[i]); }, print);
}

}  // namespace mailweir
