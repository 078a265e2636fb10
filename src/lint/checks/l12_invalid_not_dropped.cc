#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lint/check.h"
#include "lint/subject.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

PacketBox invalid_tcp() {
  PacketBox box;
  box.constrain(FieldValues{Field::ConnectionState, values_of(ConnectionState::Invalid), false});
  box.constrain(FieldValues{Field::Protocol, IntervalSet::single(kProtocolTcp), false});
  return box;
}

Rule drop_invalid() {
  Rule rule;
  rule.parts = {Match{.operand = {Field::ConnectionState}, .values = values_of(ConnectionState::Invalid)}, Counter{},
                Verdict{.kind = Verdict::Kind::Drop, .chain = {}}};
  return rule;
}

// The first rule that packets of no connection could be taken by, lo aside.
std::uint32_t place_of_drop(LintSubject& subject, const RulePlace& place) {
  PacketBox box = invalid_tcp();
  box.constrain(FieldValues{Field::InputInterface, IntervalSet::single(interface_value("lo")).complement(128), false});
  for (std::uint32_t i = 0; i != place.chain->rules.size(); ++i) {
    const Rule& rule = place.chain->rules[i];
    if (effect_of(rule) != Effect::GoesOn && subject.spaces().space_of(rule).box.meets(box)) return i + 1;
  }
  return place.number;
}

void run(LintSubject& subject) {
  std::set<const Chain*> told;
  for (const RulePlace& place : subject.rules()) {
    if (effect_of(*place.rule) != Effect::Reject || told.contains(place.chain)) continue;
    const auto hooks = subject.hooks_of(*place.chain);
    if (std::ranges::none_of(hooks, [](Hook hook) { return hook == Hook::Input || hook == Hook::Forward; })) continue;
    const auto witness = subject.packet_reaching(place, invalid_tcp());
    if (!witness || witness->entry != Entry::Receive) continue;
    told.insert(place.chain);
    Finding& finding =
        subject.add(Confidence::Replayed, place,
                    "answers packets that belong to no connection: the answer is INVALID too, passes no rule "
                    "for established traffic, and can end a healthy connection");
    finding.witness = witness;
    finding.fix = "drop INVALID packets before the first rule that accepts without asking for the state";
    if (!place.chain->hook) continue;
    RulePlace before = place;
    before.number = place_of_drop(subject, place);
    finding.edits.push_back(LintSubject::insertion(before, drop_invalid()));
    PacketBox invalid;
    invalid.constrain(FieldValues{Field::ConnectionState, values_of(ConnectionState::Invalid), false});
    finding.may_change.push_back(std::move(invalid));
  }
}

}  // namespace

const Check l12{
    .number = "L12",
    .id = "invalid-not-dropped",
    .severity = Severity::Warning,
    .confidence = Confidence::Replayed,
    .meaning = "REJECT answers packets that belong to no connection",
    .why =
        "A SYN-ACK nobody asked for (backscatter of somebody else's flood), a late duplicate: conntrack calls them "
        "INVALID, "
        "and so it calls the reset that REJECT answers with. That reset passes no rule for established traffic, so it "
        "is "
        "logged or dropped on its way out; and one that answers a late duplicate ends a healthy connection, which is "
        "why "
        "iptables' own manual says not to reject INVALID packets. One finding per chain.",
    .wrong = {.rules = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 25 -j ACCEPT\n"
                       "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"},
    .right = {.rules = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -m conntrack --ctstate INVALID -j DROP\n"
                       "-A INPUT -p tcp --dport 25 -j ACCEPT\n"
                       "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"},
    .run = run,
};

}  // namespace mailweir::rules
