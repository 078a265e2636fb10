#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/layout.h"

namespace mailweir {
namespace {

constexpr int kWidth = 80;

using Entry = std::pair<std::string, std::string>;

std::string entries_text(const std::vector<Entry>& entries) {
  std::size_t width = 0;
  for (const auto& [name, what] : entries) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, what] : entries) {
    const std::string head = fmt::format("  {:<{}}  ", name, width);
    text += head + wrap(what, kWidth, static_cast<int>(head.size())).substr(head.size());
  }
  return text;
}

std::string shown_value(const OptionFacts& option) {
  return option.choices.empty() ? option.value : fmt::format("{}", fmt::join(option.choices, "|"));
}

Entry entry(const OptionFacts& option) {
  if (option.positional) return {option.names.front() + (option.repeats ? "..." : ""), option.what};
  const std::string value = shown_value(option);
  return {fmt::format("{}{}{}", fmt::join(option.names, ", "), value.empty() ? "" : " ", value), option.what};
}

}  // namespace

std::string program_help(const CommandTree& tree) {
  std::vector<Entry> verbs, options;
  for (const VerbFacts& verb : tree.verbs) verbs.emplace_back(verb.name, verb.what);
  for (const OptionFacts& option : tree.options) options.push_back(entry(option));
  return fmt::format(
      "{}\nusage: mailweir VERB [OPTIONS]\n\n{}\nOptions of every verb:\n{}\nOne verb: mailweir help VERB\n",
      wrap(tree.what, kWidth, 0), entries_text(verbs), entries_text(options));
}

std::string group_help(const CommandTree& tree, const std::string& group) {
  std::vector<Entry> verbs;
  for (const VerbFacts& verb : tree.verbs)
    if (verb.name.starts_with(group + " ")) verbs.emplace_back(verb.name, verb.what);
  if (verbs.empty()) return {};
  return fmt::format("usage: mailweir {} VERB [OPTIONS]\n\n{}\nOne verb: mailweir help {}\n", group,
                     entries_text(verbs), verbs.front().first);
}

std::string verb_help(const VerbFacts& verb) {
  std::vector<Entry> arguments, options;
  std::string usage = "usage: mailweir " + verb.name;
  for (const OptionFacts& option : verb.options) (option.positional ? arguments : options).push_back(entry(option));
  if (!options.empty()) usage += " [OPTIONS]";
  for (const OptionFacts& option : verb.options)
    if (option.positional)
      usage += option.required ? " " + entry(option).first : fmt::format(" [{}]", entry(option).first);
  arguments.insert(arguments.end(), options.begin(), options.end());
  std::string text = fmt::format("{}\n\n{}\n", verb.what, usage);
  if (!arguments.empty()) text += "\n" + entries_text(arguments);
  return text + fmt::format("\nExample: {}\nOptions of every verb: mailweir --help\n", verb.example);
}

}  // namespace mailweir
