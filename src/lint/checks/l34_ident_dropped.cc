#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

constexpr std::uint16_t kIdent = 113;  // RFC 1413

Rule reset_ident() {
  Rule rule;
  rule.parts = {Match{.operand = {Field::Protocol}, .values = IntervalSet::single(kProtocolTcp)},
                Match{.operand = {Field::DestinationPort}, .values = IntervalSet::single(kIdent)},
                Match{.operand = {Field::ConnectionState}, .values = values_of(ConnectionState::New)}, Counter{},
                Reject{.kind = Reject::Kind::TcpReset, .code = 0}};
  return rule;
}

// A rule that accepts mail by name: here lives a mail server.
bool serves_mail(LintSubject& subject, bool v4) {
  for (const Hook hook : {Hook::Output, Hook::Input})
    for (const RulePlace& place : subject.filtering_rules(hook, v4))
      if (effect_of(*place.rule) == Effect::Accept && names_port(*place.rule, 25) &&
          subject.spaces().space_of(*place.rule).box.meets(opening(kProtocolTcp, 25)))
        return true;
  return false;
}

void look_at(LintSubject& subject, bool v4) {
  if (!serves_mail(subject, v4) || subject.none_passes(opening(kProtocolTcp, 25), Way::Out, v4)) return;
  const auto packet = sample_packet(opening(kProtocolTcp, kIdent), Way::In, v4);
  if (!packet) return;
  const Played played = subject.stage().play(*packet, Way::In);
  if (!played.certain() || played.fate().kind != PacketFate::Kind::Dropped) return;
  RulePlace place;
  for (const Table& table : subject.ruleset().tables)
    for (const Chain& chain : table.chains)
      if (&chain == played.fate().chain) place = {&table, &chain, nullptr, 0};
  if (place.chain == nullptr) return;
  const std::size_t rules = place.chain->rules.size();
  const std::size_t number = played.fate().rule == nullptr
                                 ? rules + 1
                                 : static_cast<std::size_t>(played.fate().rule - place.chain->rules.data()) + 1;
  if (played.fate().rule != nullptr)
    place = {place.table, place.chain, played.fate().rule, static_cast<std::uint32_t>(number)};
  Finding& finding = subject.add(Confidence::Replayed, place,
                                 "drops ident (TCP 113) without an answer: old mail and IRC servers ask it before they "
                                 "take a mail, and wait up to 30 seconds");
  finding.witness = subject.stage().witness(*packet, Way::In, played);
  finding.fix = "answer with a reset: -p tcp --dport 113 -j REJECT --reject-with tcp-reset";
  RulePlace before = place;
  before.number = static_cast<std::uint32_t>(number);
  finding.edits.push_back(insertion(before, reset_ident()));
  PacketBox changed;
  changed.constrain(FieldValues{Field::DestinationPort, IntervalSet::single(kIdent), false});
  finding.may_change.push_back(std::move(changed));
}

void run(LintSubject& subject) {
  if (!subject.ruleset().whole) return;
  for (const bool v4 : {true, false}) look_at(subject, v4);
}

}  // namespace

const Check l34{
    .number = "L34",
    .id = "ident-dropped",
    .severity = Severity::Info,
    .confidence = Confidence::Replayed,
    .meaning = "a mail server's firewall drops ident instead of refusing it",
    .why =
        "Some servers still ask the sender's machine who is connecting (ident, TCP 113) before they greet. A reset "
        "ends the question at once; silence makes them wait for a timeout, with every mail. Said only where rules "
        "accept mail by name and mail may leave.",
    .wrong = {.rules = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
                       "-A INPUT -i lo -j ACCEPT\n"
                       "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp -m multiport --dports 22,25 -j ACCEPT\n"
                       "COMMIT\n",
              .rules_v6 = "*filter\n-A INPUT -s 2001:db8:bad::/48 -j DROP\n"
                          "-A FORWARD -s 2001:db8:bad::/48 -j DROP\nCOMMIT\n"},
    .right = {.rules = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
                       "-A INPUT -i lo -j ACCEPT\n"
                       "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp -m multiport --dports 22,25 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 113 -m conntrack --ctstate NEW -j REJECT --reject-with tcp-reset\n"
                       "COMMIT\n",
              .rules_v6 = "*filter\n-A INPUT -s 2001:db8:bad::/48 -j DROP\n"
                          "-A FORWARD -s 2001:db8:bad::/48 -j DROP\nCOMMIT\n"},
    .run = run,
};

}  // namespace mailweir::rules
