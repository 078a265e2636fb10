#include "report/json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace mailweir {

using nlohmann::ordered_json;

ordered_json json_answer(std::string_view verb) { return {{"schema", fmt::format("mailweir.{}/1", verb)}}; }

ordered_json json_time(const std::optional<Time>& time) {
  return time ? ordered_json(format_time(*time)) : ordered_json(nullptr);
}

std::string print_json(const ordered_json& json) {
  return json.dump(2, ' ', true, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace mailweir
