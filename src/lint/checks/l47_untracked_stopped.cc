#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <vector>

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

Way back(Way way) { return way == Way::In ? Way::Out : way == Way::Out ? Way::In : Way::Through; }

// It passes, and what is answered to it does not, whatever interface it comes or leaves by: no connection is known that
// the answer would belong to. Its state is what conntrack makes of it, or UNTRACKED where another rule takes it out
// too.
std::optional<Witness> stopped_answer(LintSubject& subject, const PacketBox& untracked, Way way, bool v4) {
  const auto passes = subject.packet_that(Played::End::Passes, untracked, way, v4);
  if (!passes || (passes->packet.protocol() != kTcp && passes->packet.protocol() != kUdp)) return std::nullopt;
  SimulatedPacket answer = answer_to(passes->packet);
  if (subject.stage().play(answer, back(way)).end != Played::End::Passes) return std::nullopt;
  answer.asserted_state.reset();
  const Played played = subject.stage().play(answer, back(way));
  if (played.end != Played::End::Stopped) return std::nullopt;
  PacketBox any = from_elsewhere(back(way));
  for (const Field field : {Field::Protocol, Field::SourceAddress, Field::DestinationAddress, Field::SourcePort,
                            Field::DestinationPort, Field::TcpFlags})
    if (answer.values.is_known(field))
      any.constrain(FieldValues{field, IntervalSet::single(answer.values.value(field)), false});
  for (const ConnectionState state :
       {ConnectionState::Untracked,
        passes->packet.protocol() == kTcp ? ConnectionState::Invalid : ConnectionState::New})
    if (!subject.none_passes(any.intersected(in_state(state)), back(way), v4)) return std::nullopt;
  return subject.stage().witness(answer, back(way), played);
}

std::optional<Witness> stopped_itself(LintSubject& subject, const PacketBox& untracked, Way way, bool v4) {
  auto stopped = subject.packet_that(Played::End::Stopped, untracked, way, v4);
  if (!stopped || !passes_tracked(subject, stopped->packet, way)) return std::nullopt;
  return stopped;
}

struct Loss {
  bool of_answers = false;
  Witness witness;
};

std::optional<Loss> loss_by(LintSubject& subject, const RulePlace& place, std::span<const Way> ways, bool v4) {
  const RuleSpace& space = subject.spaces().space_of(*place.rule);
  if (!space.exact || !space.box.facts().empty()) return std::nullopt;
  for (const Way way : ways) {
    // Nothing is tracked yet where raw looks, and nothing is routed yet before PREROUTING.
    const PacketBox seen = way == Way::Out ? freed(space.box, {Field::ConnectionState})
                                           : freed(space.box, {Field::ConnectionState, Field::OutputInterface});
    const PacketBox untracked = seen.intersected(in_state(ConnectionState::Untracked));
    if (auto witness = stopped_itself(subject, untracked, way, v4)) return Loss{false, *std::move(witness)};
    if (auto witness = stopped_answer(subject, untracked, way, v4)) return Loss{true, *std::move(witness)};
  }
  return std::nullopt;
}

void tell(LintSubject& subject, const std::vector<RulePlace>& places, const Loss& loss) {
  Finding& finding = subject.add(
      Confidence::Replayed, places.front(),
      loss.of_answers
          ? fmt::format("takes packets out of connection tracking, and what is answered to them belongs to no "
                        "connection then: {}",
                        loss.witness.fate)
          : fmt::format("takes packets out of connection tracking, and rules that ask for NEW or ESTABLISHED "
                        "no longer take them: {}",
                        loss.witness.fate));
  finding.witness = loss.witness;
  for (std::size_t i = 1; i < places.size(); ++i) finding.related.push_back({places[i], "so does this rule"});
  finding.fix =
      loss.of_answers
          ? "take the answers out as well, and accept them without asking for the state"
          : "accept these packets without asking for the state (or with --ctstate UNTRACKED), in both directions";
}

void run(LintSubject& subject) {
  constexpr std::array kArriving{Way::In, Way::Through};
  constexpr std::array kSent{Way::Out};
  // Rules of one chain that lose packets the same way have one cause: one finding.
  struct Told {
    std::vector<RulePlace> places;
    Loss first;
  };
  std::vector<Told> told;
  for (const RulePlace& place : subject.rules()) {
    if (!untracks(*place.rule) || subject.dead().find(*place.rule) != nullptr) continue;
    const auto hooks = subject.hooks_of(*place.chain);
    const bool v4 = place.table->family != RuleFamily::Ip6;
    std::optional<Loss> loss;
    if (std::ranges::find(hooks, Hook::Prerouting) != hooks.end()) loss = loss_by(subject, place, kArriving, v4);
    if (!loss && std::ranges::find(hooks, Hook::Output) != hooks.end()) loss = loss_by(subject, place, kSent, v4);
    if (!loss) continue;
    const auto same = std::ranges::find_if(told, [&](const Told& each) {
      return each.places.front().chain == place.chain && each.first.of_answers == loss->of_answers;
    });
    if (same != told.end())
      same->places.push_back(place);
    else
      told.push_back({{place}, *std::move(loss)});
  }
  for (const Told& each : told) tell(subject, each.places, each.first);
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
        "a packet, or what is answered to one that passes, stopped though it would pass if it were tracked.",
    .wrong = {.rules = "-t raw -A PREROUTING -p udp --dport 53 -j NOTRACK\n"
                       "-A INPUT -p udp --dport 53 -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p udp -j DROP\n"},
    .right = {.rules = "-t raw -A PREROUTING -p udp --dport 53 -j NOTRACK\n"
                       "-A INPUT -p udp --dport 53 -j ACCEPT\n"
                       "-A INPUT -p udp -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
