#include "lint/shadow.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"

namespace mailweir::rules {
namespace {

bool takes_everything(const Rule& rule) { return is_unconditional(rule); }

// What becomes of the packets the earlier rule takes, with an article for the sentence.
std::string does(const Rule& rule) {
  const Effect effect = effect_of(rule);
  if (effect != Effect::Jump) return std::string(name_of(effect));
  return fmt::format("sends them to {}", escape(verdict_of(rule)->chain, 40));
}

std::string text_of(const DeadRule& dead, Shadow kind) {
  const std::string who = numbers_text(dead.by);
  const std::string own(name_of(effect_of(*dead.place.rule)));
  switch (kind) {
    case Shadow::SameVerdict:
      return fmt::format("{} {} all of these packets already", who, does(*dead.by[0].rule));
    case Shadow::OtherVerdict:
      return fmt::format("never matches: {} {} all of these packets, and this rule {} them", who,
                         does(*dead.by[0].rule), own);
    case Shadow::Several:
      return fmt::format("never matches: {} together take all of these packets", who);
    case Shadow::AfterEnd:
      return fmt::format("no packet comes here: {} takes every one", who);
    case Shadow::LogAfterDrop:
      return fmt::format("logs nothing: {} {} these packets before they come here", who, does(*dead.by[0].rule));
    case Shadow::Impossible:
      if (dead.cause == DeadRule::Cause::Contradiction)
        return "no packet matches it: its conditions exclude each other";
      return fmt::format("no packet matches it: none of those that come into {} can",
                         escape(dead.place.chain->name, 40));
    case Shadow::Duplicate:
      break;
  }
  return {};
}

}  // namespace

Shadow shadow_of(LintSubject& subject, const DeadRule& dead) {
  const Rule& rule = *dead.place.rule;
  if (subject.duplicate_of(rule) != nullptr) return Shadow::Duplicate;
  if (dead.cause == DeadRule::Cause::Contradiction || dead.cause == DeadRule::Cause::NeverEntered)
    return Shadow::Impossible;
  const Effect effect = effect_of(rule);
  const bool only_logs = effect == Effect::GoesOn && log_of(rule) != nullptr;
  const bool dropped = std::ranges::any_of(dead.by, [](const RulePlace& by) { return stops(effect_of(*by.rule)); });
  if (only_logs && dropped) return Shadow::LogAfterDrop;
  if (dead.cause == DeadRule::Cause::SeveralRules) return Shadow::Several;
  const Rule& by = *dead.by[0].rule;
  if (takes_everything(by)) return Shadow::AfterEnd;
  const Effect earlier = effect_of(by);
  if (earlier == effect && effect != Effect::Jump) return Shadow::SameVerdict;
  // A rule that only counts or logs has no verdict to be of another opinion with; nor do chains.
  const bool decides = effect == Effect::Accept || effect == Effect::Drop || effect == Effect::Reject;
  if (!decides || earlier == Effect::Jump || (stops(effect) && stops(earlier))) return Shadow::SameVerdict;
  return Shadow::OtherVerdict;
}

void report_shadowed(LintSubject& subject, Shadow kind) {
  for (const DeadRule& dead : subject.dead().list()) {
    if (shadow_of(subject, dead) != kind) continue;
    Finding& finding = subject.add(Confidence::Proved, dead.place, text_of(dead, kind));
    // Generated rules often carry what their caller has excluded: nothing is broken by it.
    if (dead.cause == DeadRule::Cause::NeverEntered) finding.severity = Severity::Warning;
    for (const RulePlace& by : dead.by)
      if (finding.related.size() < 8) finding.related.push_back({by, "takes these packets"});
    if (kind == Shadow::SameVerdict || kind == Shadow::Several || kind == Shadow::Impossible ||
        kind == Shadow::AfterEnd) {
      finding.fix = "remove it, or move it before what covers it";
      finding.edits.push_back(removal(dead.place));
    } else {
      finding.fix = fmt::format("move it before rule {} if it is meant, else remove it", dead.by[0].number);
    }
    // A packet it would match, and what takes it.
    const auto hooks = subject.hooks_of(*dead.place.chain);
    if (dead.by.empty() || hooks.empty()) continue;
    const auto way = way_of(hooks.front());
    const PacketBox box = subject.spaces()
                              .space_of(*dead.place.rule)
                              .box.intersected(packets_at(hooks.front(), dead.place.table->family));
    if (!way) continue;
    for (const bool v4 : {true, false})
      if (const auto packet = sample_packet(box, *way, v4); packet && !finding.witness)
        finding.witness = subject.stage().witness(*packet, *way, subject.stage().play(*packet, *way));
  }
}

}  // namespace mailweir::rules
