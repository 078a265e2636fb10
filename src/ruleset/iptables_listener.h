// What the words of a rule of iptables are: options of its header, of modules and of its target.
//
// In:  the words behind the chain's name.   Out: the same as options with their arguments and negations, whole names
// for shortened ones; nothing when there are mistakes, which the draft was told.
#pragma once

#include <optional>
#include <vector>

#include "ruleset/iptables_rule.h"

namespace mailweir::rules {

struct Spoken {
  std::vector<SpokenOption> header;
  std::vector<SpokenModule> modules;
  std::optional<SpokenModule> target;
  bool go_to = false;
};

[[nodiscard]] std::optional<Spoken> listen(const std::vector<Word>& words, RuleDraft& draft);

}  // namespace mailweir::rules
