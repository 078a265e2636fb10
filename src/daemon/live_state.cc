#include "daemon/live_state.h"

#include <nlohmann/json.hpp>

#include "report/client_json.h"
#include "report/json.h"

namespace mailweir {

std::string live_socket(const std::string& runtime_dir) { return runtime_dir + "/guard.sock"; }

namespace {

// Whom the detector takes for mail servers though nobody registered them.
nlohmann::ordered_json learned_servers(const LearnedModel& learned) {
  auto servers = nlohmann::ordered_json::array();
  for (const ServerLife& life : learned.servers) {
    if (!life.learned) continue;
    servers.push_back({{"client", life.client.text()},
                       {"since", json_time(life.first_seen)},
                       {"last_seen", json_time(life.last_seen)},
                       {"score_server", life.score_server}});
  }
  return servers;
}

}  // namespace

std::string live_state(const Detector& detector, const LiveFacts& facts, Time now) {
  const std::vector<ClientReport> reports = detector.reports(kClientsShown);
  const DetectCounters counters = detector.counters();
  const HazardTable& model = detector.model();
  const UplinkVotes uplink = detector.uplink(now);
  auto answer = json_answer("clients");
  answer["time"] = json_time(now);
  auto clients = nlohmann::ordered_json::array();
  for (const ClientReport& report : reports) clients.push_back(client_json(report));
  answer["clients"] = std::move(clients);
  answer["totals"] = {{"clients", counters.clients},
                      {"in_detail", counters.wide_clients},
                      {"events", counters.events},
                      {"turned_away", counters.turned_away},
                      {"new_holders", counters.new_holders},
                      {"idle_leases", counters.idle_leases},
                      {"sites_watched", counters.sites_watched},
                      {"forgotten_sites", counters.forgotten_sites},
                      {"forgotten_clients", counters.forgotten_clients},
                      {"forgotten_by_quota", counters.forgotten_by_quota},
                      {"mx_queries", counters.mx_queries},
                      {"silenced_failures", counters.silenced_failures}};
  answer["uplink"] = {{"closed", uplink.closed()}, {"clients", uplink.clients}, {"failing", uplink.failing}};
  answer["bytes_counted"] = facts.bytes_counted;
  answer["model"] = {{"version", model.version},
                     {"learned_at", nullptr},
                     {"transfer", model.transfer},
                     {"submission", model.submission},
                     {"shipped_transfer", numbers::kUserHazard25},
                     {"shipped_submission", numbers::kUserHazardSubmission},
                     {"learning", facts.learns},
                     {"kept_at", json_time(facts.model_kept)},
                     {"servers", learned_servers(detector.remember())}};
  if (model.version > 0) answer["model"]["learned_at"] = json_time(model.learned_at);
  return print_json(answer);
}

}  // namespace mailweir
