#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

void run(LintSubject& subject) {
  for (const Way way : {Way::In, Way::Through}) {
    if (!subject.filters(way, true)) continue;
    const PacketBox box = icmp_packets(true, 3, 4, ConnectionState::Related, way);
    const auto packet = sample_packet(box, way, true);
    if (!packet) continue;
    const Played played = subject.stage().play(*packet, way);
    const Rule* rule = played.fate().rule;
    // A rule that names ICMP; what falls to a rule for everything is L18's.
    if (played.end != Played::End::Stopped || rule == nullptr) continue;
    if (asks_for(*rule, Field::SourceAddress) || asks_for(*rule, Field::DestinationAddress) || is_limited(*rule))
      continue;
    if (!asks_for(*rule, Field::Protocol) && !asks_for(*rule, Field::IcmpTypeCode)) continue;
    for (const RulePlace& place : subject.rules())
      if (place.rule == rule) {
        Finding& finding = subject.add(
            Confidence::Replayed, place,
            "stops \"fragmentation needed\" (ICMP 3/4): on paths with a smaller MTU, connections stall as soon as "
            "something large is sent");
        finding.witness = subject.stage().witness(*packet, way, played);
        finding.fix = "accept RELATED packets before it, or ICMP type 3";
        Rule accept;
        accept.parts = {Match{.operand = {Field::Protocol}, .values = IntervalSet::single(kIcmp)},
                        Match{.operand = {Field::IcmpTypeCode}, .values = IntervalSet::single(3 * 256 + 4)}, Counter{},
                        Verdict{.kind = Verdict::Kind::Accept, .chain = {}}};
        finding.edits.push_back(insertion(place, std::move(accept)));
        PacketBox meant;
        meant.constrain(FieldValues{Field::IcmpTypeCode, IntervalSet::single(3 * 256 + 4), false});
        finding.may_change.push_back(std::move(meant));
        break;
      }
  }
}

}  // namespace

const Check l27{
    .number = "L27",
    .id = "fragmentation-needed-blocked",
    .severity = Severity::Warning,
    .confidence = Confidence::Replayed,
    .meaning = "ICMP \"fragmentation needed\" is stopped",
    .why =
        "Path MTU discovery (RFC 1191) lives by it. Without it small packets pass and large ones vanish: the greeting "
        "of the mail server comes, the mail does not go through. Blocking all ICMP \"for safety\" does that.",
    .wrong = {.rules = "-A INPUT -p icmp -j DROP\n"
                       "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"},
    .right = {.rules = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p icmp -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
