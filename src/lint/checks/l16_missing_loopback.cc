#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/example_rules.h"
#include "lint/packet_kinds.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

// A rule that lets some of it through: then somebody thought of lo, and means to stop the rest.
bool some_is_accepted(LintSubject& subject, Way way, bool v4) {
  const Field side = way == Way::In ? Field::InputInterface : Field::OutputInterface;
  PacketBox lo;
  lo.constrain(FieldValues{side, IntervalSet::single(interface_value("lo")), false});
  return std::ranges::any_of(subject.filtering_rules(filter_hook(way), v4), [&](const RulePlace& place) {
    if (effect_of(*place.rule) != Effect::Accept) return false;
    const PacketBox& box = subject.spaces().space_of(*place.rule).box;
    if (!box.meets(loopback_packets(way))) return false;
    const FieldValues to = box.at(Field::DestinationAddress);
    const IntervalSet own = values_of(*IpPrefix::parse(v4 ? "127.0.0.0/8" : "::1/128"));
    return box.at(side) == lo.at(side) || own.covers(to.values);
  });
}

void run(LintSubject& subject) {
  if (!subject.is_complete()) return;
  for (const bool v4 : {true, false})
    for (const Way way : {Way::In, Way::Out}) {
      if (!subject.filters(way, v4) || !subject.denies_by_default(way, v4)) continue;
      const auto packet = sample_packet(loopback_packets(way), way, v4);
      if (!packet) continue;
      const Played played = subject.stage().play(*packet, way);
      if (played.end != Played::End::Stopped || some_is_accepted(subject, way, v4)) continue;
      const auto chain = subject.main_chain(way, v4);
      if (!chain) continue;
      Finding& finding = subject.add(
          Confidence::Replayed, *chain,
          fmt::format(
              "stops what programs of this machine send each other over lo ({}): local resolvers, databases and mail "
              "servers cannot be reached",
              v4 ? "IPv4" : "IPv6"));
      finding.witness = subject.stage().witness(*packet, way, played);
      finding.fix = fmt::format("accept it first: -A {} {} lo -j ACCEPT", way == Way::In ? "INPUT" : "OUTPUT",
                                way == Way::In ? "-i" : "-o");
      Rule accept;
      const Field field = way == Way::In ? Field::InputInterface : Field::OutputInterface;
      const IntervalSet lo = IntervalSet::single(interface_value("lo"));
      accept.parts = {Match{.operand = {field}, .values = lo}, Counter{},
                      Verdict{.kind = Verdict::Kind::Accept, .chain = {}}};
      RulePlace first = *chain;
      first.number = 1;
      finding.edits.push_back(insertion(first, std::move(accept)));
      // What leaves by lo comes back by it.
      for (const Field side : {Field::InputInterface, Field::OutputInterface}) {
        PacketBox meant;
        meant.constrain(FieldValues{side, lo, false});
        finding.may_change.push_back(std::move(meant));
      }
    }
}

}  // namespace

const Check l16{
    .number = "L16",
    .id = "missing-loopback",
    .severity = Severity::Error,
    .confidence = Confidence::Replayed,
    .meaning = "everything is denied by default, and so is lo",
    .why =
        "Programs of one machine talk to each other over lo: the resolver at 127.0.0.53, the mail server that takes "
        "what cron says, databases. Without a rule for lo they wait until they give up.",
    .wrong = {.rules = "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
                       "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                       "COMMIT\n",
              .rules_v6 = kDenyByDefaultV6},
    .right = {.rules = kDenyByDefault},
    .run = run,
};

}  // namespace mailweir::rules
