#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/packet_kinds.h"

namespace mailweir::rules {
namespace {

const RulePlace* translating_rule(LintSubject& subject, bool v4) {
  const auto found = std::ranges::find_if(subject.rules(), [v4](const RulePlace& place) {
    const Nat* nat = nat_of(*place.rule);
    return sees(*place.table, v4) && nat != nullptr;
  });
  return found == subject.rules().end() ? nullptr : &*found;
}

// Base chains at forward without a rule, of which none drops.
std::optional<RulePlace> open_forward(LintSubject& subject, bool v4) {
  const auto places = subject.filters_at(v4 ? RuleFamily::Ip4 : RuleFamily::Ip6, Hook::Forward);
  if (places.empty() || subject.filters(Way::Through, v4)) return std::nullopt;
  const auto named = std::ranges::find_if(places, [](const RulePlace& place) { return place.table->name == "filter"; });
  return named == places.end() ? places[0] : *named;
}

void look_at(LintSubject& subject, bool v4) {
  const auto place = open_forward(subject, v4);
  if (!place) return;
  const LiveFacts* machine = subject.machine();
  const auto forwards = machine == nullptr ? std::nullopt : v4 ? machine->forwards_v4 : machine->forwards_v6;
  const RulePlace* translates = translating_rule(subject, v4);
  const bool sure = forwards.value_or(translates != nullptr);
  if (forwards == false) return;
  // Nobody who filters nothing wonders at it.
  if (!sure && !subject.denies_by_default(Way::In, v4)) return;
  const auto passing = subject.packet_that(Played::End::Passes, in_state(ConnectionState::New), Way::Through, v4);
  if (!passing) return;
  Finding& finding = subject.add(
      sure && forwards ? Confidence::Replayed : Confidence::Heuristic, *place,
      forwards ? "this machine forwards, and FORWARD lets everything pass: anybody who can send packets here "
                 "reaches every network behind it, and mail of everybody leaves through it"
      : sure   ? "rules translate addresses for others, and FORWARD lets everything pass, in both directions"
               : "FORWARD lets everything pass as soon as this machine forwards (a container or VPN program "
                 "switches that on)");
  if (!sure) finding.severity = Severity::Info;
  if (translates != nullptr) finding.related.push_back({*translates, "for packets of others"});
  finding.witness = passing;
  finding.fix =
      sure ? "set the policy of FORWARD to DROP and accept what is wanted" : "set the policy of FORWARD to DROP";
  if (sure) return;  // what is wanted only a person knows
  RuleEdit edit = LintSubject::removal(*place);
  edit.kind = RuleEdit::Kind::Policy;
  edit.policy = Verdict::Kind::Drop;
  finding.edits.push_back(std::move(edit));
  PacketBox through;
  for (const Field field : {Field::InputInterface, Field::OutputInterface})
    through.constrain(FieldValues{field, IntervalSet::single(0).complement(128), false});
  finding.may_change.push_back(std::move(through));
}

void run(LintSubject& subject) {
  if (!subject.ruleset().whole) return;
  for (const bool v4 : {true, false}) look_at(subject, v4);
}

}  // namespace

const Check l35{
    .number = "L35",
    .id = "forward-wide-open",
    .severity = Severity::Warning,
    .confidence = Confidence::Heuristic,
    .meaning = "FORWARD accepts everything and has no rules",
    .why =
        "With ip_forward=1 such a machine is a router for everybody on its networks: strangers reach what is behind "
        "it, and spam of containers and clients passes. Where the machine is known not to forward nothing is said; "
        "where it is not known, it is a remark, unless rules translate addresses for others.",
    .wrong = {.rules = "*nat\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n"
                       "*filter\n-A INPUT -i eth0 -p tcp --dport 3306 -j DROP\nCOMMIT\n"},
    .right = {.rules = "*nat\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n"
                       "*filter\n"
                       "-A INPUT -i eth0 -p tcp --dport 3306 -j DROP\n"
                       "-A FORWARD -i eth0 -m conntrack --ctstate NEW -j DROP\n"
                       "COMMIT\n"},
    .run = run,
};

}  // namespace mailweir::rules
