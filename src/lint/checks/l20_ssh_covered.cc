#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "lint/ssh.h"
#include "lint/subject.h"
#include "record/packet_sighting.h"

namespace mailweir::rules {
namespace {

void run(LintSubject& subject) {
  for (const bool v4 : {true, false}) {
    const RulePlace* accepts = accepts_ssh(subject, v4);
    if (accepts == nullptr || subject.dead().find(*accepts->rule) != nullptr) continue;
    // Nothing of what the rule is for gets through, whatever address it comes from.
    PacketBox box = packets_to(kTcp, kSshPort, ConnectionState::New, Way::In)
                        .intersected(subject.spaces().space_of(*accepts->rule).box);
    box.constrain(FieldValues{Field::TcpFlags, IntervalSet::single(tcp_flag::kSyn), false});
    const auto packet = sample_packet(box, Way::In, v4);
    if (!packet || subject.packet_reaching(*accepts, box)) continue;
    const Played played = subject.stage().play(*packet, Way::In);
    const Rule* stopper = played.fate().rule;
    if (played.end != Played::End::Stopped || !played.certain() || stopper == nullptr) continue;
    const auto place = std::ranges::find(subject.rules(), stopper, &RulePlace::rule);
    if (place == subject.rules().end() || place->chain != accepts->chain || place->number > accepts->number) continue;
    // All of them, not only the packet that was tried.
    if (!subject.spaces().space_of(*stopper).box.covers(box)) continue;
    Finding& finding =
        subject.add(Confidence::Replayed, *place,
                    fmt::format("stops new ssh connections before {} can accept them", place_text(*accepts)));
    finding.related.push_back({*accepts, "accepts ssh, too late"});
    finding.witness = subject.stage().witness(*packet, Way::In, played);
    finding.fix = fmt::format("move {} before it", place_text(*accepts));
    RuleEdit move = removal(*accepts);
    move.kind = RuleEdit::Kind::Move;
    move.before = place->number;
    finding.edits.push_back(std::move(move));
    finding.may_change.push_back(subject.spaces().space_of(*accepts->rule).box);
  }
}

}  // namespace

const Check l20{
    .number = "L20",
    .id = "ssh-covered",
    .severity = Severity::Error,
    .confidence = Confidence::Replayed,
    .meaning = "ssh is accepted, behind a rule that stops it",
    .why =
        "The rule for ssh is there and still matches something, so it looks right; but connections cannot be opened, "
        "because a rule before it stops every first packet. Sessions that are open go on, and nobody notices until the "
        "next login.",
    .wrong = {.rules = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --syn -j DROP\n"
                       "-A INPUT -p tcp --dport 22 -j ACCEPT\n"},
    .right = {.rules = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                       "-A INPUT -p tcp --syn -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
