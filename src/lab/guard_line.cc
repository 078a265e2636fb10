#include <nlohmann/json.hpp>

#include "lab/guard.h"

namespace mailweir::lab {

void read_guard_line(std::string_view line, GuardView& view, bool& ready) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("event")) return;
  const auto event = json.value("event", std::string());
  if (event == "run.ready") ready = true;
  if (json.contains("lost_events")) view.lost_events = json.value("lost_events", view.lost_events);
  if (event != "block.added") return;
  GuardBlock block;
  const auto client = IpPrefix::parse(json.value("client", std::string()));
  const auto at = parse_time(json.value("time", std::string()));
  if (!client || !at) return;
  block.client = *client;
  block.at = *at;
  block.case_id = json.value("case", std::string());
  if (json.contains("packet_to_block_us")) block.packet_to_block_us = json["packet_to_block_us"].get<double>();
  view.decided.push_back(std::move(block));
}

}  // namespace mailweir::lab
