#include "ruleset/nft_places.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

#include "base/trim.h"

namespace mailweir::rules {
namespace {

struct Line {
  std::string_view text;  // without blanks around it and without comments
  std::uint32_t number = 0, column = 0;
};

// Comments go; a '#' in quotes is none.
std::string_view without_comment(std::string_view line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (line[i] == '#' && !quoted) return line.substr(0, i);
  }
  return line;
}

// The words of "table inet x {".
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : line) {
    if (c == ' ' || c == '\t' || c == '{') {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
      if (c == '{') words.emplace_back("{");
    } else {
      word += c;
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

int depth_change(std::string_view line) {
  bool quoted = false;
  int change = 0;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '{') ++change;
    if (c == '}') --change;
  }
  return change;
}

bool is_declaration(std::string_view line) {
  return line.starts_with("type ") || line.starts_with("policy ") || line.starts_with("comment ") ||
         line.starts_with("hook ") || line.starts_with("devices ");
}

// "family table chain" -> first lines of its rules, in order. Files and listings of one statement a line, as people and
// nft write them; what is written otherwise has another count and gets no places.
using Places = std::map<std::string, std::vector<Line>>;

Places rules_in(std::string_view text) {
  Places places;
  std::string table, chain;
  int depth = 0, table_depth = 0, chain_depth = 0, rule_depth = -1;
  std::uint32_t number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view whole = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    const std::string_view line = trimmed(without_comment(whole), " \t\r;");
    if (line.empty()) continue;
    const int change = depth_change(line);
    const std::vector<std::string> words = words_of(line);
    const bool opens = words.size() >= 2 && words.back() == "{";
    if (depth == 0 && opens && words[0] == "table") {
      table = words.size() >= 4 ? words[1] + " " + words[2] : "ip " + words[1];
      table_depth = depth + change;
    } else if (depth == table_depth && opens && words[0] == "chain") {
      chain = words[1];
      chain_depth = depth + change;
    } else if (!chain.empty() && depth == chain_depth && rule_depth < 0 && line != "}" && !is_declaration(line)) {
      places[table + " " + chain].push_back({line, number, static_cast<std::uint32_t>(line.data() - whole.data()) + 1});
      if (change > 0) rule_depth = depth;
    }
    depth += change;
    if (rule_depth >= 0 && depth <= rule_depth) rule_depth = -1;
    if (!chain.empty() && depth < chain_depth) chain.clear();
  }
  return places;
}

}  // namespace

void add_listed_text(Ruleset& ruleset, std::string_view listing) {
  const Places places = rules_in(listing);
  // The handle stands in a comment behind the rule: "… # handle 5".
  for (Table& table : ruleset.tables)
    for (Chain& chain : table.chains) {
      const auto found = places.find(fmt::format("{} {} {}", name_of(table.family), table.name, chain.name));
      if (found == places.end() || found->second.size() != chain.rules.size()) continue;
      for (std::size_t i = 0; i < chain.rules.size(); ++i)
        chain.rules[i].origin.text = std::string(found->second[i].text);
    }
}

void add_places(Ruleset& ruleset, std::string_view file) {
  const Places places = rules_in(file);
  for (Table& table : ruleset.tables)
    for (Chain& chain : table.chains) {
      const auto found = places.find(fmt::format("{} {} {}", name_of(table.family), table.name, chain.name));
      if (found == places.end() || found->second.size() != chain.rules.size()) continue;
      for (std::size_t i = 0; i < chain.rules.size(); ++i) {
        chain.rules[i].origin.line = found->second[i].number;
        chain.rules[i].origin.column = found->second[i].column;
      }
    }
}

std::string encode_outcome(std::string_view json, std::string_view text) {
  return fmt::format("{} {}\n{}{}", json.size(), text.size(), json, text);
}

bool decode_outcome(std::string_view all, std::string& json, std::string& text, std::string& rest) {
  std::size_t first = 0, second = 0;
  const char* const last = all.data() + all.size();
  const auto [blank, bad] = std::from_chars(all.data(), last, first);
  if (bad != std::errc{} || blank == last) return false;
  const auto [line, worse] = std::from_chars(blank + 1, last, second);
  if (worse != std::errc{} || line == last) return false;
  all.remove_prefix(static_cast<std::size_t>(line - all.data()) + 1);
  if (all.size() < first || all.size() - first < second) return false;
  json = std::string(all.substr(0, first));
  text = std::string(all.substr(first, second));
  rest = std::string(all.substr(first + second));
  return true;
}

}  // namespace mailweir::rules
