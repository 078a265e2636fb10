#include "ruleset/part_text.h"

#include <fmt/format.h>

#include "ruleset/print_ruleset.h"

namespace mailweir::rules {
namespace {

// What neither notation can say by itself, for people.
std::string plain_match(const Match& match) {
  std::string text(name_of(match.operand.field));
  if (!match.operand.is_whole()) text += fmt::format(" & 0x{:x}", static_cast<std::uint64_t>(match.operand.mask));
  return text + (match.negated ? " is not " : " is ") + values_text(match.operand.field, match.values);
}

std::string_view kind_of(const RulePart& part) {
  constexpr std::string_view kKinds[] = {
      "match",      "set",        "limit",     "limit per key", "recent", "number of connections",
      "match",      "counter",    "log",       "assignment",    "mark",   "notrack",
      "TCP MSS",    "set update", "statement", "NAT",           "reject", "verdict",
      "verdict map"};
  return kKinds[part.index()];
}

}  // namespace

std::string plain_part_text(const RulePart& part) {
  if (const auto* opaque = std::get_if<OpaqueMatch>(&part)) return opaque->text;
  if (const auto* opaque = std::get_if<OpaqueStatement>(&part)) return opaque->text;
  if (const auto* match = std::get_if<Match>(&part)) {
    // Without a rule around it "dport" is all that is known; nft's words where they need nothing else.
    Match shown = *match;
    shown.implied = false;
    const bool by_itself = match->operand.field != Field::SourcePort && match->operand.field != Field::DestinationPort;
    if (by_itself)
      if (const auto text = nft_part_text(shown, {}); text) return *text;
    return plain_match(*match);
  }
  if (const auto text = nft_part_text(part, {})) return *text;
  return std::string(kind_of(part));
}

std::string part_text(const RulePart& part) {
  if (std::holds_alternative<Match>(part) || nft_part_text(part, {})) return plain_part_text(part);
  // iptables' own: in its notation, behind the blank.
  Rule rule;
  rule.parts = {part};
  if (const auto text = iptables_rule_text(rule, false); text && !text->empty()) return text->substr(1);
  return plain_part_text(part);
}

std::string rule_text(const Table& table, const Rule& rule) {
  if (table.backend == Backend::Iptables) {
    const auto text = iptables_rule_text(rule, table.family == RuleFamily::Ip6);
    if (text) return text->empty() ? *text : text->substr(1);
  } else if (const auto text = nft_rule_text(rule, table.family, false)) {
    return *text;
  }
  if (!rule.origin.text.empty()) return rule.origin.text;
  std::string text;
  for (const RulePart& part : rule.parts) {
    const auto* match = std::get_if<Match>(&part);
    if (match != nullptr && match->implied) continue;
    text += (text.empty() ? "" : " ") + part_text(part);
  }
  return text;
}

}  // namespace mailweir::rules
