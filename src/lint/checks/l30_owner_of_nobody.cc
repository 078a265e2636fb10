#include <fmt/format.h>

#include <algorithm>

#include "base/mail_ports.h"
#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

bool asks_for_owner(const Rule& rule) {
  return asks_for(rule, Field::SocketUser) || asks_for(rule, Field::SocketGroup);
}

void at_wrong_place(LintSubject& subject, const RulePlace& place, bool forwarded) {
  Finding& finding =
      subject.add(Confidence::Heuristic, place,
                  fmt::format("asks for the user who sends, and packets {} have none: they were sent elsewhere",
                              forwarded ? "in forward" : "in input"));
  finding.fix = "ask for the user in OUTPUT; for packets of others ask for their address or interface";
}

// Who is stopped by his user id goes on over connections he has.
void running_connections(LintSubject& subject, const RulePlace& place) {
  const bool v4 = place.table->family != RuleFamily::Ip6;
  for (const std::uint16_t port : {kTransferPorts[0], kSubmissionPorts[0], kSubmissionPorts[1]}) {
    if (!stops_named(subject, place, port) || !subject.packet_reaching(place, opening(kProtocolTcp, port))) continue;
    PacketBox going =
        freed(subject.spaces().space_of(*place.rule).box, {Field::ConnectionState, Field::DestinationPort})
            .intersected(in_state(ConnectionState::Established));
    going.constrain(FieldValues{Field::DestinationPort, IntervalSet::single(port), false});
    const auto passing = subject.packet_that(Played::End::Passes, going, Way::Out, v4);
    if (!passing) continue;
    Finding& finding = subject.add(Confidence::Replayed, place,
                                   "stops new connections of that user only: those he has when the rule is loaded are "
                                   "accepted before it, and go on sending");
    finding.severity = Severity::Info;
    finding.witness = passing;
    finding.fix = fmt::format("end them once, after loading the rules: ss -K dport = {}", port);
    return;
  }
}

void run(LintSubject& subject) {
  for (const RulePlace& place : subject.rules()) {
    if (!asks_for_owner(*place.rule)) continue;
    const auto hooks = subject.hooks_of(*place.chain);
    const auto only = [&](Hook hook) {
      return !hooks.empty() && std::ranges::all_of(hooks, [hook](Hook each) { return each == hook; });
    };
    if (only(Hook::Input) || only(Hook::Forward))
      at_wrong_place(subject, place, only(Hook::Forward));
    else if (std::ranges::find(hooks, Hook::Output) != hooks.end())
      running_connections(subject, place);
  }
}

}  // namespace

const Check l30{
    .number = "L30",
    .id = "owner-not-known",
    .severity = Severity::Warning,
    .confidence = Confidence::Heuristic,
    .meaning = "a rule asks for the user of packets that have none, or too late",
    .why =
        "Only packets that a program of this machine sends have an owner. Those that arrive, are forwarded or are made "
        "by the kernel have none, so the rule never takes them, or, negated, takes them all. And a rule that stops a "
        "user behind one that accepts established connections leaves his running ones alone: a spammer who is "
        "connected when the rule is loaded goes on.",
    .wrong = {.rules = R"({"nftables": [{"table": {"family": "inet", "name": "mail"}},
{"chain": {"family": "inet", "table": "mail", "name": "forward", "type": "filter", "hook": "forward", "prio": 0, "policy": "accept"}},
{"rule": {"family": "inet", "table": "mail", "chain": "forward", "expr": [
  {"match": {"op": "==", "left": {"meta": {"key": "skuid"}}, "right": 33}},
  {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [25, 465, 587]}}},
  {"drop": null}]}}]}
)"},
    .right = {.rules = "-A OUTPUT -p tcp -m owner --uid-owner 33 -m multiport --dports 25,465,587 -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
