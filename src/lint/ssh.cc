#include "lint/ssh.h"

#include <algorithm>

namespace mailweir::rules {
namespace {

constexpr std::size_t kFewRanges = 20;  // a multiport rule has 15

}  // namespace

const RulePlace* accepts_ssh(LintSubject& subject, bool v4) {
  for (const RulePlace& place : subject.rules()) {
    if (effect_of(*place.rule) != Effect::Accept) continue;
    if (place.table->family == (v4 ? RuleFamily::Ip6 : RuleFamily::Ip4)) continue;
    const auto hooks = subject.hooks_of(*place.chain);
    if (std::ranges::find(hooks, Hook::Input) == hooks.end()) continue;
    const FieldValues ports = subject.spaces().space_of(*place.rule).box.at(Field::DestinationPort);
    if (!ports.absent && ports.values.contains(kSshPort) && ports.values.intervals().size() <= kFewRanges)
      return &place;
  }
  return nullptr;
}

}  // namespace mailweir::rules
