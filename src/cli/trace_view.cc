#include "cli/trace_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/escape.h"
#include "report/json.h"
#include "report/words.h"
#include "ruleset/print_ruleset.h"
#include "simulate/packet_notation.h"

namespace mailweir {
namespace {

using namespace rules;

bool passes(const PacketFate& fate) {
  return fate.kind == PacketFate::Kind::Delivered || fate.kind == PacketFate::Kind::Sent;
}

std::string verdict_text(const PacketFate& fate) {
  if (fate.kind == PacketFate::Kind::TooLong) return fmt::format("not followed to its end: {}", fate.limit);
  if (fate.kind != PacketFate::Kind::Dropped && fate.kind != PacketFate::Kind::Rejected)
    return std::string(name_of(fate.kind));
  if (fate.rule == nullptr) return fmt::format("{} by the policy of {}", name_of(fate.kind), escape(fate.chain->name));
  return fmt::format("{} by {} line {}", name_of(fate.kind), escape(fate.chain->name), fate.rule->origin.line);
}

std::string_view way_of(const PacketFate& fate, Entry entry) {
  if (fate.cause) return "is sent by the kernel";
  return entry == Entry::Receive ? "arrives" : "is sent by a program here";
}

void print_fate(const PacketFate& fate, Entry entry, bool brief, const Screen& screen) {
  fmt::print("{} {}, state {}", escape(write_packet(fate.packet)), way_of(fate, entry), name_of(fate.state));
  if (fate.cause) fmt::print(" (made by {})", name_of(fate.maker));
  fmt::print("\n");
  for (const TraceStep& step : fate.notes.steps) {
    const bool missed = step.result == TraceStep::Result::NoMatch;
    if (missed && brief) continue;
    const std::string where = step.rule == nullptr
                                  ? fmt::format("{} {}", step.table->name, step.chain->name)
                                  : fmt::format("{} {} {}", step.table->name, step.chain->name, step.number);
    const std::string what = step.rule == nullptr ? std::string(step.verdict == Verdict::Kind::Drop ? "drop" : "accept")
                                                  : rule_text(*step.table, *step.rule);
    fmt::print("  {:<12} {:<28} {:<9} {}\n", name_of(step.hook), escape(where), name_of(step.result), escape(what));
    if (missed) fmt::print("  {:<12} {:<28} {}\n", "", "", screen.paint(Style::Faint, escape(why_not(step))));
  }
  if (fate.notes.left_out != 0)
    fmt::print("  and {} more steps, of which only the first {} are kept (steps_max)\n",
               count_text(fate.notes.left_out), count_text(Notebook::kStepsMax));
  fmt::print("  {} {}\n", passes(fate) ? "->" : "=>",
             screen.paint(passes(fate) ? Style::Good : Style::Bad, verdict_text(fate)));
}

nlohmann::ordered_json json_of(const PacketFate& fate, std::size_t world) {
  nlohmann::ordered_json json;
  json["packet"] = write_packet(fate.packet);
  json["state"] = name_of(fate.state);
  json["steps"] = nlohmann::ordered_json::array();
  for (const TraceStep& step : fate.notes.steps) {
    nlohmann::ordered_json one;
    one["hook"] = name_of(step.hook);
    one["table"] = step.table->name;
    one["chain"] = step.chain->name;
    one["number"] = step.rule == nullptr ? nlohmann::ordered_json() : nlohmann::ordered_json(step.number);
    one["line"] = step.rule == nullptr ? nlohmann::ordered_json() : nlohmann::ordered_json(step.rule->origin.line);
    one["rule"] = step.rule == nullptr ? std::string() : rule_text(*step.table, *step.rule);
    one["result"] = name_of(step.result);
    one["text"] = why_not(step);
    json["steps"].push_back(std::move(one));
  }
  json["steps_left_out"] = fate.notes.left_out;
  json["verdict"] = name_of(fate.kind);
  json["limit"] = fate.limit.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(fate.limit);
  json["generated_by"] = fate.cause ? nlohmann::ordered_json(name_of(fate.maker)) : nlohmann::ordered_json();
  json["world"] = world;
  return json;
}

}  // namespace

bool passes(const Worlds& all) {
  return std::ranges::all_of(all.worlds, [](const World& world) { return passes(world.fates.front()); });
}

std::string verdict_of(const Worlds& all) {
  std::vector<std::string> verdicts;
  for (const World& world : all.worlds) {
    std::string one = verdict_text(world.fates.front());
    if (std::ranges::find(verdicts, one) == verdicts.end()) verdicts.push_back(std::move(one));
  }
  return fmt::format("{}", fmt::join(verdicts, ", or "));
}

void add_trace(nlohmann::ordered_json& answer, const Worlds& all) {
  answer["packets"] = nlohmann::ordered_json::array();
  answer["assumptions"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i != all.worlds.size(); ++i) {
    for (const PacketFate& fate : all.worlds[i].fates) answer["packets"].push_back(json_of(fate, i));
    auto assumed = nlohmann::ordered_json::array();
    for (const Assumption& one : all.worlds[i].assumptions)
      assumed.push_back({{"text", one.what}, {"holds", one.holds}});
    answer["assumptions"].push_back(std::move(assumed));
  }
  answer["complete"] = !all.cut;
}

void print_trace_json(const Worlds& all) {
  auto answer = json_answer("trace");
  add_trace(answer, all);
  std::fputs(print_json(answer).c_str(), stdout);
}

void print_trace(const Worlds& all, Entry entry, bool brief, const Screen& screen) {
  for (std::size_t i = 0; i != all.worlds.size(); ++i) {
    const World& world = all.worlds[i];
    if (i != 0) fmt::print("\n");
    for (const Assumption& one : world.assumptions)
      fmt::print("If {}{}:\n", one.holds ? "" : "it is not so that ", escape(one.what));
    for (const PacketFate& fate : world.fates) print_fate(fate, entry, brief, screen);
  }
  if (all.cut)
    fmt::print("\nMore cases than {}: not all were followed. Say more about the packet.\n", Choices::kWorldsMax);
}

}  // namespace mailweir
