#include "lint/invalid_drop.h"

#include "lint/packet_kinds.h"

namespace mailweir::rules {

void propose_invalid_drop(LintSubject& subject, const RulePlace& chain, Finding& finding) {
  finding.fix = "drop INVALID packets before the first rule that accepts without asking for the state";
  if (!chain.chain->hook) return;
  const PacketBox invalid = tcp_packets(ConnectionState::Invalid, Way::In);
  RulePlace before = chain;
  before.number = 1;
  for (const Rule& rule : chain.chain->rules) {
    if (effect_of(rule) != Effect::GoesOn && subject.spaces().space_of(rule).box.meets(invalid)) break;
    ++before.number;
  }
  Rule drop;
  drop.parts = {Match{.operand = {Field::ConnectionState}, .values = values_of(ConnectionState::Invalid)}, Counter{},
                Verdict{.kind = Verdict::Kind::Drop, .chain = {}}};
  finding.edits.push_back(insertion(before, std::move(drop)));
  PacketBox meant;
  meant.constrain(FieldValues{Field::ConnectionState, values_of(ConnectionState::Invalid), false});
  finding.may_change.push_back(std::move(meant));
}

}  // namespace mailweir::rules
