#include "daemon/guard_state.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "sys/state_file.h"

namespace mailweir {
namespace {

constexpr char kSchema[] = "mailweir.guard/1";

using Count = std::uint64_t GuardState::*;
constexpr std::pair<const char*, Count> kCounts[] = {
    {"packets", &GuardState::packets},
    {"connections", &GuardState::connections},
    {"state_changes", &GuardState::state_changes},
    {"lost_packets", &GuardState::lost_packets},
    {"packet_overruns", &GuardState::packet_overruns},
    {"change_overruns", &GuardState::change_overruns},
    {"unreadable", &GuardState::unreadable},
    {"clients", &GuardState::clients},
    {"forgotten_clients", &GuardState::forgotten_clients},
    {"forgotten_connections", &GuardState::forgotten_connections},
    {"blocks", &GuardState::blocks},
    {"slowed", &GuardState::slowed},
    {"blocks_added", &GuardState::blocks_added},
    {"blocks_waiting", &GuardState::blocks_waiting},
    {"ledger_waiting", &GuardState::ledger_waiting},
    {"ledger_lost", &GuardState::ledger_lost},
};

std::optional<Time> time_at(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? parse_time(found->get<std::string>()) : std::nullopt;
}

}  // namespace

std::string guard_state_file(const std::string& runtime_dir) { return runtime_dir + "/guard.json"; }

std::string print_guard_state(const GuardState& state) {
  nlohmann::ordered_json json;
  json["schema"] = kSchema;
  json["since"] = format_time(state.since);
  json["told"] = format_time(state.told);
  json["mode"] = state.mode;
  for (const auto& [name, count] : kCounts) json[name] = state.*count;
  json["gathering"] = state.gathering;
  return json.dump(1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<GuardState> parse_guard_state(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto not_ours = [] { return fail(ErrorCode::BadInput, "this is no state that a guard wrote"); };
  if (!json.is_object() || !json.contains("schema") || json["schema"] != kSchema) return not_ours();
  GuardState state;
  const auto since = time_at(json, "since"), told = time_at(json, "told");
  if (!since || !told) return not_ours();
  state.since = *since;
  state.told = *told;
  if (const auto mode = json.find("mode"); mode != json.end() && mode->is_string()) state.mode = *mode;
  for (const auto& [name, count] : kCounts) {
    const auto found = json.find(name);
    if (found != json.end() && found->is_number_unsigned()) state.*count = found->get<std::uint64_t>();
  }
  const auto gathering = json.find("gathering");
  state.gathering = gathering != json.end() && gathering->is_boolean() && gathering->get<bool>();
  return state;
}

Result<GuardState> read_guard_state(const std::string& runtime_dir) {
  const auto text = read_state_file(guard_state_file(runtime_dir));
  if (!text) return fail(text.error());
  return parse_guard_state(*text);
}

}  // namespace mailweir
