// Why a rule did not see a packet that should have come to it, or why what it let in went no further.
//
// In:  our table as it is in the kernel, and other people's rules, both before and after a probe.   Out: causes, named;
// those a counter convicts alone, else all that are possible.
// Invariants: pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proof/other_rules.h"
#include "proof/rule_count.h"
#include "record/compiled_table.h"

namespace mailweir {

enum class CauseKind : std::uint8_t {
  NotThere,       // the rule is not in the kernel
  ChainUnhooked,  // nothing leads to the chain it stands in
  OneFamily,      // in the kernel it looks at the other family only
  EarlierOwn,     // another rule of our table took the packet
  Stranger,       // a rule in our table that is not ours stands before it
  EarlierDrop,    // another table stops it before
  Redirected,     // another table gives it another port or address before
  LaterDrop,      // another table stops it after
  Flowtable,      // packets of known connections do not come by
  Unread,         // there are rules that could not be read
};
[[nodiscard]] std::string_view name_of(CauseKind kind);  // "earlier-drop", …

struct Cause {
  CauseKind kind = CauseKind::NotThere;
  std::string text;        // one sentence without a full stop; holds no text of others that is not escaped
  bool convicted = false;  // a counter says so
  // Of rules of others.
  std::string table, chain, hook;  // "ip filter", "OUTPUT", "output"
  int priority = 0;
};

// What our own table says.
[[nodiscard]] std::vector<Cause> own_causes(std::string_view listing, const RuleCounts& before, const RuleCounts& after,
                                            const CompiledTable& table, const RuleInfo& rule, bool v4);

enum class Stretch : std::uint8_t { BeforeUs, AfterUs };
[[nodiscard]] std::vector<Cause> others_causes(const OtherRules& before, const OtherRules& after, RuleHook hook,
                                               bool v4, Stretch stretch);

// Sentences joined for a person; empty: none.
[[nodiscard]] std::string causes_text(const std::vector<Cause>& causes);

}  // namespace mailweir
