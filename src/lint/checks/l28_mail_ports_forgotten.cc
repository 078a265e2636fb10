#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/mail_ports.h"
#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

// The same rule for other ports.
Rule for_ports(Rule rule, const IntervalSet& ports) {
  for (RulePart& part : rule.parts) {
    if (auto* match = std::get_if<Match>(&part); match != nullptr && match->operand.field == Field::DestinationPort)
      *match = Match{.operand = {Field::DestinationPort}, .values = ports};
    if (auto* counter = std::get_if<Counter>(&part)) *counter = Counter{.packets = {}, .bytes = {}, .name = {}};
  }
  rule.comment.clear();
  return rule;
}

void look_at(LintSubject& subject, const RulePlace& place, Way way) {
  const bool v4 = place.table->family != RuleFamily::Ip6;
  if (!subject.packet_reaching(place, opening(kProtocolTcp, 25))) return;
  IntervalSet forgotten;
  std::optional<Witness> witness;
  for (const std::uint16_t port : kSubmissionPorts) {
    const PacketBox others = freed(subject.spaces().space_of(*place.rule).box, {Field::DestinationPort})
                                 .intersected(opening(kProtocolTcp, port));
    const auto passing = subject.packet_that(Played::End::Passes, others, way, v4);
    if (!passing) continue;
    forgotten = forgotten.united(IntervalSet::single(port));
    if (!witness) witness = passing;
  }
  if (forgotten.empty()) return;
  const bool all = std::ranges::all_of(kSubmissionPorts, [&](std::uint16_t port) { return forgotten.contains(port); });
  if (all && !subject.ruleset().whole) return;  // what a fragment does not mention may stand elsewhere
  const std::string ports = values_text(Field::DestinationPort, forgotten);
  Finding& finding = subject.add(
      Confidence::Replayed, place,
      all ? fmt::format("stops mail to port 25, while ports {} stay open: with a stolen password mail still leaves by "
                        "them (fine where people may submit mail to their providers)",
                        ports)
          : fmt::format("stops mail to port 25, and port {} was forgotten: mail still leaves by it", ports));
  if (all) finding.severity = Severity::Info;
  finding.witness = witness;
  finding.fix = fmt::format("do the same with ports {}, or slow them down per client", ports);
  if (all || place.rule->parts.empty() || match_of(*place.rule, Field::DestinationPort) == nullptr) return;
  RulePlace behind = place;
  ++behind.number;
  finding.edits.push_back(insertion(behind, for_ports(*place.rule, forgotten)));
  PacketBox changed;
  changed.constrain(FieldValues{Field::DestinationPort, forgotten, false});
  finding.may_change.push_back(std::move(changed));
}

void run(LintSubject& subject) {
  std::set<std::pair<const Chain*, Way>> told;
  for (const RulePlace& place : subject.rules()) {
    if (!stops_named(subject, place, 25)) continue;
    for (const Hook hook : subject.hooks_of(*place.chain)) {
      if (hook != Hook::Output && hook != Hook::Forward) continue;
      const Way way = hook == Hook::Output ? Way::Out : Way::Through;
      if (told.insert({place.chain, way}).second) look_at(subject, place, way);
    }
  }
}

}  // namespace

const Check l28{
    .number = "L28",
    .id = "submission-ports-forgotten",
    .severity = Severity::Warning,
    .confidence = Confidence::Replayed,
    .meaning = "port 25 is stopped, a port for submitting mail (465, 587) is not",
    .why =
        "Spam leaves by three ports: 25 to anybody's server, 465 and 587 to a provider with a stolen password. Rules "
        "that stop 25 and one of the others mostly mean all three. That 25 alone is stopped is what many providers do, "
        "so that is no more than a remark.",
    .wrong = {.rules = "-A FORWARD -p tcp -m multiport --dports 25,465 -j DROP\n"},
    .right = {.rules = "-A FORWARD -p tcp -m multiport --dports 25,465,587 -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
