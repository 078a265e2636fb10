#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/escape.h"
#include "lint/check.h"
#include "lint/program_chains.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

struct Call {
  RulePlace from;
  std::string to;
};

std::vector<Call> calls_of(const LintSubject& subject, const Table& table) {
  std::vector<Call> calls;
  for (const RulePlace& place : subject.rules()) {
    if (place.table != &table) continue;
    const auto call = [&](const Verdict& verdict) {
      if (!verdict.chain.empty()) calls.push_back({place, verdict.chain});
    };
    for (const RulePart& part : place.rule->parts) {
      if (const auto* verdict = std::get_if<Verdict>(&part)) call(*verdict);
      const auto* map = std::get_if<VerdictMap>(&part);
      if (map == nullptr) continue;
      for (const VerdictMap::Element& element : map->elements) call(element.verdict);
      if (const RuleSet* set = map->map.empty() ? nullptr : table.find_set(map->map))
        for (const RuleSet::Element& element : set->elements)
          if (element.verdict) call(*element.verdict);
    }
  }
  return calls;
}

// Chains that are on a way back to themselves.
std::set<std::string> loops(const Table& table, const std::map<std::string, std::set<std::string>>& calls) {
  std::set<std::string> looped;
  for (const Chain& chain : table.chains) {
    std::set<std::string> seen;
    std::vector<std::string> open{chain.name};
    while (!open.empty()) {
      const std::string next = std::move(open.back());
      open.pop_back();
      const auto out = calls.find(next);
      if (out == calls.end()) continue;
      for (const std::string& to : out->second) {
        if (to == chain.name) looped.insert(chain.name);
        if (seen.insert(to).second) open.push_back(to);
      }
    }
  }
  return looped;
}

constexpr std::size_t kNamedMax = 4;

std::string names_text(const std::vector<RulePlace>& chains) {
  std::string text;
  for (std::size_t i = 0; i != std::min(chains.size(), kNamedMax); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", escape(chains[i].chain->name, 40));
  if (chains.size() > kNamedMax) text += fmt::format(" and {} more", chains.size() - kNamedMax);
  return text;
}

void missing_and_empty(LintSubject& subject, const Table& table, const std::vector<Call>& calls) {
  std::set<std::string> told;
  std::vector<RulePlace> empty;
  std::optional<RulePlace> first;
  for (const Call& call : calls) {
    const Chain* target = table.find_chain(call.to);
    if (target != nullptr && (!target->rules.empty() || target->hook || is_programs(call.to))) continue;
    if (!told.insert(call.to).second) continue;
    if (target == nullptr) {
      subject
          .add(Confidence::Proved, call.from,
               fmt::format("jumps to {}, which is not there: nothing of this table can be loaded", escape(call.to, 40)))
          .fix = "declare the chain before, or correct its name";
      continue;
    }
    if (!first) first = call.from;
    empty.push_back({&table, target, nullptr, 0});
  }
  if (empty.empty()) return;
  Finding& finding = subject.add(
      Confidence::Proved, *first,
      empty.size() == 1
          ? fmt::format("jumps to {}, which has no rules: all packets come back as they were", names_text(empty))
          : fmt::format("{} chains that are jumped to have no rules: all packets come back from {} as they "
                        "were",
                        empty.size(), names_text(empty)));
  finding.severity = Severity::Info;
  for (const RulePlace& chain : empty)
    finding.related.push_back({chain, "empty; some programs fill theirs while they run"});
  finding.fix = empty.size() == 1 ? "write its rules, or remove the jump" : "write their rules, or remove the jumps";
}

// Elements of such a map say where packets jump to, and may be added while the rules run.
bool jumps_by_map(const Table& table) {
  return std::ranges::any_of(table.sets, [](const RuleSet& set) { return set.map_type == "verdict"; });
}

void unused(LintSubject& subject, const Table& table, const std::set<std::string>& called) {
  if (is_programs(table.name)) return;
  std::vector<RulePlace> chains;
  std::size_t rules = 0;
  for (const Chain& chain : table.chains) {
    if (chain.hook || called.contains(chain.name) || is_programs(chain.name)) continue;
    chains.push_back({&table, &chain, nullptr, 0});
    rules += chain.rules.size();
  }
  if (chains.empty() || jumps_by_map(table)) return;
  Finding& finding = subject.add(
      Confidence::Proved, chains.front(),
      chains.size() == 1 ? fmt::format("no rule jumps to this chain: {}", rules == 0   ? "and it has none itself"
                                                                          : rules == 1 ? "its rule never sees a packet"
                                                                                       : "its rules never see a packet")
                         : fmt::format("no rule jumps to {} chains: {}{}", chains.size(), names_text(chains),
                                       rules == 0 ? "" : fmt::format("; their {} rules never see a packet", rules)));
  finding.severity = Severity::Info;
  for (std::size_t i = 1; i < chains.size(); ++i) finding.related.push_back({chains[i], "nor to this one"});
  finding.fix = chains.size() == 1 ? "jump to it, or remove it" : "jump to them, or remove them";
}

void run(LintSubject& subject) {
  const bool whole = subject.is_complete();
  for (const Table& table : subject.ruleset().tables) {
    const std::vector<Call> calls = calls_of(subject, table);
    std::map<std::string, std::set<std::string>> graph;
    std::set<std::string> called;
    for (const Call& call : calls) {
      graph[call.from.chain->name].insert(call.to);
      called.insert(call.to);
    }
    const auto looped = loops(table, graph);
    bool loop_told = false;
    for (const Call& call : calls)
      if (!loop_told && looped.contains(call.to) && looped.contains(call.from.chain->name)) {
        loop_told = true;
        subject
            .add(Confidence::Proved, call.from,
                 fmt::format("jumps to {}, from which the way leads back here: the kernel refuses chains in a circle",
                             escape(call.to, 40)))
            .fix = "remove one jump of the circle";
      }
    if (!whole) continue;  // a fragment's chains may be made and used elsewhere
    missing_and_empty(subject, table, calls);
    unused(subject, table, called);
  }
}

}  // namespace

const Check l37{
    .number = "L37",
    .id = "chain-to-nowhere",
    .severity = Severity::Error,
    .confidence = Confidence::Proved,
    .meaning = "chains that nobody jumps to, that are empty, missing, or call each other in a circle",
    .why =
        "A chain without a jump to it filters nothing, however good its rules are. A jump to a chain that is not "
        "there, or a circle, makes the kernel refuse the whole table, at boot as well. Unused and empty chains are "
        "remarks only, one for all of a table; those of programs that fill theirs while they run (fail2ban, Docker, "
        "ufw) are not told of, nor are unused ones where a verdict map may send packets to them.",
    .wrong = {.rules = "*filter\n:MAIL - [0:0]\n-A MAIL -p tcp --dport 2525 -j DROP\nCOMMIT\n"},
    .right = {.rules = "*filter\n:MAIL - [0:0]\n-A INPUT -j MAIL\n-A MAIL -p tcp --dport 2525 -j DROP\nCOMMIT\n"},
    .run = run,
};

}  // namespace mailweir::rules
