#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "lab/guard_process.h"

namespace mailweir::lab {

namespace {

// The member as text; empty when there is none or it is something else.
std::string text_of(const nlohmann::json& json, const char* key) {
  const auto member = json.find(key);
  return member != json.end() && member->is_string() ? member->get<std::string>() : std::string();
}

std::optional<double> number_of(const nlohmann::json& json, const char* key) {
  const auto member = json.find(key);
  if (member == json.end() || !member->is_number()) return std::nullopt;
  return member->get<double>();
}

}  // namespace

void read_guard_line(std::string_view line, GuardView& view, bool& ready) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return;
  const std::string event = text_of(json, "event");
  if (event == "run.ready") ready = true;
  if (const auto lost = number_of(json, "lost_events")) view.lost_events = static_cast<std::uint64_t>(*lost);
  if (event != "block.added") return;
  const auto client = IpPrefix::parse(text_of(json, "client"));
  const auto at = parse_time(text_of(json, "time"));
  if (!client || !at) return;
  view.decided.push_back({*client, *at, number_of(json, "packet_to_block_us"), text_of(json, "case")});
}

}  // namespace mailweir::lab
