#include "cli/explain_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "report/json.h"

namespace mailweir {
namespace {

using namespace rules;  // a line and the rules behind it: nothing here is about a policy
using Json = nlohmann::ordered_json;

Json value_json(const LineCase& c, Field field) {
  if (!c.values().is_known(field)) return {};
  return c.values().number<std::uint64_t>(field);
}

Json packet_json(const LineCase& c) {
  Json json;
  json["text"] = partial_text(c.line().seen);
  json["prefix"] = c.line().prefix;
  json["in"] = c.line().in;
  json["out"] = c.line().out;
  for (const auto& [name, field] :
       {std::pair{"source", Field::SourceAddress}, std::pair{"destination", Field::DestinationAddress}})
    json[name] = c.values().is_known(field) ? Json(c.values().address(field).text()) : Json();
  json["protocol"] = c.values().is_known(Field::Protocol)
                         ? Json(value_text(Field::Protocol, c.values().value(Field::Protocol)))
                         : Json();
  json["source_port"] = value_json(c, Field::SourcePort);
  json["destination_port"] = value_json(c, Field::DestinationPort);
  json["flags"] = c.values().is_known(Field::TcpFlags)
                      ? Json(flags_text(c.values().number<std::uint8_t>(Field::TcpFlags)))
                      : Json();
  json["state"] = name_of(c.state());
  json["states"] = Json::array();
  for (const ConnectionState state : c.states) json["states"].push_back(name_of(state));
  return json;
}

Json place_json(const RulePlace& place) {
  if (place.chain == nullptr) return {};
  Json json;
  json["table"] = place.table->name;
  json["chain"] = place.chain->name;
  json["number"] = place.rule == nullptr ? Json() : Json(place.number);
  json["line"] = place.rule == nullptr || place.rule->origin.line == 0 ? Json() : Json(place.rule->origin.line);
  json["text"] = text_of(place);
  return json;
}

Json cause_json(const LineCause& cause) {
  Json json;
  json["id"] = cause.id;
  json["probability"] = std::round(cause.judgement.probability * 100) / 100;
  json["text"] = cause.judgement.text;
  json["before"] = cause.judgement.before.empty() ? Json() : Json(cause.judgement.before);
  json["simulated"] = cause.judgement.simulated;
  return json;
}

Json remedy_json(const Remedy& remedy) {
  Json json;
  json["text"] = remedy.text;
  json["edit"] = fmt::format("{}", fmt::join(remedy.commands, "\n"));
  json["verified"] = remedy.verified;
  json["keeps"] = remedy.keeps;
  json["changes"] = remedy.changes;
  json["tried"] = remedy.tried;
  json["gone"] = remedy.gone;
  json["optional"] = remedy.optional;
  json["witness"] = remedy.witness.empty() ? Json() : Json(remedy.witness);
  return json;
}

Json group_json(const Explanation& one) {
  const LineCase& c = one.line_case;
  Json json;
  json["lines"] = c.group->lines;
  json["first_line"] = c.group->number;
  json["sources"] = c.group->sources;
  json["destinations"] = c.group->destinations;
  json["ports"] = c.group->ports;
  json["packet"] = packet_json(c);
  json["hook"] = c.rule() ? Json(name_of(c.rule()->hook)) : Json();
  json["rule"] = c.rule() ? place_json(c.rule()->place) : Json();
  json["verdict"] = c.rule() ? Json(name_of(c.rule()->fate.kind)) : Json();
  json["ended_by"] = place_json(one.ended_by);
  json["why_not"] = Json::array();
  for (const PassedOver& passed : one.passed_over)
    json["why_not"].push_back({{"rule", place_json(passed.place)}, {"text", passed.text}});
  json["why_not_left_out"] = one.passed_over_left_out;
  json["causes"] = Json::array();
  for (const LineCause& cause : one.causes) json["causes"].push_back(cause_json(cause));
  json["remedies"] = Json::array();
  for (const Remedy& remedy : one.remedies) json["remedies"].push_back(remedy_json(remedy));
  json["notes"] = one.notes;
  return json;
}

}  // namespace

// The first group's members stand at the top too: most questions are about one line.
void print_explained_json(const LinesExplained& answer, const PastedText& lines) {
  auto json = json_answer("explain");
  const Json first = group_json(answer.groups.front());
  for (const char* name : {"packet", "hook", "rule", "why_not", "causes", "remedies"}) json[name] = first[name];
  json["notes"] = answer.notes;
  for (const std::string& note : answer.groups.front().notes) json["notes"].push_back(note);
  json["log_lines"] = lines.log_lines;
  json["groups"] = Json::array();
  for (const Explanation& one : answer.groups) json["groups"].push_back(group_json(one));
  std::fputs(print_json(json).c_str(), stdout);
}

}  // namespace mailweir
