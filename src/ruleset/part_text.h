// Rules and their parts as text, by notation: shared by the printers and by what shows rules to people.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "ruleset/model.h"

namespace mailweir::rules {

// Behind "-A CHAIN", with a leading blank where there is something. Unsupported: iptables cannot say it.
[[nodiscard]] Result<std::string> iptables_rule_text(const Rule& rule, bool v6);

// Without asking iptables: nft's words, or at least what kind of part it is.
[[nodiscard]] std::string plain_part_text(const RulePart& part);

// What nft must know of a rule to say its next part: "dport" is "tcp dport" or "udp dport".
struct NftContext {
  RuleFamily family = RuleFamily::Inet;
  std::optional<std::uint8_t> protocol;
  std::optional<bool> v4;

  void learn(const Match& match);
};
// Empty: nothing to say (implied). Nothing: nft cannot say it.
[[nodiscard]] std::optional<std::string> nft_part_text(const RulePart& part, const NftContext& context);
[[nodiscard]] Result<std::string> nft_rule_text(const Rule& rule, RuleFamily family, bool counters);
// Of an element in a set: "192.0.2.0/24", "1024-2047", "\"eth*\"".
[[nodiscard]] std::string nft_value_text(const Operand& operand, const Interval& interval);
[[nodiscard]] std::optional<std::string> nft_key_text(const std::vector<Operand>& key,
                                                      const std::vector<IntervalSet>& element);
[[nodiscard]] std::string nft_verdict_text(const Verdict& verdict);
// A counter, quota, limit, helper, … with its braces. Nothing: a kind we cannot write.
[[nodiscard]] std::optional<std::string> nft_object_text(const RuleObject& object);
// As nft reads it back.
[[nodiscard]] std::string nft_quoted(std::string_view text);

}  // namespace mailweir::rules
