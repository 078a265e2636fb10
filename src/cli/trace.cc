#include "cli/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/escape.h"
#include "cli/give_up.h"
#include "cli/read_rules.h"
#include "cli/screen.h"
#include "cli/this_machine.h"
#include "report/json.h"
#include "ruleset/print_ruleset.h"
#include "simulate/live_machine.h"
#include "simulate/packet_notation.h"
#include "simulate/worlds.h"
#include "sys/clock.h"

namespace mailweir {
namespace {

using namespace rules;  // a packet and its way: nothing here is about a policy

constexpr char kSomeInterface[] = "eth0";  // where nobody said which: the name most documentation uses

// A machine on which the packet goes the way the person wrote: `in` alone is for us, `in` and `out` is forwarded.
SimulatedMachine fitting_machine(const WrittenPacket& written) {
  const PacketValues& values = written.packet.values;
  const std::string in = interface_name(values.value(Field::InputInterface));
  const std::string out = interface_name(values.value(Field::OutputInterface));
  SimulatedMachine machine;
  const bool arrives = written.entry == Entry::Receive;
  const Field ours = arrives ? Field::DestinationAddress : Field::SourceAddress;
  const std::string near = arrives ? in : out.empty() ? kSomeInterface : out;
  if (values.is_known(ours) && (!arrives || out.empty())) machine.interfaces.push_back({near, {values.address(ours)}});
  const std::string far = !out.empty() ? out : near;
  for (const char* all : {"0.0.0.0/0", "::/0"}) machine.routes.push_back({*IpPrefix::parse(all), far});
  return machine;
}

bool passes(const PacketFate& fate) {
  return fate.kind == PacketFate::Kind::Delivered || fate.kind == PacketFate::Kind::Sent;
}

std::string verdict_text(const PacketFate& fate) {
  if (fate.kind != PacketFate::Kind::Dropped && fate.kind != PacketFate::Kind::Rejected)
    return std::string(name_of(fate.kind));
  if (fate.rule == nullptr) return fmt::format("{} by the policy of {}", name_of(fate.kind), escape(fate.chain->name));
  return fmt::format("{} by {} line {}", name_of(fate.kind), escape(fate.chain->name), fate.rule->origin.line);
}

std::string_view way_of(const PacketFate& fate, Entry entry) {
  if (fate.cause) return "is sent by the kernel";
  return entry == Entry::Receive ? "arrives" : "is sent by a program here";
}

void print_fate(const PacketFate& fate, Entry entry, const TraceOptions& options, const Screen& screen) {
  fmt::print("{} {}, state {}", escape(write_packet(fate.packet)), way_of(fate, entry), name_of(fate.state));
  if (fate.cause) fmt::print(" (made by {})", name_of(fate.maker));
  fmt::print("\n");
  for (const TraceStep& step : fate.notes.steps) {
    const bool missed = step.result == TraceStep::Result::NoMatch;
    if (missed && options.brief) continue;
    const std::string where = step.rule == nullptr
                                  ? fmt::format("{} {}", step.table->name, step.chain->name)
                                  : fmt::format("{} {} {}", step.table->name, step.chain->name, step.number);
    const std::string what = step.rule == nullptr ? std::string(step.verdict == Verdict::Kind::Drop ? "drop" : "accept")
                                                  : rule_text(*step.table, *step.rule);
    fmt::print("  {:<12} {:<28} {:<9} {}\n", name_of(step.hook), escape(where), name_of(step.result), escape(what));
    if (missed) fmt::print("  {:<12} {:<28} {}\n", "", "", screen.paint(Style::Faint, escape(why_not(step))));
  }
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
  json["verdict"] = name_of(fate.kind);
  json["generated_by"] = fate.cause ? nlohmann::ordered_json(name_of(fate.maker)) : nlohmann::ordered_json();
  json["world"] = world;
  return json;
}

void print_json_answer(const Worlds& all) {
  auto answer = json_answer("trace");
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
  std::fputs(print_json(answer).c_str(), stdout);
}

void print_text(const Worlds& all, Entry entry, const TraceOptions& options, const Screen& screen) {
  for (std::size_t i = 0; i != all.worlds.size(); ++i) {
    const World& world = all.worlds[i];
    if (i != 0) fmt::print("\n");
    for (const Assumption& one : world.assumptions)
      fmt::print("If {}{}:\n", one.holds ? "" : "it is not so that ", escape(one.what));
    for (const PacketFate& fate : world.fates) print_fate(fate, entry, options, screen);
  }
  if (all.cut)
    fmt::print("\nMore cases than {}: not all were followed. Say more about the packet.\n", Choices::kWorldsMax);
}

}  // namespace

int trace(const TraceOptions& options, const CommonOptions& common) {
  using namespace rules;
  auto written = read_packet(options.packet);
  if (!written) return give_up(std::move(written).error().in("the packet"));
  const auto ruleset = read_rules(options.ruleset, common);
  if (!ruleset) return give_up(ruleset.error());
  const Program program(*ruleset);
  Simulator simulator(program, options.ruleset.empty() ? live_machine() : fitting_machine(*written), false);
  for (const auto& [field, possible] : written->narrowings) simulator.narrow(field, possible);
  const Worlds all = explore(simulator, written->packet, written->entry, SystemClock().now(), true);
  if (common.json)
    print_json_answer(all);
  else
    print_text(all, written->entry, options, screen_of(stdout, common));
  return std::ranges::all_of(all.worlds, [](const World& world) { return passes(world.fates.front()); }) ? 0 : 1;
}

}  // namespace mailweir
