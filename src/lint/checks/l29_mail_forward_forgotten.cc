#include <fmt/format.h>

#include <algorithm>

#include "base/mail_ports.h"
#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

constexpr std::uint16_t kSendingPorts[] = {25, 465, 587};

// Packets of others have no owner.
std::optional<Rule> for_forward(Rule rule) {
  bool counts_all = true;
  std::erase_if(rule.parts, [&](const RulePart& part) {
    if (const auto* match = std::get_if<Match>(&part))
      return match->operand.field == Field::SocketUser || match->operand.field == Field::SocketGroup;
    counts_all = counts_all && (std::holds_alternative<Counter>(part) || std::holds_alternative<Verdict>(part) ||
                                std::holds_alternative<Reject>(part));
    return false;
  });
  if (!counts_all) return std::nullopt;
  for (RulePart& part : rule.parts)
    if (auto* counter = std::get_if<Counter>(&part)) *counter = Counter{.packets = {}, .bytes = {}, .name = {}};
  return rule;
}

// Others' packets go through this machine, or are meant to.
bool forwards(LintSubject& subject, bool v4) {
  if (const LiveFacts* machine = subject.machine())
    if (const auto known = v4 ? machine->forwards_v4 : machine->forwards_v6) return *known;
  if (subject.filters(Way::Through, v4)) return true;
  return std::ranges::any_of(subject.rules(), [v4](const RulePlace& place) {
    const Nat* nat = nat_of(*place.rule);
    return sees(*place.table, v4) && nat != nullptr &&
           (nat->kind == Nat::Kind::Masquerade || nat->kind == Nat::Kind::Source);
  });
}

// Whoever names the port in FORWARD, for whomever, did not forget it.
bool is_named_in_forward(LintSubject& subject, std::uint16_t port, bool v4) {
  return std::ranges::any_of(subject.filtering_rules(Hook::Forward, v4),
                             [port](const RulePlace& place) { return names_port(*place.rule, port); });
}

void look_at(LintSubject& subject, bool v4) {
  std::vector<RulePlace> places;
  IntervalSet ports;
  for (const RulePlace& place : subject.filtering_rules(Hook::Output, v4)) {
    const auto hooks = subject.hooks_of(*place.chain);
    if (std::ranges::find(hooks, Hook::Forward) != hooks.end()) continue;
    bool named = false;
    for (const std::uint16_t port : kSendingPorts) {
      if (!stops_named(subject, place, port) || !subject.packet_reaching(place, opening(kProtocolTcp, port))) continue;
      ports = ports.united(IntervalSet::single(port));
      named = true;
    }
    if (named) places.push_back(place);
  }
  IntervalSet open;
  std::optional<Witness> witness;
  for (const std::uint16_t port : kSendingPorts) {
    if (!ports.contains(port) || is_named_in_forward(subject, port, v4)) continue;
    const auto passing = subject.packet_that(Played::End::Passes, opening(kProtocolTcp, port), Way::Through, v4);
    if (!passing) continue;
    open = open.united(IntervalSet::single(port));
    if (!witness) witness = passing;
  }
  if (open.empty()) return;
  Finding& finding =
      subject.add(Confidence::Replayed, places[0],
                  fmt::format("stops mail of programs on this machine only: mail of containers, virtual machines and "
                              "NAT clients goes through FORWARD, where {} {} open",
                              open.is_single() ? "port" : "ports",
                              values_text(Field::DestinationPort, open) + (open.is_single() ? " is" : " are")));
  if (!forwards(subject, v4)) finding.severity = Severity::Warning;
  for (std::size_t i = 1; i < places.size(); ++i) finding.related.push_back({places[i], "the same for other packets"});
  finding.witness = witness;
  finding.fix = "put the same rules into FORWARD";
  for (const RulePlace& place : places) {
    const auto forward = std::ranges::find_if(place.table->chains, [](const Chain& chain) {
      return chain.hook && chain.hook->hook == Hook::Forward && chain.hook->type == ChainType::Filter;
    });
    auto rule = for_forward(*place.rule);
    if (forward == place.table->chains.end() || !rule) continue;
    finding.edits.push_back(insertion({place.table, &*forward, nullptr, 1}, *std::move(rule)));
  }
  PacketBox changed;
  changed.constrain(FieldValues{Field::DestinationPort, ports, false});
  finding.may_change.push_back(std::move(changed));
}

void run(LintSubject& subject) {
  if (!subject.ruleset().whole) return;
  for (const bool v4 : {true, false}) {
    const LiveFacts* machine = subject.machine();
    if (machine != nullptr && !(v4 ? machine->forwards_v4 : machine->forwards_v6).value_or(true)) continue;
    look_at(subject, v4);
  }
}

}  // namespace

const Check l29{
    .number = "L29",
    .id = "mail-forward-forgotten",
    .severity = Severity::Error,
    .confidence = Confidence::Replayed,
    .meaning = "mail is stopped in OUTPUT and passes in FORWARD",
    .why =
        "OUTPUT sees what programs of this machine send. What containers, virtual machines, VPN and NAT clients send "
        "passes FORWARD, and never OUTPUT: the usual way of spam through a gateway. Where nothing hints at forwarding "
        "it is a warning, and where the machine is known not to forward, or rules in FORWARD name the port, nothing.",
    .wrong = {.rules = "# Generated by ip6tables-save\n"
                       "*nat\n"
                       "-A POSTROUTING -o eth0 -j MASQUERADE\n"
                       "COMMIT\n"
                       "*filter\n"
                       "-A FORWARD -i eth0 -m conntrack --ctstate NEW -j DROP\n"
                       "-A OUTPUT -p tcp -m multiport --dports 25,465,587 -j DROP\n"
                       "COMMIT\n"},
    .right = {.rules = "# Generated by ip6tables-save\n"
                       "*nat\n"
                       "-A POSTROUTING -o eth0 -j MASQUERADE\n"
                       "COMMIT\n"
                       "*filter\n"
                       "-A FORWARD -i eth0 -m conntrack --ctstate NEW -j DROP\n"
                       "-A FORWARD -p tcp -m multiport --dports 25,465,587 -j DROP\n"
                       "-A OUTPUT -p tcp -m multiport --dports 25,465,587 -j DROP\n"
                       "COMMIT\n"},
    .run = run,
};

}  // namespace mailweir::rules
