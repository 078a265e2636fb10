#include "cli/commands.h"

#include <fmt/format.h>

#include <CLI/Formatter.hpp>
#include <cstdio>
#include <exception>

#include "base/error.h"
#include "base/escape.h"
#include "cli/help.h"
#include "cli/verbs.h"

namespace mailweir {
namespace {

// "check", "dns check"
std::string full_name(const CLI::App& verb) {
  const CLI::App* parent = verb.get_parent();
  return parent == nullptr || parent->get_parent() == nullptr ? verb.get_name()
                                                              : full_name(*parent) + " " + verb.get_name();
}

OptionFacts facts_of(const CLI::Option& option) {
  OptionFacts facts;
  facts.positional = option.get_positional();
  if (facts.positional) {
    facts.names = {option.get_name(true)};
  } else {
    for (const std::string& name : option.get_snames()) facts.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) facts.names.push_back("--" + name);
  }
  facts.what = option.get_description();
  if (const std::string fallback = option.get_default_str(); !fallback.empty())
    facts.what += fmt::format(" ({})", fallback);
  facts.required = option.get_required();
  facts.repeats = option.get_expected_max() > 1;
  if (option.get_type_size_max() == 0) return facts;  // a flag
  // CLI11 tells what a check allows only in the name of the type: "TEXT:{auto,always,never}", "N:INT in [1 - 9]".
  const std::string type = option.get_type_name();
  const auto colon = std::min(type.find(':'), type.size());
  facts.value = type.substr(0, colon);
  if (facts.value == "UINT" || facts.value == "INT") facts.value = "N";
  if (type.compare(colon, 2, ":{") != 0) return facts;
  std::string list = type.substr(colon + 2, type.size() - colon - 3);
  for (auto comma = list.find(','); comma != std::string::npos; comma = list.find(',')) {
    facts.choices.push_back(list.substr(0, comma));
    list.erase(0, comma + 1);
  }
  facts.choices.push_back(list);
  return facts;
}

std::vector<OptionFacts> options_of(const CLI::App& app) {
  std::vector<OptionFacts> options;
  for (const CLI::Option* option : app.get_options()) options.push_back(facts_of(*option));
  return options;
}

CommandTree tree_of(const CLI::App& app) {
  CommandTree tree;
  tree.what = app.get_description();
  tree.options = options_of(app);
  const auto add = [&](const CLI::App& verb) {
    VerbFacts facts{full_name(verb), verb.get_description(), verb.get_footer(), {}};
    for (OptionFacts& option : options_of(verb))
      if (option.names.front() != "-h") facts.options.push_back(std::move(option));  // every verb has it
    tree.verbs.push_back(std::move(facts));
  };
  const auto everyone = [](const CLI::App*) { return true; };
  for (const CLI::App* verb : app.get_subcommands(everyone)) {
    const auto within = verb->get_subcommands(everyone);
    if (within.empty()) add(*verb);
    for (const CLI::App* inner : within) add(*inner);
  }
  return tree;
}

void prepare(Commands& commands) {
  CLI::App& app = commands.app;
  app.name("mailweir");
  app.set_help_flag("-h,--help", "This help");
  app.formatter_fn([](const CLI::App* about, const std::string&, CLI::AppFormatMode) {
    const CLI::App* root = about;
    while (root->get_parent() != nullptr) root = root->get_parent();
    const CommandTree tree = tree_of(*root);
    if (about == root) return program_help(tree);
    const VerbFacts* verb = tree.find(full_name(*about));
    return verb == nullptr ? group_help(tree, about->get_name()) : verb_help(*verb);
  });
  app.require_subcommand(0, 1);
  add_verbs(commands);
}

// One mistake, the nearest spelling, and where to read on.
int usage_mistake(const Commands& commands, const CLI::ParseError& error) {
  const CLI::App* last = &commands.app;
  while (!last->get_subcommands().empty()) last = last->get_subcommands().front();
  const std::string verb = last == &commands.app ? "" : full_name(*last);
  std::string mistake = (verb.empty() ? "" : verb + ": ") + escape(error.what());
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> left = commands.app.remaining(true);
    if (!left.empty()) mistake = unexpected_word(tree_of(commands.app), verb, left.front());
  }
  if (last != &commands.app && !last->get_subcommands([](const CLI::App*) { return true; }).empty()) {
    const std::vector<std::string> left = commands.app.remaining(true);  // a group of verbs, and none of them
    mistake = left.empty() ? verb + " needs a verb" : unexpected_word(tree_of(commands.app), verb, left.front());
  }
  fmt::print(stderr, "mailweir: {}\nTry: mailweir {}--help\n", mistake, verb.empty() ? "" : verb + " ");
  return exit_status(ErrorCode::Usage);
}

}  // namespace

CommandTree command_tree() {
  Commands commands;
  prepare(commands);
  return tree_of(commands.app);
}

int run_command(int argc, char** argv) try {
  Commands commands;
  prepare(commands);
  try {
    commands.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return commands.app.exit(error);  // --help, --version
    return usage_mistake(commands, error);
  }
  if (!commands.chosen) {
    fmt::print("{}", commands.app.help());
    return exit_status(ErrorCode::Usage);
  }
  return commands.chosen();
} catch (const std::exception& exception) {
  fmt::print(stderr, "mailweir: unexpected: {}; please report this\n", exception.what());
  return 4;
}

}  // namespace mailweir
