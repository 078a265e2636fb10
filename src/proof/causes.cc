#include "proof/causes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "apply/listed_table.h"
#include "base/escape.h"

namespace mailweir {
namespace {

// Of our chains on hooks ("filter - 5", nft_text.cc).
constexpr int kOurPriority = -5;
constexpr std::size_t kShownMax = 120;

bool is_for_one_family(std::string_view line, bool v4) {
  const auto has = [&](std::string_view word) { return line.find(word) != std::string_view::npos; };
  return v4 ? has("ip6 ") || has("meta nfproto ipv6") || has("icmpv6 ")
            : has("ip saddr") || has("ip daddr") || has("ip protocol") || has("meta nfproto ipv4") || has("icmp type");
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const auto end = std::min(line.find(' '), line.size());
    if (end > 0) words.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

// Chains that a chain sends packets to.
std::vector<std::string> targets_of(const TableObject& chain) {
  std::vector<std::string> targets;
  for (const std::string& line : chain.lines) {
    const auto words = words_of(line);
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] == "jump" || words[i] == "goto") targets.push_back(words[i + 1]);
    }
  }
  return targets;
}

bool hangs_on(const TableObject& chain, std::string_view hook) {
  return !chain.lines.empty() && chain.lines.front().find(fmt::format(" hook {} ", hook)) != std::string::npos;
}

std::string_view hook_name(RuleHook hook) {
  return hook == RuleHook::Output ? "output" : hook == RuleHook::Forward ? "forward" : "input";
}

// Chains a packet of that hook can get to.
std::set<std::string> reachable(const ListedTable& table, std::string_view hook) {
  std::set<std::string> chains;
  std::vector<std::string> next;
  for (const TableObject& object : table.objects) {
    if (object.is_chain() && hangs_on(object, hook)) next.push_back(object.name);
  }
  while (!next.empty()) {
    const std::string name = std::move(next.back());
    next.pop_back();
    const TableObject* chain = table.find("chain", name);
    if (chain == nullptr || !chains.insert(name).second) continue;
    for (std::string& target : targets_of(*chain)) next.push_back(std::move(target));
  }
  return chains;
}

bool has_verdict(std::string_view line) {
  const auto words = words_of(line);
  constexpr std::array<std::string_view, 7> kVerdicts{"accept", "drop", "reject", "return", "jump", "goto", "queue"};
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::find(kVerdicts.begin(), kVerdicts.end(), word) != kVerdicts.end();
  });
}

std::string named(const OtherChain& chain) {
  const std::string table = escape(fmt::format("{} {}", chain.family, chain.table), 64);
  return fmt::format("{} {}, chain {} (hook {}, priority {})",
                     chain.program == "nft" ? "table" : chain.program + " table", table, escape(chain.chain, 64),
                     escape(chain.hook, 16), chain.priority);
}

bool is_on_way(const OtherChain& chain, RuleHook hook, Stretch stretch) {
  const std::string_view ours = hook_name(hook);
  const bool same = chain.hook == ours;
  if (stretch == Stretch::AfterUs)
    return (same && chain.priority > kOurPriority) || (hook != RuleHook::Input && chain.hook == "postrouting");
  // At one priority the order is that of their making.
  if (same) return chain.priority <= kOurPriority;
  return hook != RuleHook::Output && (chain.hook == "prerouting" || chain.hook == "ingress");
}

const OtherChain* same_chain(const OtherRules& rules, const OtherChain& asked) {
  const auto found = std::find_if(rules.chains.begin(), rules.chains.end(), [&](const OtherChain& one) {
    return one.program == asked.program && one.family == asked.family && one.table == asked.table &&
           one.chain == asked.chain;
  });
  return found == rules.chains.end() ? nullptr : &*found;
}

bool moved(const std::optional<std::uint64_t>& before, const std::optional<std::uint64_t>& after) {
  return before && after && *after > *before;
}

}  // namespace

std::string_view name_of(CauseKind kind) {
  constexpr std::array<std::string_view, 10> kNames{"not-there", "chain-unhooked", "one-family", "earlier-own",
                                                    "stranger",  "earlier-drop",   "redirected", "later-drop",
                                                    "flowtable", "unread"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<Cause> own_causes(std::string_view listing, const RuleCounts& before, const RuleCounts& after,
                              const CompiledTable& table, const RuleInfo& rule, bool v4) {
  std::vector<Cause> causes;
  const auto add = [&](CauseKind kind, std::string text, bool convicted) {
    causes.push_back({kind, std::move(text), convicted, {}, {}, {}, 0});
  };
  if (count_of(after, rule.id).rules == 0) {
    add(CauseKind::NotThere, "the rule is not in the kernel: `mailweir apply` puts it there", true);
    return causes;
  }
  const auto listed = parse_listing(listing);
  if (!listed) return causes;
  const auto chains = reachable(*listed, hook_name(rule.hook));
  if (!chains.contains(rule.chain)) {
    add(CauseKind::ChainUnhooked,
        fmt::format("no packet gets to it: nothing on the {} hook leads to the chain {}", hook_name(rule.hook),
                    rule.chain),
        true);
    return causes;
  }
  bool for_family = false;
  for (const TableObject& object : listed->objects) {
    for (const std::string& line : object.lines) {
      if (id_of_line(line) == rule.id && !is_for_one_family(line, v4)) for_family = true;
    }
  }
  if (!for_family)
    add(CauseKind::OneFamily, fmt::format("in the kernel it looks at {} only", v4 ? "IPv6" : "IPv4"), true);
  for (const RuleInfo& other : table.rules) {
    if (&other == &rule || other.hook != rule.hook) continue;
    if (count_of(after, other.id).packets <= count_of(before, other.id).packets) continue;
    if (other.effect == RuleEffect::Watch || other.effect == RuleEffect::Log) continue;  // lets go on
    add(CauseKind::EarlierOwn, fmt::format("our rule {} took it", other.id), true);
  }
  for (const std::string& name : chains) {
    const TableObject* chain = listed->find("chain", name);
    for (std::size_t at = hangs_on(*chain, hook_name(rule.hook)) ? 1 : 0; at < chain->lines.size(); ++at) {
      const std::string& line = chain->lines[at];
      if (id_of_line(line) == rule.id) break;
      if (!id_of_line(line).empty() || !has_verdict(line)) continue;
      add(CauseKind::Stranger,
          fmt::format("a rule that is not ours stands in chain {}: `{}`", name, escape(line, kShownMax)), false);
    }
  }
  return causes;
}

std::vector<Cause> others_causes(const OtherRules& before, const OtherRules& after, RuleHook hook, bool v4,
                                 Stretch stretch) {
  std::vector<Cause> causes;
  for (const OtherChain& chain : after.chains) {
    if (!chain.concerns(v4) || !is_on_way(chain, hook, stretch)) continue;
    const OtherChain* was = same_chain(before, chain);
    Cause cause{stretch == Stretch::BeforeUs ? CauseKind::EarlierDrop : CauseKind::LaterDrop,
                {},
                false,
                escape(chain.family + " " + chain.table, 64),
                escape(chain.chain, 64),
                chain.hook,
                chain.priority};
    const std::string when = stretch == Stretch::BeforeUs ? "before us" : "after us";
    std::string possible;
    bool redirects_only = !chain.policy_drops;
    for (std::size_t i = 0; i < chain.rules.size(); ++i) {
      const OtherRule& rule = chain.rules[i];
      redirects_only = redirects_only && rule.redirects;
      const bool counted = was != nullptr && i < was->rules.size() && was->rules[i].what == rule.what &&
                           moved(was->rules[i].packets, rule.packets);
      if (!counted) continue;
      cause.convicted = true;
      if (rule.redirects) cause.kind = CauseKind::Redirected;
      cause.text =
          fmt::format("{} took it {}: {}{}", named(chain), when,
                      rule.chain == chain.chain ? "" : "chain " + escape(rule.chain, 64) + ", ", escape(rule.what, 64));
    }
    if (!cause.convicted && chain.policy_drops && was != nullptr && moved(was->policy_packets, chain.policy_packets)) {
      cause.convicted = true;
      cause.text = fmt::format("{} took it {}: its policy is to drop", named(chain), when);
    }
    if (!cause.convicted) {
      if (redirects_only) cause.kind = CauseKind::Redirected;
      cause.text = fmt::format("{} can {} packets {}", named(chain), redirects_only ? "redirect" : "stop", when);
    }
    causes.push_back(std::move(cause));
  }
  for (const std::string& unread : after.unread) {
    causes.push_back({CauseKind::Unread, "not looked into: " + escape(unread, 200), false, {}, {}, {}, 0});
  }
  const bool any_convicted = std::any_of(causes.begin(), causes.end(), [](const Cause& one) { return one.convicted; });
  if (any_convicted) std::erase_if(causes, [](const Cause& one) { return !one.convicted; });
  return causes;
}

std::string causes_text(const std::vector<Cause>& causes) {
  std::string text;
  for (const Cause& cause : causes) text += (text.empty() ? "" : "; ") + cause.text;
  return text;
}

}  // namespace mailweir
