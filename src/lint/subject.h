// What a check is given: the ruleset, what was proved of it, a stage for packets, the live machine, and where findings
// go.
//
// Everything costly is made when it is first asked for, and once.
// Limits: kFindingsMax findings of one check (the rest is counted), kSearchesMax packets tried for one question.
// Threads: one at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lint/dead_rules.h"
#include "lint/finding.h"
#include "lint/live_facts.h"
#include "lint/rule_facts.h"
#include "lint/stage.h"

namespace mailweir::rules {

class LintSubject {
 public:
  static constexpr std::size_t kFindingsMax = 10'000, kSearchesMax = 48;

  // The text the ruleset was read from, where there is one, for what the model does not keep (order of commands).
  LintSubject(const Ruleset& ruleset, const LiveFacts* machine, std::span<const std::string> sources = {},
              std::span<const Diagnostic> remarks = {});
  ~LintSubject();
  LintSubject(const LintSubject&) = delete;
  LintSubject& operator=(const LintSubject&) = delete;

  [[nodiscard]] const Ruleset& ruleset() const { return ruleset_; }
  [[nodiscard]] const LiveFacts* machine() const { return machine_; }  // null: only files
  // By Origin::file; empty text: not known.
  [[nodiscard]] std::string_view source(std::uint32_t file) const;
  // What the reader said: mistakes for which a rule was left out (read_ruleset.h).
  [[nodiscard]] std::span<const Diagnostic> remarks() const { return remarks_; }
  // Every rule, in order of tables, chains and numbers.
  [[nodiscard]] std::span<const RulePlace> rules() const { return places_; }
  // Base chains of type filter or route at that hook, of either backend, which packets of that family pass.
  [[nodiscard]] std::vector<RulePlace> filters_at(RuleFamily family, Hook hook) const;
  // Rules of base chains and chains below them that filter at that hook, for that family.
  [[nodiscard]] std::vector<RulePlace> filtering_rules(Hook hook, bool v4);
  // The hooks from which packets come into the chain, through jumps.
  [[nodiscard]] std::span<const Hook> hooks_of(const Chain& chain);

  [[nodiscard]] const RuleSpaces& spaces();
  [[nodiscard]] const DeadRules& dead();
  // The earlier rule of the chain that is the same; null: there is none, or the rule remembers packets.
  [[nodiscard]] const RulePlace* duplicate_of(const Rule& rule);
  [[nodiscard]] const Stage& stage();

  // A packet of `within` that comes to the rule and matches it, whatever the unknowns are. Nothing: none was found,
  // which proves nothing. `within` may leave everything open.
  [[nodiscard]] std::optional<Witness> packet_reaching(const RulePlace& place, const PacketBox& within);
  // A packet of `within` on that way that ends as asked, for sure. Nothing: none was found.
  [[nodiscard]] std::optional<Witness> packet_that(Played::End end, const PacketBox& within, Way way, bool v4);
  // No packet of `within` passes on that way: an ordinary one is stopped for sure, and no rule that accepts (or may)
  // takes any of them. False: some may.
  [[nodiscard]] bool none_passes(const PacketBox& within, Way way, bool v4);
  // Does a packet that nobody has heard of (TCP and UDP, new, to or from a strange port) get stopped there?
  [[nodiscard]] bool denies_by_default(Way way, bool v4);
  // Are there rules (or a policy that drops) for that way and family?
  [[nodiscard]] bool filters(Way way, bool v4) const;

  // The rules are all there are: a whole save, or a script that sets a policy. A fragment says nothing about what is
  // missing.
  [[nodiscard]] bool is_complete() const;
  // The filter base chain at that way's hook that a person would change: where the policy drops, else the last with
  // rules.
  [[nodiscard]] std::optional<RulePlace> main_chain(Way way, bool v4) const;

  // Adds one. Its number, id and severity are the check's; change the severity afterwards where it is less.
  Finding& add(Confidence confidence, const RulePlace& place, std::string text);

  // For edits.
  [[nodiscard]] static RuleEdit replacement(const RulePlace& place, Rule rule);

 private:
  friend class LintRun;
  struct Lazy;
  const Ruleset& ruleset_;
  const LiveFacts* machine_;
  std::span<const std::string> sources_;
  std::span<const Diagnostic> remarks_;
  std::vector<RulePlace> places_;
  std::unique_ptr<Lazy> lazy_;
  std::vector<Finding> findings_;  // of the check that runs
  Severity default_severity_ = Severity::Warning;
  std::size_t too_many_ = 0;
  Finding overflow_;
};

// "filter INPUT 3", "filter INPUT, policy", "inet mailweir forward 2"; escaped.
[[nodiscard]] std::string place_text(const RulePlace& place);
// "rule 3", "rules 3 and 5", "rules 3, 5 and 2 others".
[[nodiscard]] std::string numbers_text(std::span<const RulePlace> places);

}  // namespace mailweir::rules
