#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/escape.h"
#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

// Names of cards that are there or are not; others (ppp0, wg0, docker0, tun0) come and go.
bool is_card(std::string_view name) { return name.starts_with("e") || name.starts_with("wl"); }

void run(LintSubject& subject) {
  const LiveFacts* machine = subject.machine();
  if (machine == nullptr || machine->interfaces.empty()) return;
  std::map<std::string, std::vector<RulePlace>> unknown;
  for (const RulePlace& place : subject.rules())
    for (const Field field : {Field::InputInterface, Field::OutputInterface}) {
      const Match* match = match_of(*place.rule, field);
      if (match == nullptr || !match->operand.is_whole()) continue;
      for (const Interval& interval : match->values.intervals()) {
        if (interval.first != interval.last) continue;  // "eth+" may wait for its first
        const std::string name = interface_name(interval.first);
        if (std::ranges::find(machine->interfaces, name) != machine->interfaces.end()) continue;
        auto& places = unknown[name];
        if (places.empty() || places.back() != place) places.push_back(place);
      }
    }
  std::vector<std::string> cards;
  std::ranges::copy_if(machine->interfaces, std::back_inserter(cards), is_card);
  for (const auto& [name, places] : unknown) {
    Finding& finding =
        subject.add(Confidence::Heuristic, places[0],
                    fmt::format("there is no interface {} on this machine{}", escape(name, 20),
                                places.size() == 1 ? "" : fmt::format(" ({} rules name it)", places.size())));
    if (!is_card(name)) finding.severity = Severity::Info;
    finding.fix = cards.size() == 1 && is_card(name) ? fmt::format("{} may be meant", escape(cards[0], 20))
                                                     : "correct the name; ip link shows those that are there";
  }
}

LiveFacts predictable_names() {
  LiveFacts facts;
  facts.interfaces = {"lo", "enp3s0"};
  return facts;
}

}  // namespace

const Check l44{
    .number = "L44",
    .id = "interface-not-there",
    .severity = Severity::Warning,
    .confidence = Confidence::Heuristic,
    .meaning = "a rule names an interface that this machine does not have",
    .why =
        "The kernel takes any name, so a rule for eth0 on a machine whose card is enp3s0 loads, and never matches: "
        "what it was to stop passes. Names of tunnels and bridges are remarks only, for those come and go. On the live "
        "machine only.",
    .wrong = {.rules = "-A INPUT -i eth0 -p tcp --dport 3306 -j DROP\n", .machine = predictable_names},
    .right = {.rules = "-A INPUT -i enp3s0 -p tcp --dport 3306 -j DROP\n", .machine = predictable_names},
    .run = run,
};

}  // namespace mailweir::rules
