// Words of texts that hold commands of iptables: scripts, saved command lines.
#pragma once

#include <optional>
#include <string_view>

#include "ruleset/field.h"
#include "ruleset/words.h"

namespace mailweir::rules {

// 'A' of "-A" and "--append"; nothing: no verb of iptables.
[[nodiscard]] std::optional<char> verb_of(std::string_view word);
// The program a word names, also as a variable ("$IPTABLES"): Ip4 for iptables, Ip6 for ip6tables, nothing for others.
[[nodiscard]] std::optional<RuleFamily> program_family(const Word& word);
// Of the shell: what makes it unknown whether a command is run.
[[nodiscard]] bool is_flow_word(std::string_view word);
// What may stand before a command.
[[nodiscard]] bool is_lead_word(std::string_view word);
// IPv6 rules in a text that does not say so?
[[nodiscard]] bool speaks_ip6(std::string_view text);

}  // namespace mailweir::rules
