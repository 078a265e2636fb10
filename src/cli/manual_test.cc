// The manual and the program know the same verbs and options.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "cli/commands.h"

namespace mailweir {
namespace {

std::string manual() {
  std::ifstream file(MAILWEIR_MANUAL);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// From the line that begins with `head` to the next headline of the same or a higher level.
std::string section(const std::string& text, const std::string& head) {
  const auto begin = text.find("\n" + head);
  if (begin == std::string::npos) return {};
  const auto below = text.find('\n', begin + 1);
  const std::regex next(head.starts_with("## ") ? "\n##? " : "\n# ");
  std::smatch found;
  const std::string rest = text.substr(below);
  return std::regex_search(rest, found, next) ? rest.substr(0, static_cast<std::size_t>(found.position())) : rest;
}

// Options set in bold at the beginning of a line: "*--since* _TIME_, *--until* _TIME_".
std::vector<std::string> options_in(const std::string& section_text) {
  std::vector<std::string> options;
  std::istringstream lines(section_text);
  const std::regex option(R"(\*(--?[a-z0-9-]+)\*)");
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("*-")) continue;
    for (std::sregex_iterator it(line.begin(), line.end(), option), end; it != end; ++it) options.push_back((*it)[1]);
  }
  return options;
}

std::vector<std::string> names(const std::vector<OptionFacts>& options) {
  std::vector<std::string> all;
  for (const OptionFacts& option : options)
    if (!option.positional) all.insert(all.end(), option.names.begin(), option.names.end());
  return all;
}

std::vector<std::string> sorted(std::vector<std::string> list) {
  std::sort(list.begin(), list.end());
  return list;
}

TEST(Manual, EveryVerbHasASectionWithExactlyItsOptions) {
  const std::string text = manual();
  ASSERT_FALSE(text.empty()) << MAILWEIR_MANUAL;
  for (const VerbFacts& verb : command_tree().verbs) {
    const std::string told = section(text, "## mailweir " + verb.name);
    EXPECT_FALSE(told.empty()) << "docs/man/mailweir.1.scd has no section '## mailweir " << verb.name << "'";
    EXPECT_EQ(sorted(options_in(told)), sorted(names(verb.options))) << "of mailweir " << verb.name;
  }
}

TEST(Manual, TellsTheOptionsOfEveryVerb) {
  EXPECT_EQ(sorted(options_in(section(manual(), "# OPTIONS OF EVERY VERB"))), sorted(names(command_tree().options)));
}

TEST(Manual, PromisesNoVerbThatIsNotThere) {
  const std::string text = manual();
  const CommandTree tree = command_tree();
  const std::regex head("\n## mailweir ([a-z]+(?: [a-z]+)*)");
  for (std::sregex_iterator it(text.begin(), text.end(), head), end; it != end; ++it)
    EXPECT_NE(tree.find((*it)[1].str()), nullptr) << (*it)[1];
}

}  // namespace
}  // namespace mailweir
