#include "explain/remedy_trial.h"

#include <fmt/format.h>

#include <algorithm>

namespace mailweir::rules {
namespace {

constexpr std::uint64_t kCopyCost = 20;  // a rule copied and made flat costs as much as so many walked over (measured)

std::string fate_words(const PacketFate& fate) {
  if (is_stopped(fate)) return fmt::format("{} by {}", name_of(fate.kind), name_of(end_of(fate)));
  return std::string(name_of(fate.kind));
}

}  // namespace

RemedyTrial::RemedyTrial(const LineCase& line_case) : case_(&line_case) {
  for (const auto* list : {&line_case.earlier, &line_case.elsewhere})
    for (const EarlierPacket& earlier : *list) bringers_.push_back({earlier.packet, Entry::Receive, earlier.loose});
  if (bringers_.empty())
    bringers_.push_back({with_state(line_case.line(), line_case.state()), entry_of(line_case.line()), true});
  flows_ = everyday_traffic(line_case.line(), line_case.scene->machine);
  for (const EverydayFlow& flow : flows_) before_.push_back(verdicts_of(*line_case.scene, flow));
}

std::uint64_t RemedyTrial::cost() const {
  std::uint64_t steps = bringers_.size();
  for (const EverydayFlow& flow : flows_) steps += flow.steps.size();
  return case_->scene->program->rules().size() * (kCopyCost + steps);
}

// Empty: not logged any more.
std::string RemedyTrial::still_logged(const Scene& scene, const Bringer& bringer) const {
  std::string witness;
  scene.follow(bringer.packet, bringer.entry, bringer.loose, [&](const World& world) {
    if (!witness.empty() || !is_logged(world.fates, *case_->rule())) return;
    witness = partial_text(bringer.packet);
    if (world.fates.size() > 1)
      witness += fmt::format(" is {}, and {} answers: the line is there again", fate_words(world.fates.front()),
                             name_of(world.fates[1].maker));
    else
      witness += " is still logged";
  });
  return witness;
}

void RemedyTrial::run(Remedy& remedy, const std::vector<std::string_view>& meant) const {
  const auto changed = apply_edits(*case_->rules, remedy.edits);
  if (!changed) return;
  const Program program(*changed);
  const Scene scene{&program, case_->scene->machine};
  remedy.tried = true;
  remedy.packets = bringers_.size();
  for (const Bringer& bringer : bringers_)
    if (remedy.witness.empty()) remedy.witness = still_logged(scene, bringer);
  remedy.gone = remedy.witness.empty();
  for (std::size_t i = 0; i != flows_.size(); ++i) {
    const std::string group(flows_[i].group);
    auto& list = verdicts_of(scene, flows_[i]) == before_[i] ? remedy.keeps : remedy.changes;
    if (std::ranges::find(list, group) == list.end()) list.push_back(group);
  }
  // A group that changed in one flow is not kept.
  std::erase_if(remedy.keeps, [&](const std::string& group) {
    return std::ranges::find(remedy.changes, group) != remedy.changes.end();
  });
  const bool harmless = std::ranges::all_of(
      remedy.changes, [&](const std::string& group) { return std::ranges::find(meant, group) != meant.end(); });
  remedy.verified = remedy.gone && harmless;
}

}  // namespace mailweir::rules
