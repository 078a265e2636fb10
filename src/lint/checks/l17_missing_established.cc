#include <fmt/format.h>

#include "lint/check.h"
#include "lint/example_rules.h"
#include "lint/packet_kinds.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

// The way answers take.
Way back(Way way) { return way == Way::In ? Way::Out : way == Way::Out ? Way::In : Way::Through; }

void run(LintSubject& subject) {
  if (!subject.is_complete()) return;
  for (const bool v4 : {true, false})
    for (const Way way : {Way::In, Way::Out, Way::Through}) {
      const Way answers = back(way);
      if (!subject.filters(answers, v4) || !subject.denies_by_default(answers, v4)) continue;
      // Ports that everybody uses first: some rules take answers of a few ports only, which is meant.
      std::optional<Witness> opened;
      bool any_answer_passes = false;
      for (const std::uint16_t port : std::initializer_list<std::uint16_t>{443, 25, 80, 22, 587, 53, 0}) {
        const PacketBox box =
            port == 0 ? tcp_packets(ConnectionState::New, way) : packets_to(kTcp, port, ConnectionState::New, way);
        const auto witness = subject.packet_that(Played::End::Passes, box, way, v4);
        if (!witness) continue;
        const SimulatedPacket answer = answer_to(witness->packet);
        const Played played = subject.stage().play(answer, answers);
        if (played.end != Played::End::Stopped) any_answer_passes = true;
        if (!opened && played.end == Played::End::Stopped) {
          opened = subject.stage().witness(answer, answers, played);
        }
      }
      const auto chain = subject.main_chain(answers, v4);
      if (!opened || any_answer_passes || !chain) continue;
      Finding& finding = subject.add(
          Confidence::Replayed, *chain,
          fmt::format("lets no answer pass: connections may be opened {}, and what comes back is stopped ({})",
                      way == Way::In    ? "to this machine"
                      : way == Way::Out ? "by this machine"
                                        : "through this machine",
                      v4 ? "IPv4" : "IPv6"));
      finding.witness = opened;
      finding.fix = "accept ESTABLISHED and RELATED packets near the top of the chain";
      Rule accept;
      const IntervalSet states = values_of(ConnectionState::Established).united(values_of(ConnectionState::Related));
      accept.parts = {Match{.operand = {Field::ConnectionState}, .values = states}, Counter{},
                      Verdict{.kind = Verdict::Kind::Accept, .chain = {}}};
      RulePlace first = *chain;
      first.number = 1;
      finding.edits.push_back(insertion(first, std::move(accept)));
      PacketBox meant;
      meant.constrain(FieldValues{Field::ConnectionState, states, false});
      finding.may_change.push_back(std::move(meant));
    }
}

}  // namespace

const Check l17{
    .number = "L17",
    .id = "missing-established",
    .severity = Severity::Error,
    .confidence = Confidence::Replayed,
    .meaning = "connections may be opened, and their answers are stopped",
    .why =
        "Rules that deny by default must let the packets of connections pass that were allowed when they were opened, "
        "in both directions. Otherwise nothing works, and which side is at fault is hard to see.",
    .wrong = {.rules = "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
                       "-A INPUT -i lo -j ACCEPT\n"
                       "-A INPUT -p icmp -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                       "COMMIT\n",
              .rules_v6 = kDenyByDefaultV6},
    .right = {.rules = kDenyByDefault},
    .run = run,
};

}  // namespace mailweir::rules
