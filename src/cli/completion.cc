#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>

namespace mailweir {
namespace {

bool is_path(const OptionFacts& option) { return option.value == "FILE" || option.value == "DIR"; }

std::string names_of(const std::vector<OptionFacts>& options) {
  std::string text;
  for (const OptionFacts& option : options)
    if (!option.positional)
      for (const std::string& name : option.names) text += (text.empty() ? "" : " ") + name;
  return text;
}

// The words an argument can be, for the first positional: choices, or a path.
const OptionFacts* first_positional(const VerbFacts& verb) {
  const auto found =
      std::find_if(verb.options.begin(), verb.options.end(), [](const OptionFacts& o) { return o.positional; });
  return found == verb.options.end() ? nullptr : &*found;
}

// "dns" of "dns check"; the whole of others.
std::string first_word(const VerbFacts& verb) { return verb.name.substr(0, verb.name.find(' ')); }

// Words that begin several verbs, each with what may follow it.
struct Group {
  std::string name, verbs;
};
std::vector<Group> groups_of(const CommandTree& tree) {
  std::vector<Group> groups;
  for (const VerbFacts& verb : tree.verbs) {
    const std::string first = first_word(verb);
    if (first == verb.name) continue;
    if (groups.empty() || groups.back().name != first) groups.push_back({first, ""});
    groups.back().verbs += (groups.back().verbs.empty() ? "" : " ") + verb.name.substr(first.size() + 1);
  }
  return groups;
}

// For use between single quotes of a shell, and inside zsh's [..] and :..: fields.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (std::string_view("'[]\\").find(c) == std::string_view::npos) out += c == ':' ? ',' : c;
  return out;
}

// "*:--color) ..." lines: what may follow an option that takes a value.
std::string bash_values(const std::string& verb, const std::vector<OptionFacts>& options) {
  std::string text;
  for (const OptionFacts& option : options) {
    if (option.positional || option.value.empty()) continue;
    std::string pattern;
    for (const std::string& name : option.names)
      pattern += fmt::format("{}{}:{}", pattern.empty() ? "" : " | ", verb, name);
    const std::string_view action = option.value == "DIR" ? "_mailweir_paths -d"
                                    : is_path(option)     ? "_mailweir_paths -f"
                                                          : "_mailweir_words";
    text += fmt::format("    {}) {}{}; return ;;\n", pattern, action,
                        option.choices.empty() ? "" : fmt::format(" '{}'", fmt::join(option.choices, " ")));
  }
  return text;
}

std::string zsh_options(const std::vector<OptionFacts>& options) {
  std::string text;
  for (const OptionFacts& option : options) {
    std::string argument;
    if (!option.value.empty() || option.positional) {
      const std::string action = !option.choices.empty() ? fmt::format("({})", fmt::join(option.choices, " "))
                                 : option.value == "DIR" ? "_files -/"
                                 : is_path(option)       ? "_files"
                                                         : "";
      argument = fmt::format(":{}:{}", option.value, action);
    }
    if (option.positional) {
      text +=
          fmt::format(" \\\n    '{}{}'", option.repeats ? "*" : "1:", option.repeats ? argument : argument.substr(1));
      continue;
    }
    for (const std::string& name : option.names)
      text += fmt::format(" \\\n    '{}{}[{}]{}'", option.repeats ? "*" : "", name, plain(option.what), argument);
  }
  return text;
}

std::string fish_options(const std::string& condition, const std::vector<OptionFacts>& options) {
  std::string text;
  for (const OptionFacts& option : options) {
    std::string line = "complete -c mailweir" + condition;
    const std::string choices =
        option.choices.empty() ? "" : fmt::format(" -f -a '{}'", fmt::join(option.choices, " "));
    if (option.positional) {
      if (is_path(option)) text += line + " -F\n";
      if (!choices.empty()) text += line + choices + "\n";
      continue;
    }
    for (const std::string& name : option.names)
      line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (!option.value.empty()) line += is_path(option) ? " -r -F" : choices.empty() ? " -x" : " -r" + choices;
    text += fmt::format("{} -d '{}'\n", line, plain(option.what));
  }
  return text;
}

}  // namespace

std::string bash_completion(const CommandTree& tree) {
  std::string verbs, pattern, values = bash_values("*", tree.options), own;
  for (const VerbFacts& verb : tree.verbs) {
    if (verb.name == first_word(verb)) verbs += (verbs.empty() ? "" : " ") + verb.name;
    pattern += (pattern.empty() ? "'" : " | '") + verb.name + "'";
    values += bash_values("'" + verb.name + "'", verb.options);
    const OptionFacts* argument = first_positional(verb);
    own += fmt::format(
        "    '{}') words+=' {}{}'{} ;;\n", verb.name, names_of(verb.options),
        argument != nullptr && !argument->choices.empty() ? fmt::format(" {}", fmt::join(argument->choices, " ")) : "",
        argument != nullptr && is_path(*argument) ? "; paths=yes" : "");
  }
  std::string groups;
  for (const Group& group : groups_of(tree)) {
    verbs += " " + group.name;
    own += fmt::format("    {}) words+=' {}' ;;\n", group.name, group.verbs);
    groups += fmt::format("\n      {}) verb=$word ;;", group.name);
  }
  return fmt::format(R"(# bash completion of mailweir; made by `mailweir completion bash`
_mailweir_words() {{ mapfile -t COMPREPLY < <(compgen -W "${{1-}}" -- "$current"); }}
_mailweir_paths() {{ compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen "$1" -- "$current"); }}
_mailweir() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} verb='' paths='' word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "${{verb:+$verb }}$word" in
      {}) verb="${{verb:+$verb }}$word"; break ;;{}
    esac
  done
  case $verb:$previous in
{}  esac
  local words='{}'
  case $verb in
    '') words+=' {}' ;;
{}  esac
  if [[ -n $paths && $current != -* ]]; then _mailweir_paths -f; else _mailweir_words "$words"; fi
}}
complete -F _mailweir mailweir
)",
                     pattern, groups, values, names_of(tree.options), verbs, own);
}

std::string zsh_completion(const CommandTree& tree) {
  std::string verbs, cases;
  for (const VerbFacts& verb : tree.verbs) {
    if (verb.name != first_word(verb)) continue;
    verbs += fmt::format("\n    '{}:{}'", verb.name, plain(verb.what));
    cases += fmt::format("    {}) _arguments $common{} ;;\n", verb.name, zsh_options(verb.options));
  }
  // Of a group, the options of all its verbs: the shell does not tell which one was written.
  for (const Group& group : groups_of(tree)) {
    verbs += fmt::format("\n    '{}:{}'", group.name, group.verbs);
    std::vector<OptionFacts> options;
    for (const VerbFacts& verb : tree.verbs)
      for (const OptionFacts& option : verb.options)
        if (first_word(verb) == group.name && !option.positional &&
            std::none_of(options.begin(), options.end(), [&](const OptionFacts& o) { return o.names == option.names; }))
          options.push_back(option);
    cases +=
        fmt::format("    {}) _arguments $common '1:verb:({})'{} ;;\n", group.name, group.verbs, zsh_options(options));
  }
  return fmt::format(R"(#compdef mailweir
# zsh completion of mailweir; made by `mailweir completion zsh`
_mailweir() {{
  local state line
  local -a common=({}
  )
  local -a verbs=({}
  )
  _arguments -C $common '1:verb:->verb' '*::argument:->argument'
  case $state in
    verb) _describe verb verbs; return ;;
    argument) ;;
    *) return ;;
  esac
  case $line[1] in
{}  esac
}}
_mailweir "$@"
)",
                     zsh_options(tree.options), verbs, cases);
}

std::string fish_completion(const CommandTree& tree) {
  std::string text = "# fish completion of mailweir; made by `mailweir completion fish`\ncomplete -c mailweir -f\n";
  text += fish_options("", tree.options);
  for (const VerbFacts& verb : tree.verbs)
    if (verb.name == first_word(verb))
      text += fmt::format("complete -c mailweir -n __fish_use_subcommand -a {} -d '{}'\n", verb.name, plain(verb.what));
  for (const Group& group : groups_of(tree))
    text += fmt::format(
        "complete -c mailweir -n __fish_use_subcommand -a {0}\n"
        "complete -c mailweir -n '__fish_seen_subcommand_from {0}; and not __fish_seen_subcommand_from {1}' -a '{1}'\n",
        group.name, group.verbs);
  for (const VerbFacts& verb : tree.verbs) {
    std::string condition = "__fish_seen_subcommand_from " + verb.name;
    if (const auto gap = verb.name.find(' '); gap != std::string::npos)
      condition = fmt::format("__fish_seen_subcommand_from {}; and __fish_seen_subcommand_from {}", first_word(verb),
                              verb.name.substr(gap + 1));
    text += fish_options(fmt::format(" -n '{}'", condition), verb.options);
  }
  return text;
}

}  // namespace mailweir
