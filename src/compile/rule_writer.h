// What the builders of rules have in common: who asked for a rule, what is logged, and how traffic is stopped.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compile/rule.h"
#include "policy/policy.h"

namespace mailweir {

// A line of the policy.
struct Asked {
  std::string file;
  int line = 0;
};

// Kernel LOG cuts prefixes at 29 characters without a word (iptables 1.8.9, measured); NFLOG takes more.
inline constexpr std::size_t kLogPrefixMax = 29;
// "mw " and the verdict take the rest. The longest id is gateway.submission.
inline constexpr std::size_t kLoggedIdMax = kLogPrefixMax - 3 - 8;

class RuleWriter {
 public:
  RuleWriter(const Policy& policy, Rules& rules) : policy_(policy), rules_(rules) {}

  template <typename T>
  [[nodiscard]] Asked place(const Setting<T>& setting) const {
    return {setting.file.empty() ? policy_.file : setting.file, setting.line};
  }

  // A rule that still has to be told what it matches and does.
  [[nodiscard]] Rule rule(Chain chain, std::string id, const Asked& asked) const;
  void add(Rule rule) { rules_.list.push_back(std::move(rule)); }
  // Stops what `rule` matches, as [block] how says, and logs it first. The log's rule is of its own, behind a limit;
  // the counter of the rule that stops counts everything.
  void stop(Rule rule);
  void drop(Rule rule);
  // Of the chain behind a limit: stops under the id "<id>.over" what the rule `id` sent there and counted.
  void stop_over(Rule rule);
  // Counts and logs what `rule` matches, and lets it go on.
  void log(Rule rule);

 private:
  [[nodiscard]] Rule::Action stopping() const;
  void stop_with(Rule rule, Rule::Action action, std::string_view suffix);
  [[nodiscard]] Rule log_rule(const Rule& rule, std::string_view verdict) const;

  const Policy& policy_;
  Rules& rules_;
};

// TCP ports as ranges; and ranges in order, merged where they touch.
[[nodiscard]] std::vector<PortRange> tcp_ports(std::span<const std::uint16_t> ports);
[[nodiscard]] std::vector<PortRange> merged(std::vector<PortRange> ports);
// Without prefixes that lie inside others.
[[nodiscard]] std::vector<IpPrefix> merged(std::vector<IpPrefix> prefixes);
// What two lists have in common.
[[nodiscard]] std::vector<IpPrefix> common(const std::vector<IpPrefix>& a, const std::vector<IpPrefix>& b);

}  // namespace mailweir
