#include "report/json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace mailweir {

using nlohmann::ordered_json;

namespace {

constexpr int kIndent = 2;

std::string dump(const ordered_json& json) {
  return json.dump(kIndent, ' ', true, ordered_json::error_handler_t::replace);
}

// As it stands so many levels down. Every line end is the layout's: those in strings are escaped.
std::string dump_at(const ordered_json& json, int level) {
  const std::string text = dump(json);
  const std::string margin(static_cast<std::size_t>(kIndent * level), ' ');
  std::string moved;
  for (const char c : text) {
    moved += c;
    if (c == '\n') moved += margin;
  }
  return moved;
}

}  // namespace

ordered_json json_answer(std::string_view verb) { return {{"schema", fmt::format("mailweir.{}/1", verb)}}; }

ordered_json json_time(const std::optional<Time>& time) {
  return time ? ordered_json(format_time(*time)) : ordered_json(nullptr);
}

std::string print_json(const ordered_json& json) { return dump(json) + "\n"; }

void print_json_with_list(const ordered_json& json, std::string_view list, std::size_t count,
                          const std::function<ordered_json(std::size_t)>& element,
                          const std::function<void(std::string_view)>& print) {
  std::string_view before = "{\n  ";
  for (const auto& [name, value] : json.items()) {
    print(before);
    print(dump(ordered_json(name)) + ": ");
    before = ",\n  ";
    if (name != list || count == 0) {
      print(name == list ? "[]" : dump_at(value, 1));
      continue;
    }
    for (std::size_t i = 0; i < count; ++i) {
      print(i == 0 ? "[\n    " : ",\n    ");
      print(dump_at(element(i), 2));
    }
    print("\n  ]");
  }
  print("\n}\n");
}

}  // namespace mailweir
