#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

void run(LintSubject& subject) {
  for (const RulePlace& place : subject.rules()) {
    if (effect_of(*place.rule) != Effect::Accept) continue;
    const PacketBox& box = subject.spaces().space_of(*place.rule).box;
    const FieldValues from = box.at(Field::SourcePort);
    if (from.absent || !box.at(Field::DestinationPort).absent) continue;  // no port said, or the other one said too
    if (from.values.covers(IntervalSet::range(1024, 65535))) continue;    // "from unprivileged ports" trusts nobody
    // From an address that is trusted anyway.
    if (box.is_constrained(Field::SourceAddress)) continue;
    const auto hooks = subject.hooks_of(*place.chain);
    for (const Hook hook : hooks) {
      if (hook != Hook::Input && hook != Hook::Forward) continue;
      const Way way = hook == Hook::Input ? Way::In : Way::Through;
      const bool v4 = place.table->family != RuleFamily::Ip6;
      // Where everything passes anyway, nothing is lost.
      if (!subject.denies_by_default(way, v4)) continue;
      PacketBox fresh(place.table->family);
      fresh.constrain(FieldValues{Field::ConnectionState, values_of(ConnectionState::New), false});
      const IntervalSet lo = IntervalSet::single(interface_value("lo"));
      fresh.constrain(FieldValues{Field::InputInterface, lo.complement(128), false});
      fresh.constrain(FieldValues{Field::DestinationPort, IntervalSet::single(3306), false});
      const auto witness = subject.packet_reaching(place, fresh);
      if (!witness || witness->way == Way::Out) continue;
      Finding& finding = subject.add(Confidence::Replayed, place,
                                     fmt::format("lets everybody in who sends from port {}: whoever connects chooses "
                                                 "that port, and reaches every port here",
                                                 values_text(Field::SourcePort, from.values, 3)));
      finding.witness = witness;
      finding.fix = "accept answers by their state: -m conntrack --ctstate ESTABLISHED";
      Rule answers = *place.rule;
      const auto end = std::ranges::find_if(answers.parts, [](const RulePart& part) { return !is_match(part); });
      answers.parts.insert(
          end, Match{.operand = {Field::ConnectionState}, .values = values_of(ConnectionState::Established)});
      if (!asks_for(*place.rule, Field::ConnectionState))
        finding.edits.push_back(LintSubject::replacement(place, std::move(answers)));
      finding.may_change.push_back(box);
      break;
    }
  }
}

}  // namespace

const Check l22{
    .number = "L22",
    .id = "source-port-trusted",
    .severity = Severity::Error,
    .confidence = Confidence::Replayed,
    .meaning = "packets are let in because of the port they come from",
    .why =
        "-p tcp --sport 25 -j ACCEPT is meant for answers of mail servers. But the sender chooses the source port: "
        "with it, every port of this machine is open to everybody. Answers are known by their connection.",
    .wrong = {.rules = "-A INPUT -i lo -j ACCEPT\n"
                       "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --sport 25 -j ACCEPT\n"
                       "-A INPUT -j DROP\n"},
    .right = {.rules = "-A INPUT -i lo -j ACCEPT\n"
                       "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 25 -j ACCEPT\n"
                       "-A INPUT -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
