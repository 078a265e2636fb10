#include <fmt/format.h>

#include "lint/check.h"
#include "lint/subject.h"
#include "lint/usual_packets.h"

namespace mailweir::rules {
namespace {

void run(LintSubject& subject) {
  if (!subject.is_complete()) return;
  for (const bool v4 : {true, false})
    for (const Way way : {Way::In, Way::Out}) {
      if (!subject.filters(way, v4) || !subject.denies_by_default(way, v4)) continue;
      const auto packet = sample_packet(loopback_packets(way), way, v4);
      if (!packet) continue;
      const Played played = subject.stage().play(*packet, way);
      if (played.end != Played::End::Stopped) continue;
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
      finding.edits.push_back(LintSubject::insertion(first, std::move(accept)));
      PacketBox meant;
      meant.constrain(FieldValues{field, lo, false});
      finding.may_change.push_back(std::move(meant));
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
        "what cron "
        "says, databases. Without a rule for lo they wait until they give up.",
    .wrong = {.rules = "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
                       "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                       "COMMIT\n",
              .rules_v6 = "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
                          "-A INPUT -i lo -j ACCEPT\n"
                          "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                          "-A INPUT -p ipv6-icmp -j ACCEPT\n"
                          "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                          "COMMIT\n"},
    .right = {.rules = "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
                       "-A INPUT -i lo -j ACCEPT\n"
                       "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                       "COMMIT\n"},
    .run = run,
};

}  // namespace mailweir::rules
