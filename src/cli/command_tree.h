// The command line as plain data: what completion, suggestions and the manual's test are made from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mailweir {

struct OptionFacts {
  std::vector<std::string> names{};    // "-h", "--help"; of a positional its name in the help: "FILE"
  std::string what{};                  // one line of help
  std::string value{};                 // "FILE", "DIR", "TIME", ...; empty: a flag
  std::vector<std::string> choices{};  // the values it can have, when they are few
  bool positional = false;
  bool repeats = false;
  bool required = false;
};

struct VerbFacts {
  std::string name;
  std::string what;
  std::string example;
  std::vector<OptionFacts> options;  // its own, positionals included
};

struct CommandTree {
  std::string what;
  std::vector<OptionFacts> options;  // of every verb
  std::vector<VerbFacts> verbs;

  // Null when there is no such verb.
  [[nodiscard]] const VerbFacts* find(std::string_view verb) const;
};

// What is wrong with a word no verb expected, with the nearest spelling. `verb` is the one named before it, or empty.
[[nodiscard]] std::string unexpected_word(const CommandTree& tree, std::string_view verb, std::string_view word);

}  // namespace mailweir
