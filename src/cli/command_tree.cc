#include "cli/command_tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "base/nearest.h"

namespace mailweir {
namespace {

std::string with_hint(const std::string& sentence, std::string_view word,
                      const std::vector<std::string_view>& candidates) {
  const std::string hint = nearest_hint(word, candidates);
  return hint.empty() ? sentence : sentence + "; " + hint;
}

}  // namespace

const VerbFacts* CommandTree::find(std::string_view verb) const {
  const auto found =
      std::find_if(verbs.begin(), verbs.end(), [&](const VerbFacts& known) { return known.name == verb; });
  return found == verbs.end() ? nullptr : &*found;
}

std::string unexpected_word(const CommandTree& tree, std::string_view verb, std::string_view word) {
  std::vector<std::string_view> candidates;
  if (word.size() > 1 && word.front() == '-') {
    word = word.substr(0, word.find('='));
    const auto add = [&](const std::vector<OptionFacts>& options) {
      for (const OptionFacts& option : options)
        if (!option.positional) candidates.insert(candidates.end(), option.names.begin(), option.names.end());
    };
    if (const VerbFacts* known = tree.find(verb)) add(known->options);
    add(tree.options);
    const std::string of = verb.empty() ? "" : fmt::format(" of {}", verb);
    return with_hint(fmt::format("no option{} is called {}", of, escape(word, 64)), word, candidates);
  }
  for (const VerbFacts& known : tree.verbs)
    if (!verb.empty() && known.name.starts_with(std::string(verb) + " "))
      candidates.push_back(std::string_view(known.name).substr(verb.size() + 1));
  if (!candidates.empty())
    return with_hint(fmt::format("{} has no verb '{}'", verb, escape(word, 64)), word, candidates);
  if (!verb.empty()) return fmt::format("{} does not expect '{}'", verb, escape(word, 64));
  for (const VerbFacts& known : tree.verbs) candidates.push_back(known.name);
  return with_hint(fmt::format("there is no verb '{}'", escape(word, 64)), word, candidates);
}

}  // namespace mailweir
