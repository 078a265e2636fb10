// The doors in: text somebody wrote or a program printed, to the model.
//
// Remarks (errors with file, line and column) go to `remarks`; a rule with an error is left out, everything else is
// read. Threads: any. Limits: kRulesetLimits; what passes one is an error with its name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "base/result.h"
#include "ruleset/model.h"

namespace mailweir::rules {

struct RulesetLimits {
  std::size_t bytes_max = std::size_t{256} << 20;
  std::size_t rules_max = 500'000;
  std::size_t words_max = 10'000;  // of one rule; a multiport list is one
  std::size_t remarks_max = 1'000;
  std::size_t chains_max = 100'000;
  std::size_t steps_max = 200'000'000;  // rules looked at or moved for -D, -I and -R of scripts
};

enum class Notation : std::uint8_t {
  Save,      // iptables-save, ip6tables-save
  Commands,  // iptables -S, scripts that call iptables, bare fragments
  NftJson,   // nft -j list ruleset
  NftText,   // .nft files
};
// What the text looks like. Nothing: like no ruleset.
[[nodiscard]] std::optional<Notation> notation_of(std::string_view text);

struct ReadOptions {
  std::string name = "-";            // of the file, for remarks
  std::optional<RuleFamily> family;  // Ip4 or Ip6 of iptables' notations; nothing: by the text
  RulesetLimits limits;
};

// Any notation. NftText needs a network namespace and nft: Unsupported or NotPermitted without. Other errors are
// remarks.
[[nodiscard]] Result<Ruleset> read_ruleset(std::string_view text, const ReadOptions& options, Diagnostics& remarks);

[[nodiscard]] Ruleset read_iptables(std::string_view text, const ReadOptions& options, Diagnostics& remarks);
[[nodiscard]] Ruleset read_nft_json(std::string_view json, const ReadOptions& options, Diagnostics& remarks);
// In a private namespace, by nft itself, which changes nothing here. What nft says is a remark with its line. Ordinary
// users get theirs in a child process: then REQUIRES one thread.
[[nodiscard]] Result<Ruleset> read_nft_text(std::string_view text, const ReadOptions& options, Diagnostics& remarks);
// The rules of this network namespace: nft, and iptables-save, ip6tables-save and their legacy twins where there are
// rules of theirs.
[[nodiscard]] Result<Ruleset> read_live_ruleset(Diagnostics& remarks);

// Tables of both: where `more` has a table that `base` shows without options (Table::needs_save), the former wins.
[[nodiscard]] Ruleset joined(Ruleset base, Ruleset more);

}  // namespace mailweir::rules
