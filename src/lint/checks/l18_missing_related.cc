#include <fmt/format.h>

#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

void run(LintSubject& subject) {
  for (const Way way : {Way::In, Way::Through}) {
    if (!subject.filters(way, true)) continue;
    // Answers pass, errors about the same connections do not.
    if (!subject.packet_that(Played::End::Passes, packets_to(kTcp, 50000, ConnectionState::Established, way), way,
                             true))
      continue;
    const PacketBox errors = icmp_packets(true, 3, 1, ConnectionState::Related, way);
    const auto packet = sample_packet(errors, way, true);
    if (!packet || !subject.none_passes(errors, way, true)) continue;
    const Played played = subject.stage().play(*packet, way);
    const Rule* rule = played.fate().rule;
    if (played.end != Played::End::Stopped || (rule != nullptr && asks_for(*rule, Field::IcmpTypeCode))) continue;
    if (rule != nullptr && asks_for(*rule, Field::Protocol)) continue;  // stops ICMP on purpose: another check's
    const auto chain = subject.main_chain(way, true);
    if (!chain) continue;
    Finding& finding = subject.add(
        Confidence::Replayed, *chain,
        fmt::format("stops ICMP errors about connections {} lets pass: unreachable servers cost the full timeout, and "
                    "paths with a small MTU stall",
                    way == Way::In ? "it" : "this gateway"));
    finding.witness = subject.stage().witness(*packet, way, played);
    finding.fix = "accept RELATED together with ESTABLISHED";
    for (std::uint32_t i = 0; i != chain->chain->rules.size(); ++i) {
      const Rule& each = chain->chain->rules[i];
      const Match* state = match_of(each, Field::ConnectionState);
      if (effect_of(each) != Effect::Accept || state == nullptr || state->negated) continue;
      if (state->values != values_of(ConnectionState::Established)) continue;
      Rule more = each;
      for (RulePart& part : more.parts)
        if (auto* match = std::get_if<Match>(&part); match != nullptr && match->operand.field == Field::ConnectionState)
          match->values = match->values.united(values_of(ConnectionState::Related));
      finding.edits.push_back(LintSubject::replacement({chain->table, chain->chain, &each, i + 1}, std::move(more)));
      break;
    }
    PacketBox meant;
    meant.constrain(FieldValues{Field::ConnectionState, values_of(ConnectionState::Related), false});
    finding.may_change.push_back(std::move(meant));
  }
}

}  // namespace

const Check l18{
    .number = "L18",
    .id = "missing-related",
    .severity = Severity::Warning,
    .confidence = Confidence::Replayed,
    .meaning = "answers are accepted, and ICMP errors about them are not",
    .why =
        "Errors belong to the connection they are about: conntrack calls them RELATED. Without them a mail server "
        "waits minutes for a host that is known to be unreachable, and large mails stall on paths with a smaller MTU.",
    .wrong = {.rules = "-A INPUT -i lo -j ACCEPT\n"
                       "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 25 -j ACCEPT\n"
                       "-A INPUT -j DROP\n"},
    .right = {.rules = "-A INPUT -i lo -j ACCEPT\n"
                       "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 25 -j ACCEPT\n"
                       "-A INPUT -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
