// Edits as changed lines of a text: in whatever notation and layout its author chose.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/escape.h"
#include "ruleset/edit.h"
#include "ruleset/part_text.h"
#include "ruleset/print_ruleset.h"

namespace mailweir::rules {
namespace {

constexpr std::size_t kContextLines = 3;  // as diff -u

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Lines to take out and to put in; numbers from 0, `before[lines.size()]` is the end.
struct LineChanges {
  std::map<std::size_t, std::vector<std::string>> before;
  std::map<std::size_t, bool> removed;
};

tl::unexpected<Error> cannot(std::string why) { return fail(ErrorCode::Unsupported, std::move(why)); }

class TextEditor {
 public:
  TextEditor(const Ruleset& ruleset, std::string_view source, Notation notation)
      : ruleset_(ruleset), lines_(lines_of(source)), notation_(notation) {
    for (const Table& table : ruleset.tables)
      for (const Chain& chain : table.chains)
        for (const Rule& rule : chain.rules) ++rules_on_[rule.origin.line];
  }

  Result<void> take(const RuleEdit& edit) {
    const Table* table = ruleset_.find_table(edit.family, edit.table);
    const Chain* chain = table == nullptr ? nullptr : table->find_chain(edit.chain);
    if (chain == nullptr) return cannot("the chain is not in the text");
    switch (edit.kind) {
      case RuleEdit::Kind::Insert:
        return insert(*table, *chain, edit.number, edit.rule);
      case RuleEdit::Kind::Remove:
        return remove(*chain, edit.number);
      case RuleEdit::Kind::Replace: {
        auto inserted = insert(*table, *chain, edit.number, edit.rule);
        return inserted ? remove(*chain, edit.number) : inserted;
      }
      case RuleEdit::Kind::Move: {
        if (edit.number > chain->rules.size()) return cannot("no such rule");
        const auto line = own_line(chain->rules[edit.number - 1]);
        if (!line) return fail(line.error());
        const auto place = place_for(*table, *chain, edit.before);
        if (!place) return fail(place.error());
        changes_.before[place->line].emplace_back(lines_[*line]);
        changes_.removed[*line] = true;
        return {};
      }
      case RuleEdit::Kind::Policy:
        return set_policy(*chain, edit.policy);
    }
    return {};
  }

  [[nodiscard]] EditedText finish(std::string_view name) const {
    EditedText edited;
    std::vector<std::size_t> touched;
    for (std::size_t i = 0; i <= lines_.size(); ++i) {
      const auto added = changes_.before.find(i);
      const bool removed = changes_.removed.contains(i);
      if (added != changes_.before.end())
        for (const std::string& line : added->second) edited.text += line + "\n";
      if (added != changes_.before.end() || removed) touched.push_back(i);
      if (i < lines_.size() && !removed) edited.text += std::string(lines_[i]) + "\n";
    }
    if (touched.empty()) return edited;
    edited.diff = fmt::format("--- {0}\n+++ {0}\n", name);
    std::ptrdiff_t shift = 0;
    for (std::size_t i = 0; i < touched.size();) {
      std::size_t last = i;
      while (last + 1 < touched.size() && touched[last + 1] - touched[last] <= 2 * kContextLines + 1) ++last;
      hunk(edited.diff, touched[i], touched[last], shift);
      i = last + 1;
    }
    return edited;
  }

 private:
  void hunk(std::string& diff, std::size_t first, std::size_t last, std::ptrdiff_t& shift) const {
    const std::size_t from = first > kContextLines ? first - kContextLines : 0;
    const std::size_t to = std::min(last + kContextLines + 1, lines_.size());
    std::string body;
    std::size_t old_count = 0, new_count = 0;
    for (std::size_t i = from; i <= to; ++i) {
      const bool removed = i != to && changes_.removed.contains(i);
      if (removed) body += "-" + std::string(lines_[i]) + "\n";
      if (const auto added = changes_.before.find(i); added != changes_.before.end() && i >= first && i <= last)
        for (const std::string& line : added->second) body += "+" + line + "\n", ++new_count;
      if (i == to) break;
      if (!removed) body += " " + std::string(lines_[i]) + "\n", ++new_count;
      ++old_count;
    }
    const auto start = static_cast<std::ptrdiff_t>(from) + 1;
    diff += fmt::format("@@ -{},{} +{},{} @@\n{}", old_count == 0 ? start - 1 : start, old_count,
                        new_count == 0 ? start + shift - 1 : start + shift, new_count, body);
    shift += static_cast<std::ptrdiff_t>(new_count) - static_cast<std::ptrdiff_t>(old_count);
  }

  // The only rule of a line that is not part of a longer command.
  [[nodiscard]] Result<std::size_t> own_line(const Rule& rule) const {
    const std::size_t line = rule.origin.line;
    if (line == 0 || line > lines_.size()) return cannot("the line of a rule is not known");
    const auto shared = rules_on_.find(rule.origin.line);
    if (shared == rules_on_.end() || shared->second != 1) return cannot("a line makes several rules");
    if (lines_[line - 1].ends_with('\\') || (line > 1 && lines_[line - 2].ends_with('\\')))
      return cannot("a rule goes over several lines");
    return line - 1;
  }

  // Where a line for rule `number` goes, and the rule beside it, which shows how lines are written here.
  struct Place {
    std::size_t line;
    const Chain* chain;
    const Rule* beside;
  };
  [[nodiscard]] Result<Place> place_for(const Table& table, const Chain& chain, std::size_t number) const {
    if (chain.rules.empty()) return place_behind(table);
    const bool at_end = number > chain.rules.size();
    const Rule& beside = chain.rules[at_end ? chain.rules.size() - 1 : number - 1];
    const auto line = own_line(beside);
    if (!line) return fail(line.error());
    return Place{at_end ? *line + 1 : *line, &chain, &beside};
  }

  // For the first rule of a chain: iptables does not mind which of a table's rules stands where, nft does.
  [[nodiscard]] Result<Place> place_behind(const Table& table) const {
    Place last{0, nullptr, nullptr};
    if (notation_ != Notation::NftText)
      for (const Chain& chain : table.chains)
        for (const Rule& rule : chain.rules)
          if (const auto line = own_line(rule); line && *line >= last.line) last = {*line + 1, &chain, &rule};
    if (last.beside == nullptr) return cannot("the chain has no rules whose lines could show the place");
    return last;
  }

  [[nodiscard]] Result<std::string> line_for(const Table& table, const Chain& chain, const Rule& rule,
                                             const Place& place) const {
    const std::string_view neighbour = lines_[place.beside->origin.line - 1];
    if (notation_ == Notation::NftText) {
      const auto said = nft_rule_text(rule, table.family, false);
      if (!said) return said;
      return std::string(neighbour.substr(0, neighbour.find_first_not_of(" \t"))) + *said;
    }
    const auto said = iptables_rule_text(rule, table.family == RuleFamily::Ip6);
    if (!said) return said;
    const std::size_t at = neighbour.find("-A " + place.chain->name);
    if (at == std::string_view::npos) return cannot("the rule beside it is not appended");
    std::string_view command = neighbour.substr(0, at);
    if (command.find('[') != std::string_view::npos) command = {};  // counters
    return fmt::format("{}-A {}{}", command, chain.name, *said);
  }

  Result<void> insert(const Table& table, const Chain& chain, std::size_t number, const Rule& rule) {
    const auto place = place_for(table, chain, number);
    if (!place) return fail(place.error());
    auto line = line_for(table, chain, rule, *place);
    if (!line) return fail(std::move(line).error());
    changes_.before[place->line].push_back(*std::move(line));
    return {};
  }

  Result<void> remove(const Chain& chain, std::size_t number) {
    if (number < 1 || number > chain.rules.size()) return cannot("no such rule");
    const auto line = own_line(chain.rules[number - 1]);
    if (!line) return fail(line.error());
    changes_.removed[*line] = true;
    return {};
  }

  Result<void> set_policy(const Chain& chain, Verdict::Kind policy) {
    const bool drop = policy == Verdict::Kind::Drop;
    const bool nft = notation_ == Notation::NftText;
    const std::string old_word = nft ? (drop ? "policy accept" : "policy drop") : (drop ? " ACCEPT" : " DROP");
    const std::string new_word = nft ? (drop ? "policy drop" : "policy accept") : (drop ? " DROP" : " ACCEPT");
    // A built-in chain is known from its table's line on; its own says its name and policy.
    for (std::size_t line = std::max<std::size_t>(chain.origin.line, 1) - 1; line < lines_.size(); ++line) {
      std::string text(lines_[line]);
      const bool its =
          nft ? line + 1 >= chain.origin.line
              : text.starts_with(":" + chain.name + " ") || text.find("-P " + chain.name + " ") != std::string::npos;
      const std::size_t at = text.find(old_word);
      if (!its || at == std::string::npos) continue;
      text.replace(at, old_word.size(), new_word);
      changes_.before[line].push_back(std::move(text));
      changes_.removed[line] = true;
      return {};
    }
    return cannot("the policy does not stand in a line of its own");
  }

  const Ruleset& ruleset_;
  std::vector<std::string_view> lines_;
  Notation notation_;
  std::map<std::uint32_t, std::size_t> rules_on_;
  LineChanges changes_;
};

Ruleset half_of(const Ruleset& ruleset, RuleFamily family) {
  Ruleset half;
  half.files = ruleset.files;
  for (const Table& table : ruleset.tables)
    if (table.family == family && table.backend == Backend::Iptables) half.tables.push_back(table);
  return half;
}

}  // namespace

Result<EditedText> edit_text(const Ruleset& ruleset, std::span<const RuleEdit> edits, std::string_view source,
                             const ReadOptions& options) {
  const auto notation = notation_of(source);
  if (!notation || *notation == Notation::NftJson) return cannot("JSON is not changed by lines");
  TextEditor editor(ruleset, source, *notation);
  for (const RuleEdit& edit : edits)
    if (auto taken = editor.take(edit); !taken) return fail(std::move(taken).error());
  EditedText edited = editor.finish(escape(options.name));
  const auto wanted = apply_edits(ruleset, edits);
  if (!wanted) return fail(wanted.error());
  Diagnostics remarks;
  const auto read = read_ruleset(edited.text, options, remarks);
  if (!read) return fail(read.error());
  if (canonical_form(*read) != canonical_form(*wanted)) return cannot("the changed text would not read as it should");
  return edited;
}

Result<EditedText> edit_printed(const Ruleset& ruleset, std::span<const RuleEdit> edits, std::string_view name) {
  if (edits.empty()) return EditedText{};
  const RuleFamily family = edits.front().family;
  const Table* table = ruleset.find_table(family, edits.front().table);
  if (table == nullptr) return cannot("the table is not there");
  ReadOptions options;
  options.name = std::string(name);
  Ruleset half;
  Result<std::string> text = std::string();
  PrintOptions plain;
  plain.counters = false;
  if (table->backend == Backend::Iptables) {
    half = half_of(ruleset, family);
    for (Table& each : half.tables)
      for (Chain& chain : each.chains) chain.declared = true;  // what a fragment left open, printing declares
    options.family = family;
    text = print_iptables(half, family, plain);
  } else {
    half.files = ruleset.files;
    half.tables.push_back(*table);
    text = print_nft(half, plain);
  }
  if (!text) return fail(std::move(text).error());
  Diagnostics remarks;
  const auto read = read_ruleset(*text, options, remarks);
  if (!read) return fail(read.error());
  if (canonical_form(*read) != canonical_form(half)) return cannot("the rules as printed do not read as the same");
  return edit_text(*read, edits, *text, options);
}

}  // namespace mailweir::rules
