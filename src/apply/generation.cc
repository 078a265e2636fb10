#include "apply/generation.h"

#include <array>
#include <nlohmann/json.hpp>

namespace mailweir {
namespace {

constexpr std::string_view kSchema = "mailweir.generation/1";
constexpr std::array<std::string_view, 5> kStates{"prepared", "pending", "confirmed", "reverted", "failed"};

std::optional<GenerationState> state_called(std::string_view name) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == name) return static_cast<GenerationState>(i);
  }
  return std::nullopt;
}

// A member that is a string; empty when it is not there.
std::string text_of(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string_view name_of(GenerationState state) { return kStates[static_cast<std::size_t>(state)]; }

std::string print_generation(const Generation& generation) {
  nlohmann::ordered_json json;
  json["schema"] = kSchema;
  json["number"] = generation.number;
  json["state"] = name_of(generation.state);
  json["time"] = format_time(generation.time);
  json["author"] = generation.author;
  if (generation.deadline) json["deadline"] = format_time(*generation.deadline);
  json["remark"] = generation.remark;
  if (generation.returns_to > 0) json["returns_to"] = generation.returns_to;
  json["policy_file"] = generation.policy_file;
  json["policy"] = generation.policy;
  json["table"] = generation.table;
  json["listing"] = generation.listing;
  json["digest"] = generation.digest;
  json["difference"] = generation.difference;
  return json.dump(1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<Generation> parse_generation(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto not_ours = [] { return fail(ErrorCode::BadInput, "this is no generation mailweir wrote"); };
  if (!json.is_object() || text_of(json, "schema") != kSchema) return not_ours();
  Generation generation;
  const auto state = state_called(text_of(json, "state"));
  const auto time = parse_time(text_of(json, "time"));
  const auto number = json.find("number");
  if (!state || !time || number == json.end() || !number->is_number_integer()) return not_ours();
  generation.number = number->get<int>();
  generation.state = *state;
  generation.time = *time;
  generation.author = text_of(json, "author");
  generation.deadline = parse_time(text_of(json, "deadline"));
  generation.remark = text_of(json, "remark");
  if (const auto to = json.find("returns_to"); to != json.end() && to->is_number_integer()) {
    // Only what is earlier: whoever follows it comes to an end.
    if (const int earlier = to->get<int>(); earlier > 0 && earlier < generation.number) generation.returns_to = earlier;
  }
  generation.policy_file = text_of(json, "policy_file");
  generation.policy = text_of(json, "policy");
  generation.table = text_of(json, "table");
  generation.listing = text_of(json, "listing");
  generation.digest = text_of(json, "digest");
  if (const auto lines = json.find("difference"); lines != json.end() && lines->is_array()) {
    for (const auto& line : *lines) {
      if (line.is_string()) generation.difference.push_back(line.get<std::string>());
    }
  }
  return generation;
}

}  // namespace mailweir
