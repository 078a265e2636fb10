#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "lint/redirections.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

// Ports that both name, and that are another one when the filter sees them.
IntervalSet common_ports(LintSubject& subject, const Redirection& redirection, const Rule& rule) {
  if (!asks_for(rule, Field::DestinationPort)) return {};
  const IntervalSet before = redirection.box.at(Field::DestinationPort).values;
  const IntervalSet asked = subject.spaces().space_of(rule).box.at(Field::DestinationPort).values;
  if (asked.contains(*redirection.port) || before.contains(*redirection.port)) return {};
  const IntervalSet both = before.intersected(asked);
  IntervalSet ports;
  for (const Interval& interval : both.intervals())
    if (names_port(rule, static_cast<std::uint16_t>(interval.first)))
      ports = ports.united(IntervalSet::single(interval.first));
  return ports;
}

void look_at(LintSubject& subject, const Redirection& redirection, const RulePlace& place, bool v4) {
  const Rule& rule = *place.rule;
  const Effect effect = effect_of(rule);
  if ((effect != Effect::Accept && !stops(effect)) || is_limited(rule)) return;
  const auto ports = common_ports(subject, redirection, rule);
  if (ports.empty()) return;
  PacketBox box = freed(subject.spaces().space_of(rule).box, {Field::DestinationAddress, Field::ConnectionState,
                                                              Field::OutputInterface, Field::DestinationPort});
  box.constrain(FieldValues{Field::DestinationPort, ports, false});
  // A rule that stops may be meant for what is not redirected, if there is such.
  if (stops(effect) && (redirection.nat->kind != Nat::Kind::Redirect || !redirection.box.covers(box))) return;
  const auto played = play_redirected(subject, box.intersected(redirection.box), v4, *redirection.place.rule);
  if (!played || played->passes != stops(effect)) return;
  const std::string port = values_text(Field::DestinationPort, ports);
  Finding& finding =
      subject.add(Confidence::Replayed, place,
                  fmt::format("{} port {}, but {} makes it port {} before this rule sees it, and the packet {}",
                              name_of(effect), port, place_text(redirection.place), *redirection.port,
                              stops(effect) ? "passes" : "is " + played->witness.fate));
  finding.related.push_back({redirection.place, fmt::format("sends port {} to port {}", port, *redirection.port)});
  finding.witness = played->witness;
  finding.fix = fmt::format("ask for port {} here, or for the port as it was: -m conntrack --ctorigdstport {}",
                            *redirection.port, port);
  if (effect != Effect::Accept || match_of(rule, Field::DestinationPort) == nullptr) return;
  Rule changed = rule;
  for (RulePart& part : changed.parts)
    if (auto* match = std::get_if<Match>(&part); match != nullptr && match->operand.field == Field::DestinationPort)
      *match = Match{.operand = {Field::DestinationPort}, .values = IntervalSet::single(*redirection.port)};
  finding.edits.push_back(insertion(place, std::move(changed)));
  PacketBox may;
  may.constrain(FieldValues{Field::DestinationPort, ports.united(IntervalSet::single(*redirection.port)), false});
  finding.may_change.push_back(std::move(may));
}

void run(LintSubject& subject) {
  for (const bool v4 : {true, false})
    for (const Redirection& redirection : redirections(subject, v4)) {
      if (!redirection.port || !asks_for(*redirection.place.rule, Field::DestinationPort)) continue;
      const Hook hook = redirection.elsewhere ? Hook::Forward : Hook::Input;
      for (const RulePlace& place : subject.filtering_rules(hook, v4)) look_at(subject, redirection, place, v4);
    }
}

}  // namespace

const Check l32{
    .number = "L32",
    .id = "port-changed-before-filter",
    .severity = Severity::Error,
    .confidence = Confidence::Replayed,
    .meaning = "a rule asks for a port that REDIRECT or DNAT has changed before",
    .why =
        "Address translation comes before the filter: after REDIRECT --to-ports 10025 a packet to port 25 is one to "
        "port 10025, and a rule for port 25 does not take it. What was to be accepted is dropped, or what was to be "
        "stopped passes.",
    .wrong = {.rules = "-t nat -A PREROUTING -i eth1 -p tcp --dport 25 -j REDIRECT --to-ports 10025\n"
                       "-A INPUT -i eth1 -p tcp --dport 25 -j ACCEPT\n"
                       "-A INPUT -i eth1 -j DROP\n"},
    .right = {.rules = "-t nat -A PREROUTING -i eth1 -p tcp --dport 25 -j REDIRECT --to-ports 10025\n"
                       "-A INPUT -i eth1 -p tcp --dport 10025 -j ACCEPT\n"
                       "-A INPUT -i eth1 -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
