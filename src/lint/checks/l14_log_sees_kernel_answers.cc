#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lint/check.h"
#include "lint/invalid_drop.h"
#include "lint/packet_kinds.h"
#include "lint/subject.h"
#include "record/packet_sighting.h"

namespace mailweir::rules {
namespace {

// A packet of no connection that comes in and is answered: REJECT does, and so does a port, open or closed.
std::optional<Witness> answered_packet(LintSubject& subject, bool v4) {
  const PacketBox invalid = tcp_packets(ConnectionState::Invalid, Way::In);
  if (auto passes = subject.packet_that(Played::End::Passes, invalid, Way::In, v4)) return passes;
  auto stopped = subject.packet_that(Played::End::Stopped, invalid, Way::In, v4);
  if (stopped && stopped->fate.starts_with("rejected")) return stopped;
  return std::nullopt;
}

void run(LintSubject& subject) {
  PacketBox reset = tcp_packets(ConnectionState::Invalid, Way::Out);
  reset.constrain(FieldValues{Field::TcpFlags, IntervalSet::single(tcp_flag::kRst), false});
  std::set<const Chain*> told;
  for (const RulePlace& place : subject.rules()) {
    if (log_of(*place.rule) == nullptr || told.contains(place.chain)) continue;
    // One that watches a port means that port's packets, whoever made them.
    if (asks_for(*place.rule, Field::DestinationPort) || asks_for(*place.rule, Field::SourcePort)) continue;
    const auto hooks = subject.hooks_of(*place.chain);
    if (std::ranges::find(hooks, Hook::Output) == hooks.end()) continue;
    const auto witness = subject.packet_reaching(place, reset);
    if (!witness || witness->way != Way::Out) continue;
    const bool v4 = witness->packet.is_v4();
    const auto cause = answered_packet(subject, v4);
    if (!cause) continue;
    told.insert(place.chain);
    Finding& finding = subject.add(
        Confidence::Replayed, place,
        fmt::format(
            "logs resets that the kernel makes itself: it answers packets of no connection ({}: {}), and its answers "
            "pass no rule for established traffic",
            packet_text(cause->packet), cause->fate));
    finding.witness = witness;
    if (const auto input = subject.main_chain(Way::In, v4)) propose_invalid_drop(subject, *input, finding);
    finding.fix = "drop INVALID packets in INPUT, before the first rule that accepts without asking for the state";
  }
}

}  // namespace

const Check l14{
    .number = "L14",
    .id = "log-sees-kernel-answers",
    .severity = Severity::Warning,
    .confidence = Confidence::Replayed,
    .meaning = "a log rule of OUTPUT sees resets that no program sent",
    .why =
        "To a packet of no connection the kernel answers with a reset, be it by REJECT or because nothing listens at "
        "that port. The reset is INVALID like its cause, so it comes to the rule that logs unknown outgoing packets. "
        "Lines with RST and port 80 then look like a program nobody started. One finding per chain.",
    .wrong = {.rules = "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A OUTPUT -m limit --limit 10/min -j LOG --log-prefix \"unknown out: \"\n"},
    .right = {.rules = "-A INPUT -m conntrack --ctstate INVALID -j DROP\n"
                       "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A OUTPUT -m limit --limit 10/min -j LOG --log-prefix \"unknown out: \"\n"},
    .run = run,
};

}  // namespace mailweir::rules
