#include <fmt/format.h>

#include "base/escape.h"
#include "ruleset/part_text.h"
#include "ruleset/print_ruleset.h"

namespace mailweir::rules {
namespace {

// Names of nft's own grammar are not for chains and sets of ours to avoid: what nft listed, it takes again.
void print_hook(std::string& text, const ChainHook& hook) {
  text += fmt::format("    type {} hook {}", name_of(hook.type), name_of(hook.hook));
  if (!hook.devices.empty()) {
    text += " devices = { ";
    for (std::size_t i = 0; i < hook.devices.size(); ++i) text += (i > 0 ? ", " : "") + nft_quoted(hook.devices[i]);
    text += " }";
  }
  text +=
      fmt::format(" priority {}; policy {};\n", hook.priority, hook.policy == Verdict::Kind::Drop ? "drop" : "accept");
}

Result<void> print_set(std::string& text, const RuleSet& set) {
  text += fmt::format("  {} {} {{\n    type {}{};\n", set.map_type.empty() ? "set" : "map", set.name, set.type,
                      set.map_type.empty() ? "" : " : " + set.map_type);
  for (const std::string& property : set.properties) text += "    " + property + ";\n";
  std::string elements;
  for (const RuleSet::Element& element : set.elements) {
    std::string said;
    if (!element.key.empty()) {
      const auto key = nft_key_text(set.key, element.key);
      if (!key)
        return fail(ErrorCode::Unsupported, fmt::format("an element of set {} cannot be said", escape(set.name, 40)));
      said = *key;
    }
    if (!element.text.empty()) said += (said.empty() ? "" : " ") + element.text;
    if (element.verdict) said += " : " + nft_verdict_text(*element.verdict);
    if (!element.data.empty()) said += " : " + element.data;
    elements += (elements.empty() ? "" : ",\n      ") + said;
  }
  if (!elements.empty()) text += "    elements = { " + elements + " }\n";
  text += "  }\n";
  return {};
}

Result<void> print_table(std::string& text, const Table& table, const PrintOptions& options) {
  text += fmt::format("table {} {} {{\n", name_of(table.family), table.name);
  for (const std::string& property : table.properties) text += "  " + property + ";\n";
  for (const RuleObject& object : table.objects) {
    const auto said = nft_object_text(object);
    if (!said)
      return fail(ErrorCode::Unsupported,
                  fmt::format("the {} {} cannot be said", object.kind, escape(object.name, 40)));
    text += *said;
  }
  // Verdict maps name chains: those come first, empty.
  for (const Chain& chain : table.chains) {
    text += "  chain " + chain.name + " {\n";
    if (chain.hook) print_hook(text, *chain.hook);
    if (!chain.comment.empty()) text += "    comment " + nft_quoted(chain.comment) + ";\n";
    text += "  }\n";
  }
  for (const RuleSet& set : table.sets)
    if (auto printed = print_set(text, set); !printed) return printed;
  for (const Chain& chain : table.chains) {
    if (chain.rules.empty()) continue;
    text += "  chain " + chain.name + " {\n";
    for (const Rule& rule : chain.rules) {
      auto said = nft_rule_text(rule, table.family, options.counters);
      if (!said)
        return fail(std::move(said).error().in(fmt::format("rule '{}' in {} {}", escape(rule.origin.text, 120),
                                                           escape(table.name, 40), escape(chain.name, 40))));
      text += "    " + *said + "\n";
    }
    text += "  }\n";
  }
  text += "}\n";
  return {};
}

}  // namespace

Result<std::string> print_nft(const Ruleset& ruleset, const PrintOptions& options) {
  std::string text;
  for (const Table& table : ruleset.tables)
    if (auto printed = print_table(text, table, options); !printed) return tl::unexpected(std::move(printed).error());
  return text;
}

}  // namespace mailweir::rules
