// One rule of iptables, from its words: what -A and its kin take behind the chain's name.
//
// In:  words, the family, table and chain.   Out: rules (several addresses in one -s make several), or remarks.
// What userspace refuses is an error here too; what we do not understand is kept as an opaque part.
// Sources: iptables 1.8.9, extensions/libxt_*.c, libipt_*.c, libip6t_*.c and the manual iptables-extensions(8).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "ruleset/model.h"
#include "ruleset/words.h"

namespace mailweir::rules {

// How a remark about a word reaches the reader.
using WordRemark =
    std::function<void(Severity severity, std::string id, const Word& word, std::string text, std::string hint)>;

struct RuleSite {
  bool v6 = false;
  std::string table = "filter", chain;
  std::function<bool(std::string_view name)> is_chain;  // declared until now
  WordRemark remark;
};

struct SpokenOption {
  std::string name;  // whole: "destination-port" is "dport"
  Word word;
  bool negated = false;
  std::vector<Word> arguments;
};

struct SpokenModule {
  std::string name;
  Word word;
  std::vector<SpokenOption> options;

  [[nodiscard]] const SpokenOption* find(std::string_view option) const;
};

// A rule in the making; whoever finds a mistake says so once, and the rule is not made.
class RuleDraft {
 public:
  explicit RuleDraft(const RuleSite& site) : site_(site) {}

  void error(const Word& word, std::string id, std::string text, std::string hint = {});
  void warn(const Word& word, std::string id, std::string text, std::string hint = {}) const;
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] const RuleSite& site() const { return site_; }

  void add(RulePart part) { rule.parts.push_back(std::move(part)); }
  void match(Field field, IntervalSet values, bool negated = false, bool when_absent = false) {
    add(Match{{field}, std::move(values), negated, when_absent, false});
  }

  Rule rule;
  std::optional<std::uint8_t> protocol;  // of a -p that is not negated

 private:
  const RuleSite& site_;
  bool failed_ = false;
};

// False: the module is kept as an opaque part.
[[nodiscard]] bool convert_match(RuleDraft& draft, const SpokenModule& module);
[[nodiscard]] bool convert_target(RuleDraft& draft, const SpokenModule& target);

// The whole rule. `counters`: of a "[1:60]" before it. Empty: it has mistakes, which were said.
[[nodiscard]] std::vector<Rule> parse_iptables_rule(const std::vector<Word>& words, const RuleSite& site,
                                                    const Counter& counters);

// What an argument says, or nothing: "192.0.2.0/24", "10/8", "10.0.0.1/255.0.255.0", "2001:db8::/32".
struct AddressArgument {
  IpAddress address, mask;
  [[nodiscard]] std::optional<IpPrefix> prefix() const;  // nothing: the mask has holes
};
[[nodiscard]] std::optional<AddressArgument> address_argument(std::string_view text, bool v6);
// "25", "smtp", "1024:", ":1023", "1:2"; nothing: neither, or backwards.
[[nodiscard]] std::optional<Interval> port_argument(std::string_view text, std::string_view protocol);
// "5", "0x5/0xff"
struct MarkArgument {
  std::uint32_t value = 0, mask = 0xffffffff;
};
[[nodiscard]] std::optional<MarkArgument> mark_argument(std::string_view text);
// "3/hour" -> rate and seconds as iptables prints them back.
[[nodiscard]] bool rate_argument(std::string_view text, Limit& limit);

// The grammar: which options a module has, and how many words each takes.
struct OptionSpec {
  std::string_view name;   // as SpokenOption::name
  std::string_view words;  // how it may be written, separated by blanks
  int arguments = 1;
};
// Null: a module we know nothing of.
struct ModuleSpec {
  std::string_view name;
  std::vector<OptionSpec> options;
};
[[nodiscard]] const ModuleSpec* match_spec(std::string_view name);
[[nodiscard]] const ModuleSpec* target_spec(std::string_view name);
// Targets of iptables' extensions that we keep as they are, as opposed to names of chains.
[[nodiscard]] bool is_extension_target(std::string_view name);
// Those that let the rules go on and change nothing a rule can ask for.
[[nodiscard]] bool is_harmless_target(std::string_view name);
// The same text gives the same answer for the same packet.
[[nodiscard]] bool is_pure_module(std::string_view name);

// The words of a module as iptables-save would write them: "-m string --algo bm --string \"a b\"".
[[nodiscard]] std::string module_text(const SpokenModule& module, bool target);

}  // namespace mailweir::rules
