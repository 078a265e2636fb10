#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/invalid_drop.h"
#include "lint/packet_kinds.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

bool drops_invalid(LintSubject& subject, const RulePlace& place) {
  if (!stops(effect_of(*place.rule)) || !asks_for(*place.rule, Field::ConnectionState)) return false;
  return values_of(ConnectionState::Invalid)
      .covers(subject.spaces().space_of(*place.rule).box.at(Field::ConnectionState).values);
}

void run(LintSubject& subject) {
  const PacketBox invalid = tcp_packets(ConnectionState::Invalid, Way::In);
  for (const RulePlace& place : subject.rules()) {
    if (!place.chain->hook || place.chain->hook->hook != Hook::Input || !drops_invalid(subject, place)) continue;
    for (std::uint32_t number = 1; number < place.number; ++number) {
      const RulePlace earlier{place.table, place.chain, &place.chain->rules[number - 1], number};
      if (drops_invalid(subject, earlier)) break;
      if (effect_of(*earlier.rule) != Effect::Accept) continue;
      const auto witness = subject.packet_reaching(earlier, invalid);
      if (!witness) continue;
      Finding& finding = subject.add(
          Confidence::Replayed, place,
          fmt::format(
              "comes too late: rule {} has accepted packets of no connection before, and the machine answers them with "
              "resets that are INVALID too",
              number));
      finding.related.push_back({earlier, "accepts without asking for the state"});
      finding.witness = witness;
      finding.fix = fmt::format("move it before rule {}", number);
      RuleEdit move = removal(place);
      move.kind = RuleEdit::Kind::Move;
      move.before = number;
      finding.edits.push_back(std::move(move));
      PacketBox meant;
      meant.constrain(FieldValues{Field::ConnectionState, values_of(ConnectionState::Invalid), false});
      finding.may_change.push_back(std::move(meant));
      break;
    }
  }
}

}  // namespace

const Check l13{
    .number = "L13",
    .id = "invalid-dropped-too-late",
    .severity = Severity::Warning,
    .confidence = Confidence::Replayed,
    .meaning = "INVALID packets are dropped behind a rule that accepts without asking for the state",
    .why =
        "A stray SYN-ACK to an open port passes the rule for that port, and the machine answers it with a reset that "
        "belongs to no connection: the very thing the drop was to prevent. Measured: with the drop behind --dport 22, "
        "a SYN-ACK to port 22 still makes its line in the log of OUTPUT.",
    .wrong = {.rules = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                       "-A INPUT -m conntrack --ctstate INVALID -j DROP\n"},
    .right = {.rules = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -m conntrack --ctstate INVALID -j DROP\n"
                       "-A INPUT -p tcp --dport 22 -j ACCEPT\n"},
    .run = run,
};

}  // namespace mailweir::rules
