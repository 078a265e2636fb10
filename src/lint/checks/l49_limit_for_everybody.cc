#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

const Limit* limit_of(const Rule& rule) {
  for (const RulePart& part : rule.parts)
    if (const auto* limit = std::get_if<Limit>(&part)) return limit;
  return nullptr;
}

void look_at(LintSubject& subject, const RulePlace& place, Way way) {
  const bool v4 = place.table->family != RuleFamily::Ip6;
  PacketBox box = freed(subject.spaces().space_of(*place.rule).box, {}).intersected(in_state(ConnectionState::New));
  box.constrain(FieldValues{Field::Protocol, IntervalSet::single(kProtocolTcp), false});
  const auto packet = sample_packet(box, way, v4);
  if (!packet) return;
  // Within the limit the rule lets it pass; beyond it, as if the rule were not there, it is stopped.
  const Played played = subject.stage().play(*packet, way, true);
  if (played.end != Played::End::Passes || !played.matches(*place.rule)) return;
  const RuleEdit edits[] = {removal(place)};
  const auto without = apply_edits(subject.ruleset(), edits);
  if (!without) return;
  const Stage stage(*without);
  if (const Played beyond = stage.play(*packet, way); beyond.end != Played::End::Stopped) return;
  Finding& finding = subject.add(Confidence::Replayed, place,
                                 "limits all senders together: one who knocks often enough uses it up, and everybody "
                                 "else is kept out: within the limit a packet passes, beyond it the same is stopped");
  finding.witness = subject.stage().witness(*packet, way, played);
  finding.fix = "limit each sender: -m hashlimit --hashlimit-mode srcip --hashlimit-upto";
}

// Each costs a copy of the ruleset.
constexpr std::size_t kLimitsMax = 64;

void run(LintSubject& subject) {
  std::size_t tried = 0;
  for (const RulePlace& place : subject.rules()) {
    const Rule& rule = *place.rule;
    const Limit* limit = limit_of(rule);
    if (limit == nullptr || limit->over || effect_of(rule) != Effect::Accept) continue;
    // From somebody named, or for a service nobody asked for.
    if (asks_for(rule, Field::SourceAddress) || !asks_for(rule, Field::DestinationPort)) continue;
    if (++tried > kLimitsMax) return;
    const auto hooks = subject.hooks_of(*place.chain);
    if (std::ranges::find(hooks, Hook::Input) != hooks.end())
      look_at(subject, place, Way::In);
    else if (std::ranges::find(hooks, Hook::Forward) != hooks.end())
      look_at(subject, place, Way::Through);
  }
}

}  // namespace

const Check l49{
    .number = "L49",
    .id = "limit-for-everybody",
    .severity = Severity::Warning,
    .confidence = Confidence::Replayed,
    .meaning = "a limit meant for each sender holds for all of them together",
    .why =
        "The limit match has one bucket. With '--dport 22 -m limit --limit 3/min -j ACCEPT' a single scanner takes all "
        "three, and the administrator is locked out; with port 25 nobody's mail arrives. hashlimit has a bucket per "
        "sender.",
    .wrong = {.rules = "-A INPUT -p tcp --dport 25 -m conntrack --ctstate NEW -m limit --limit 3/min -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 25 -m conntrack --ctstate NEW -j DROP\n"},
    .right = {.rules = "-A INPUT -p tcp --dport 25 -m conntrack --ctstate NEW -m "
                       "hashlimit --hashlimit-upto 3/min --hashlimit-mode srcip --hashlimit-name mail -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 25 -m conntrack --ctstate NEW -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
