#include "ruleset/rule_place.h"

#include <fmt/format.h>

#include "base/escape.h"
#include "base/trim.h"
#include "ruleset/print_ruleset.h"

namespace mailweir::rules {

std::string name_of(const RulePlace& place) {
  if (place.chain == nullptr) return "nothing";
  if (place.rule == nullptr) return fmt::format("the policy of {}", escape(place.chain->name));
  return fmt::format("{} {}", escape(place.chain->name), place.number);
}

std::string text_of(const RulePlace& place) {
  if (place.rule == nullptr)
    return fmt::format("policy {}",
                       place.chain != nullptr && place.chain->hook && place.chain->hook->policy == Verdict::Kind::Drop
                           ? "drop"
                           : "accept");
  // As its author wrote it, where that is a whole rule.
  if (const std::string_view written = trimmed(place.rule->origin.text); written.starts_with("-A "))
    return std::string(written);
  const std::string text = rule_text(*place.table, *place.rule);
  if (place.table->backend == Backend::Nft) return text;
  return fmt::format("-A {} {}", place.chain->name, trimmed(text));
}

}  // namespace mailweir::rules
