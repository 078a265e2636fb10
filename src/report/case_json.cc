#include "report/case_json.h"

#include <nlohmann/json.hpp>

#include "report/client_json.h"
#include "report/json.h"

namespace mailweir {
namespace {

using nlohmann::ordered_json;

std::string_view name_of(CaseView::State state) {
  switch (state) {
    case CaseView::State::Running:
      return "running";
    case CaseView::State::Over:
      return "over";
    case CaseView::State::NotThere:
      return "not-in-force";
    case CaseView::State::Unknown:
      return "unknown";
  }
  return "";
}

ordered_json case_json(const CaseView& view) {
  const CaseRecord& record = view.record;
  ordered_json json;
  json["id"] = record.id;
  json["client"] = record.client.text();
  json["action"] = name_of(record.action);
  json["state"] = name_of(view.state);
  json["since"] = format_time(record.since);
  json["until"] = format_time(record.until);
  json["by"] = record.by;
  json["by_hand"] = record.by_hand;
  json["reason"] = record.reason;
  json["ports"] = record.ports;
  json["packets_stopped"] = view.packets_stopped ? ordered_json(*view.packets_stopped) : ordered_json(nullptr);
  json["connections"] = record.connections;
  json["evidence"] = evidence_json(record.evidence);
  json["policy_file"] = record.policy_line != 0 ? ordered_json(record.policy_file) : ordered_json(nullptr);
  json["policy_line"] = record.policy_line != 0 ? ordered_json(record.policy_line) : ordered_json(nullptr);
  json["repeat"] = record.repeat;
  json["ended_at"] = record.ended ? json_time(record.ended->at) : ordered_json(nullptr);
  json["ended_by"] = record.ended ? ordered_json(record.ended->by) : ordered_json(nullptr);
  json["in_ledger"] = view.in_ledger;
  return json;
}

}  // namespace

ordered_json cases_json(std::span<const CaseView> cases) {
  auto list = ordered_json::array();
  for (const CaseView& view : cases) list.push_back(case_json(view));
  return list;
}

}  // namespace mailweir
