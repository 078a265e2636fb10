#include "report/client_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/json.h"
#include "report/stopped.h"

namespace mailweir {
namespace {

using nlohmann::ordered_json;

// Thousandths: finer than any threshold, and the sum of 50 rounded parts stays within 0.05 of the rounded whole.
double nats(double value) { return std::round(value * 1000) / 1000; }

}  // namespace

ordered_json evidence_json(const std::vector<Evidence>& evidence) {
  auto list = ordered_json::array();
  for (const Evidence& part : evidence)
    list.push_back({{"kind", part.kind}, {"nats", nats(part.nats)}, {"text", part.text}});
  return list;
}

ordered_json client_json(const ClientReport& report) {
  ordered_json ports = ordered_json::object();
  for (const auto& port : report.ports) ports[std::to_string(port.port)] = port.connections;
  ordered_json client;
  client["client"] = report.client.text();
  client["verdict"] = name_of(report.verdict);
  client["reason"] = report.reason;
  client["score"] = {{"user", nats(report.score_user)}, {"server", nats(report.score_server)}};
  client["attempts"] = report.attempts;
  client["destinations"] = report.destinations;
  client["groups"] = report.groups;
  client["failed"] = report.failed;
  client["established"] = report.established;
  client["short"] = report.shorts;
  client["delivered"] = report.delivered;
  client["ports"] = std::move(ports);
  client["registered"] = report.registered;
  client["first_seen"] = json_time(report.first_seen);
  client["last_seen"] = json_time(report.last_seen);
  client["decided_at"] = json_time(report.decided_at);
  client["decided_after_connections"] =
      report.decided_after_connections ? ordered_json(*report.decided_after_connections) : ordered_json(nullptr);
  client["would_have_stopped"] =
      report.decided_at ? ordered_json(would_have_stopped(report).connections) : ordered_json(nullptr);
  client["evidence"] = evidence_json(report.evidence);
  return client;
}

}  // namespace mailweir
