#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "lint/redirections.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

// Packets that the rule of INPUT means to keep out.
std::vector<PacketBox> kept_out(LintSubject& subject, const RulePlace& place, const PacketBox& redirected, bool v4) {
  const PacketBox& box = subject.spaces().space_of(*place.rule).box;
  const Effect effect = effect_of(*place.rule);
  if (stops(effect) && !is_limited(*place.rule)) return {freed(box, {Field::ConnectionState}).intersected(redirected)};
  // "Only from there", and nobody else.
  if (effect == Effect::Accept && box.is_constrained(Field::SourceAddress) && subject.denies_by_default(Way::In, v4))
    return redirected.without(freed(box, {Field::ConnectionState}));
  return {};
}

bool look_at(LintSubject& subject, const Redirection& redirection, const RulePlace& place, bool v4) {
  if (!asks_for(*place.rule, Field::DestinationPort)) return false;
  const IntervalSet ports =
      redirection.box.at(Field::DestinationPort)
          .values.intersected(subject.spaces().space_of(*place.rule).box.at(Field::DestinationPort).values);
  if (ports.empty() || !names_port(*place.rule, static_cast<std::uint16_t>(ports.front().first))) return false;
  PacketBox redirected = redirection.box;
  redirected.constrain(FieldValues{Field::DestinationPort, ports, false});
  for (const PacketBox& box : kept_out(subject, place, redirected, v4)) {
    const auto played = play_redirected(subject, box, v4, *redirection.place.rule);
    if (!played || !played->passes) continue;
    Finding& finding = subject.add(
        Confidence::Replayed, place,
        fmt::format("does not guard port {}: {} sends its packets to {}, so they go through FORWARD and never come to "
                    "INPUT",
                    values_text(Field::DestinationPort, ports), place_text(redirection.place),
                    redirection.nat->first_address->text()));
    finding.related.push_back({redirection.place, "sends them on"});
    finding.witness = played->witness;
    finding.fix =
        "stop them in FORWARD (with Docker: in DOCKER-USER), by the port as it was: -m conntrack --ctorigdstport, or "
        "publish the port on 127.0.0.1 only";
    return true;
  }
  return false;
}

void run(LintSubject& subject) {
  for (const bool v4 : {true, false})
    for (const Redirection& redirection : redirections(subject, v4)) {
      // With an address, INPUT may be meant for the others.
      if (!redirection.elsewhere || redirection.box.is_constrained(Field::DestinationAddress)) continue;
      if (!asks_for(*redirection.place.rule, Field::DestinationPort)) continue;
      for (const RulePlace& place : subject.filtering_rules(Hook::Input, v4))
        if (look_at(subject, redirection, place, v4)) break;
    }
}

}  // namespace

const Check l36{
    .number = "L36",
    .id = "forwarded-port-thought-closed",
    .severity = Severity::Error,
    .confidence = Confidence::Replayed,
    .meaning = "INPUT guards a port whose packets DNAT sends through FORWARD",
    .why =
        "Docker publishes a port with DNAT: its packets are for the container, and pass FORWARD. Rules of INPUT, and "
        "tools that write only those, never see them: a database or an open relay that was thought closed is open to "
        "everybody.",
    .wrong = {.rules = "-t nat -A PREROUTING -p tcp --dport 8025 -j DNAT --to-destination 172.17.0.2:25\n"
                       "-A INPUT -p tcp --dport 8025 -j DROP\n"
                       "-A FORWARD -d 172.17.0.2 -p tcp --dport 25 -j ACCEPT\n"},
    .right = {.rules = "-t nat -A PREROUTING -p tcp --dport 8025 -j DNAT --to-destination 172.17.0.2:25\n"
                       "-A FORWARD -p tcp -m conntrack --ctorigdstport 8025 -j DROP\n"
                       "-A FORWARD -d 172.17.0.2 -p tcp --dport 25 -j ACCEPT\n"},
    .run = run,
};

}  // namespace mailweir::rules
