#include <algorithm>
#include <set>

#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

// The error goes to ourselves, over lo: does it arrive?
bool error_arrives(LintSubject& subject, bool v4) {
  for (const Way way : {Way::Out, Way::In}) {
    PacketBox error = icmp_packets(v4, v4 ? 3 : 1, v4 ? 3 : 4, ConnectionState::Related, way);
    PacketBox box;
    for (const FieldValues& values : error.fields())
      if (values.field != Field::InputInterface && values.field != Field::OutputInterface) box.constrain(values);
    const IntervalSet lo = IntervalSet::single(interface_value("lo"));
    box.constrain(FieldValues{way == Way::Out ? Field::OutputInterface : Field::InputInterface, lo, false});
    const auto packet = sample_packet(box, way, v4);
    if (packet && subject.stage().play(*packet, way).end == Played::End::Stopped) return false;
  }
  return true;
}

void run(LintSubject& subject) {
  std::set<const Chain*> told;
  for (const RulePlace& place : subject.rules()) {
    const Reject* reject = reject_of(*place.rule);
    if (reject == nullptr || reject->kind == Reject::Kind::TcpReset || told.contains(place.chain)) continue;
    const auto hooks = subject.hooks_of(*place.chain);
    if (std::ranges::find(hooks, Hook::Output) == hooks.end()) continue;
    const bool v4 = place.table->family != RuleFamily::Ip6;
    if (error_arrives(subject, v4)) continue;
    const auto witness = subject.packet_reaching(place, PacketBox());
    if (!witness) continue;
    told.insert(place.chain);
    Finding& finding = subject.add(Confidence::Replayed, place,
                                   "the error it answers with goes to this machine itself, over lo, and is stopped "
                                   "there: programs wait as if it were DROP");
    finding.witness = witness;
    finding.fix = "accept what goes over lo, in OUTPUT and in INPUT, before everything else";
  }
}

}  // namespace

const Check l15{
    .number = "L15",
    .id = "reject-in-output",
    .severity = Severity::Warning,
    .confidence = Confidence::Replayed,
    .meaning = "REJECT answers programs of this machine with an error that never arrives",
    .why =
        "Measured: the ICMP error of a REJECT in OUTPUT passes OUTPUT to lo and INPUT from lo, as RELATED. Where one "
        "of them stops it, the program never hears of it and waits until it gives up.",
    .wrong = {.rules = "-A INPUT -i lo -p tcp -j ACCEPT\n"
                       "-A INPUT -i lo -j DROP\n"
                       "-A OUTPUT -p tcp --dport 25 -j REJECT --reject-with icmp-port-unreachable\n"},
    .right = {.rules = "-A INPUT -i lo -j ACCEPT\n"
                       "-A OUTPUT -p tcp --dport 25 -j REJECT --reject-with icmp-port-unreachable\n"},
    .run = run,
};

}  // namespace mailweir::rules
