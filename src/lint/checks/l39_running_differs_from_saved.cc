#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

#include "base/escape.h"
#include "lint/check.h"
#include "lint/program_chains.h"
#include "lint/subject.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {
namespace {

bool jumps_to_programs(const Rule& rule) {
  const Verdict* verdict = verdict_of(rule);
  return verdict != nullptr && is_programs(verdict->chain);
}

// iptables-legacy and nftables can have a table of that name at the same time; the file of the boot is for both.
std::vector<const Chain*> running_chains(const Ruleset& ruleset, const Table& like, const std::string& name) {
  std::vector<const Chain*> chains;
  for (const Table& table : ruleset.tables)
    if (table.family == like.family && table.name == like.name)
      if (const Chain* chain = table.find_chain(name)) chains.push_back(chain);
  return chains;
}

// Rules of `chain` that none of the others has, each counted as often as it stands there.
std::vector<const Rule*> only_in(const Chain& chain, std::span<const Chain* const> others) {
  std::vector<const Rule*> left;
  for (const Chain* other : others)
    for (const Rule& rule : other->rules) left.push_back(&rule);
  std::vector<const Rule*> only;
  for (const Rule& rule : chain.rules) {
    if (jumps_to_programs(rule)) continue;
    const auto same = std::ranges::find_if(left, [&](const Rule* each) { return same_rule(*each, rule); });
    if (same == left.end())
      only.push_back(&rule);
    else
      left.erase(same);
  }
  return only;
}

Verdict::Kind policy_of(const Chain* chain) {
  return chain == nullptr || !chain->hook ? Verdict::Kind::Accept : chain->hook->policy;
}

void compare(LintSubject& subject, const Table& table, const Chain& chain, const Chain* saved, std::string_view file) {
  const auto twins = running_chains(subject.ruleset(), table, chain.name);
  const bool first = twins.front() == &chain;  // what is missing is told of once
  const auto running = only_in(chain, saved == nullptr ? std::span<const Chain* const>() : std::span(&saved, 1));
  const std::size_t missing = saved == nullptr || !first ? 0 : only_in(*saved, twins).size();
  const bool policy =
      first && std::ranges::none_of(twins, [saved](const Chain* each) { return policy_of(each) == policy_of(saved); });
  if (running.empty() && missing == 0 && !policy) return;
  std::string text;
  const auto say = [&](std::size_t count, std::string_view what) {
    if (count > 0)
      text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", count, count == 1 ? "rule is" : "rules are", what);
  };
  say(running.size(), "running that the boot does not load");
  say(missing, "loaded at boot and not running");
  if (policy) text += fmt::format("{}the policy is not the one of the boot", text.empty() ? "" : ", ");
  RulePlace place{&table, &chain, nullptr, 0};
  if (!running.empty())
    place = {&table, &chain, running[0], static_cast<std::uint32_t>(running[0] - chain.rules.data()) + 1};
  Finding& finding = subject.add(Confidence::Proved, place, fmt::format("{} ({})", text, escape(file, 200)));
  finding.fix = "save the running rules (netfilter-persistent save, or nft list ruleset), or load the saved ones";
}

void run(LintSubject& subject) {
  const LiveFacts* machine = subject.machine();
  if (machine == nullptr || !machine->persisted) return;
  for (const Table& table : subject.ruleset().tables) {
    if (is_programs(table.name)) continue;
    const Table* saved = machine->persisted->find_table(table.family, table.name);
    for (const Chain& chain : table.chains)
      if (!is_programs(chain.name))
        compare(subject, table, chain, saved == nullptr ? nullptr : saved->find_chain(chain.name),
                machine->persisted_name);
  }
  for (const Table& saved : machine->persisted->tables) {
    if (is_programs(saved.name)) continue;
    const Table* table = subject.ruleset().find_table(saved.family, saved.name);
    std::size_t rules = 0;
    for (const Chain& chain : saved.chains)
      if (!is_programs(chain.name) && (table == nullptr || table->find_chain(chain.name) == nullptr))
        rules += chain.rules.size();
    if (rules == 0) continue;
    subject
        .add(Confidence::Proved, {table, nullptr, nullptr, 0},
             fmt::format("{} rules of the table {} are loaded at boot and not running ({})", rules,
                         escape(saved.name, 40), escape(machine->persisted_name, 200)))
        .fix = "load the saved rules, or save the running ones";
  }
}

LiveFacts without_a_rule() {
  LiveFacts facts;
  Diagnostics remarks;
  facts.persisted = read_iptables("-A INPUT -p tcp --dport 3306 -j DROP\n", {}, remarks);
  facts.persisted_name = "/etc/iptables/rules.v4";
  return facts;
}

}  // namespace

const Check l39{
    .number = "L39",
    .id = "running-differs-from-saved",
    .severity = Severity::Warning,
    .confidence = Confidence::Proved,
    .meaning = "the running rules are not those that the next boot loads",
    .why =
        "A rule typed at the prompt is gone after a reboot, mostly months later, when nobody remembers it; and a saved "
        "rule that is not running is believed to protect. Counters, comments and chains that programs fill themselves "
        "(Docker, fail2ban, Kubernetes, libvirt) do not count. On the live machine only.",
    .wrong = {.rules = "-A INPUT -p tcp --dport 3306 -j DROP\n-A INPUT -p tcp --dport 6379 -j DROP\n",
              .machine = without_a_rule},
    .right = {.rules = "-A INPUT -p tcp --dport 3306 -j DROP\n", .machine = without_a_rule},
    .run = run,
};

}  // namespace mailweir::rules
