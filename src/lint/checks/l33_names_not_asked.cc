#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

PacketBox question(std::uint8_t protocol) {
  PacketBox box = opening(protocol, 53);
  box.constrain(FieldValues{Field::OutputInterface, IntervalSet::single(interface_value("lo")).complement(128), false});
  return box;
}

bool accepts_port(LintSubject& subject, const RulePlace& place, std::uint8_t protocol, std::uint16_t port) {
  return effect_of(*place.rule) == Effect::Accept && names_port(*place.rule, port) &&
         subject.spaces().space_of(*place.rule).box.meets(opening(protocol, port));
}

void look_at(LintSubject& subject, bool v4) {
  if (!subject.denies_by_default(Way::Out, v4)) return;
  const auto rules = subject.filtering_rules(Hook::Output, v4);
  const auto mail =
      std::ranges::find_if(rules, [&](const RulePlace& place) { return accepts_port(subject, place, 6, 25); });
  if (mail == rules.end() || !subject.packet_reaching(*mail, opening(kProtocolTcp, 25))) return;
  const bool udp = !subject.none_passes(question(kProtocolUdp), Way::Out, v4);
  if (!subject.none_passes(question(kProtocolTcp), Way::Out, v4)) return;
  // Questions may go over the other family.
  if (!udp && !subject.none_passes(question(kProtocolUdp), Way::Out, !v4)) return;
  const auto stopped = subject.packet_that(Played::End::Stopped, question(kProtocolTcp), Way::Out, v4);
  if (!stopped) return;
  Finding& finding = subject.add(
      Confidence::Replayed, *mail,
      udp ? "mail may leave, and names are asked by UDP only: long answers (MX, TXT, DKIM keys) come by TCP port 53, "
            "which is stopped"
          : "mail may leave, but nobody may ask for names: port 53 is stopped, UDP and TCP");
  finding.witness = stopped;
  finding.fix = "let port 53 out, UDP and TCP";
  const auto asks =
      std::ranges::find_if(rules, [&](const RulePlace& place) { return accepts_port(subject, place, 17, 53); });
  if (asks == rules.end()) return;
  Rule by_tcp = *asks->rule;
  for (RulePart& part : by_tcp.parts) {
    if (auto* match = std::get_if<Match>(&part); match != nullptr && match->operand.field == Field::Protocol)
      match->values = IntervalSet::single(kProtocolTcp);
    if (auto* counter = std::get_if<Counter>(&part)) *counter = Counter{.packets = {}, .bytes = {}, .name = {}};
  }
  RulePlace behind = *asks;
  ++behind.number;
  finding.edits.push_back(insertion(behind, std::move(by_tcp)));
  PacketBox changed;
  changed.constrain(FieldValues{Field::DestinationPort, IntervalSet::single(53), false});
  finding.may_change.push_back(std::move(changed));
}

void run(LintSubject& subject) {
  if (!subject.ruleset().whole) return;
  for (const bool v4 : {true, false}) look_at(subject, v4);
}

}  // namespace

const Check l33{
    .number = "L33",
    .id = "names-not-asked",
    .severity = Severity::Warning,
    .confidence = Confidence::Replayed,
    .meaning = "mail may leave, but DNS by TCP (or at all) may not",
    .why =
        "A mail server asks for MX, TXT and TLSA records, and answers that do not fit into a datagram come over TCP. "
        "Where TCP port 53 is stopped, some domains' mail stays in the queue, and some signatures cannot be checked, "
        "while everything else works.",
    .wrong = {.rules = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT DROP [0:0]\n"
                       "-A OUTPUT -o lo -j ACCEPT\n"
                       "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A OUTPUT -p udp --dport 53 -j ACCEPT\n"
                       "-A OUTPUT -p tcp --dport 25 -j ACCEPT\n"
                       "COMMIT\n",
              .rules_v6 = "*filter\n-A OUTPUT -d 2001:db8:bad::/48 -j DROP\nCOMMIT\n"},
    .right = {.rules = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT DROP [0:0]\n"
                       "-A OUTPUT -o lo -j ACCEPT\n"
                       "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A OUTPUT -p udp --dport 53 -j ACCEPT\n"
                       "-A OUTPUT -p tcp --dport 53 -j ACCEPT\n"
                       "-A OUTPUT -p tcp --dport 25 -j ACCEPT\n"
                       "COMMIT\n",
              .rules_v6 = "*filter\n-A OUTPUT -d 2001:db8:bad::/48 -j DROP\nCOMMIT\n"},
    .run = run,
};

}  // namespace mailweir::rules
