#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/packet_kinds.h"

namespace mailweir::rules {
namespace {

bool untracks(const Rule& rule) {
  return std::ranges::any_of(rule.parts, [](const RulePart& part) { return std::holds_alternative<Notrack>(part); });
}

// The same packet as conntrack would see it were the rule not there.
bool passes_tracked(LintSubject& subject, SimulatedPacket packet, Way way) {
  for (const ConnectionState state : {ConnectionState::New, ConnectionState::Established}) {
    packet.asserted_state = state;
    if (subject.stage().play(packet, way).end == Played::End::Passes) return true;
  }
  return false;
}

void look_at(LintSubject& subject, const RulePlace& place, Way way, bool v4) {
  const RuleSpace& space = subject.spaces().space_of(*place.rule);
  if (!space.exact || !space.box.facts().empty()) return;
  // Nothing is tracked yet where raw looks, and nothing is routed yet before PREROUTING.
  const PacketBox seen = way == Way::Out ? freed(space.box, {Field::ConnectionState})
                                         : freed(space.box, {Field::ConnectionState, Field::OutputInterface});
  const PacketBox untracked = seen.intersected(in_state(ConnectionState::Untracked));
  const auto stopped = subject.packet_that(Played::End::Stopped, untracked, way, v4);
  if (!stopped || !passes_tracked(subject, stopped->packet, way)) return;
  Finding& finding = subject.add(Confidence::Replayed, place,
                                 fmt::format("takes packets out of connection tracking, and rules that ask for NEW or "
                                             "ESTABLISHED no longer take them: {}",
                                             stopped->fate));
  finding.witness = stopped;
  finding.fix = "accept these packets without asking for the state (or with --ctstate UNTRACKED), in both directions";
}

void run(LintSubject& subject) {
  for (const RulePlace& place : subject.rules()) {
    if (!untracks(*place.rule) || subject.dead().find(*place.rule) != nullptr) continue;
    const auto hooks = subject.hooks_of(*place.chain);
    const bool v4 = place.table->family != RuleFamily::Ip6;
    if (std::ranges::find(hooks, Hook::Prerouting) != hooks.end()) look_at(subject, place, Way::In, v4);
    if (std::ranges::find(hooks, Hook::Output) != hooks.end()) look_at(subject, place, Way::Out, v4);
  }
}

}  // namespace

const Check l47{
    .number = "L47",
    .id = "untracked-stopped",
    .severity = Severity::Error,
    .confidence = Confidence::Replayed,
    .meaning = "NOTRACK packets are stopped by rules that wait for a connection state",
    .why =
        "What NOTRACK takes out of connection tracking is UNTRACKED: neither NEW nor ESTABLISHED, and nor are the "
        "answers. Rules that accept by state pass it by, and the default drops it. Said where the simulator shows such "
        "a "
        "packet stopped that would pass if it were tracked.",
    .wrong = {.rules = "-t raw -A PREROUTING -p udp --dport 53 -j NOTRACK\n"
                       "-A INPUT -p udp --dport 53 -m conntrack --ctstate "
                       "NEW,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p udp -j DROP\n"},
    .right = {.rules = "-t raw -A PREROUTING -p udp --dport 53 -j NOTRACK\n"
                       "-A INPUT -p udp --dport 53 -j ACCEPT\n"
                       "-A INPUT -p udp -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
