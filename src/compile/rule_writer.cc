#include "compile/rule_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/must.h"

namespace mailweir {

Rule RuleWriter::rule(Chain chain, std::string id, const Asked& asked) const {
  Rule made;
  made.chain = chain;
  made.id = std::move(id);
  made.file = asked.file;
  made.line = asked.line;
  return made;
}

Rule RuleWriter::log_rule(const Rule& rule, std::string_view verdict) const {
  Rule log = rule;
  log.id += ".log";
  log.action = Rule::Action::Log;
  log.log_prefix = fmt::format("mw {} {} ", rule.id, verdict);
  MUST(log.log_prefix.size() <= kLogPrefixMax);
  return log;
}

Rule::Action RuleWriter::stopping() const {
  return policy_.block.how.value == BlockHow::Reject ? Rule::Action::Reject : Rule::Action::Drop;
}

void RuleWriter::stop_with(Rule rule, Rule::Action action, std::string_view suffix) {
  add(log_rule(rule, action == Rule::Action::Reject ? "reject" : "drop"));
  rule.id += suffix;
  rule.action = action;
  rule.effect = RuleEffect::Stop;
  add(std::move(rule));
}

void RuleWriter::stop(Rule rule) { stop_with(std::move(rule), stopping(), ""); }
void RuleWriter::drop(Rule rule) { stop_with(std::move(rule), Rule::Action::Drop, ""); }
void RuleWriter::stop_over(Rule rule) { stop_with(std::move(rule), stopping(), ".over"); }

void RuleWriter::log(Rule rule) {
  rule.effect = RuleEffect::Log;
  rule.action = Rule::Action::Count;
  add(rule);
  add(log_rule(rule, "pass"));
}

std::vector<PortRange> tcp_ports(std::span<const std::uint16_t> ports) {
  std::vector<PortRange> ranges;
  for (const std::uint16_t port : ports) ranges.push_back({Transport::Tcp, port, port});
  return ranges;
}

std::vector<PortRange> merged(std::vector<PortRange> ports) {
  std::sort(ports.begin(), ports.end());
  std::vector<PortRange> kept;
  for (const PortRange& range : ports) {
    if (!kept.empty() && kept.back().transport == range.transport && range.first <= kept.back().last) {
      kept.back().last = std::max(kept.back().last, range.last);
    } else {
      kept.push_back(range);
    }
  }
  return kept;
}

std::vector<IpPrefix> merged(std::vector<IpPrefix> prefixes) {
  std::sort(prefixes.begin(), prefixes.end());
  std::vector<IpPrefix> kept;
  for (const IpPrefix& prefix : prefixes) {
    if (kept.empty() || !kept.back().contains(prefix)) kept.push_back(prefix);
  }
  return kept;
}

std::vector<IpPrefix> common(const std::vector<IpPrefix>& a, const std::vector<IpPrefix>& b) {
  std::vector<IpPrefix> both;
  for (const IpPrefix& one : a) {
    for (const IpPrefix& other : b) {
      if (one.contains(other)) {
        both.push_back(other);
      } else if (other.contains(one)) {
        both.push_back(one);
      }
    }
  }
  return merged(std::move(both));
}

}  // namespace mailweir
