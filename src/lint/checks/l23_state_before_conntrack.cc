#include <fmt/format.h>

#include <set>

#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

constexpr int kConntrackPriority = -200;  // NF_IP_PRI_CONNTRACK; measured: at -201 every packet is INVALID

void run(LintSubject& subject) {
  for (const Table& table : subject.ruleset().tables)
    for (const Chain& base : table.chains) {
      if (!base.hook || base.hook->priority >= kConntrackPriority) continue;
      if (base.hook->hook != Hook::Prerouting && base.hook->hook != Hook::Output) continue;
      std::set<const Chain*> seen;
      std::vector<const Chain*> open{&base};
      while (!open.empty()) {
        const Chain* chain = open.back();
        open.pop_back();
        if (!seen.insert(chain).second) continue;
        for (std::uint32_t i = 0; i != chain->rules.size(); ++i) {
          const Rule& rule = chain->rules[i];
          if (const Verdict* verdict = verdict_of(rule); verdict != nullptr && !verdict->chain.empty())
            if (const Chain* target = table.find_chain(verdict->chain)) open.push_back(target);
          if (!asks_for(rule, Field::ConnectionState)) continue;
          const Match* state = match_of(rule, Field::ConnectionState);
          const auto values = state == nullptr ? std::nullopt : whole_values(*state);
          const bool always = values && values->contains(connection_state_value(ConnectionState::Invalid));
          Finding& finding = subject.add(Confidence::Proved, {&table, chain, &rule, i + 1},
                                         fmt::format("asks for the state before conntrack has looked at the packet: "
                                                     "here every packet is INVALID, so it {}",
                                                     always ? "matches all of them" : "never matches"));
          finding.fix = "ask in filter or mangle, or at a priority of -200 and above";
        }
      }
    }
}

}  // namespace

const Check l23{
    .number = "L23",
    .id = "state-before-conntrack",
    .severity = Severity::Error,
    .confidence = Confidence::Proved,
    .meaning = "the connection's state is asked for before conntrack knows it",
    .why =
        "The raw table and chains with a priority below -200 run before conntrack. There the state of every packet is "
        "INVALID: a rule that drops INVALID in raw drops everything, one that accepts ESTABLISHED accepts nothing.",
    .wrong = {.rules = "*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n"
                       "-A PREROUTING -p tcp --dport 25 -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
                       "COMMIT\n"},
    .right = {.rules =
                  "*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n"
                  "-A PREROUTING -p tcp --dport 25 -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
                  "COMMIT\n"},
    .run = run,
};

}  // namespace mailweir::rules
