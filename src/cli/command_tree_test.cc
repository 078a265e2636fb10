#include "cli/command_tree.h"

#include <gtest/gtest.h>

#include "cli/completion.h"
#include "cli/help.h"

namespace mailweir {
namespace {

CommandTree tree() {
  CommandTree tree;
  tree.what = "A tree.";
  tree.options = {{.names = {"-h", "--help"}, .what = "This help"},
                  {.names = {"--config"}, .what = "The policy", .value = "FILE"},
                  {.names = {"--color"}, .what = "Colours", .value = "TEXT", .choices = {"auto", "never"}}};
  VerbFacts analyze{"analyze", "Who sends spam?", "mailweir analyze kern.log", {}};
  analyze.options = {
      {.names = {"--since"}, .what = "From then on", .value = "TIME"},
      {.names = {"FILE"}, .what = "A log", .value = "FILE", .positional = true, .repeats = true, .required = true}};
  tree.verbs = {analyze, {"help", "What it does", "mailweir help analyze", {}}};
  return tree;
}

TEST(UnexpectedWord, SuggestsTheNearestVerb) {
  EXPECT_EQ(unexpected_word(tree(), "", "anlyze"), "there is no verb 'anlyze'; did you mean 'analyze'?");
  EXPECT_EQ(unexpected_word(tree(), "", "bake"), "there is no verb 'bake'");
}

TEST(UnexpectedWord, SuggestsOptionsOfTheVerbAndOfAll) {
  EXPECT_EQ(unexpected_word(tree(), "analyze", "--snice=2h"),
            "no option of analyze is called --snice; did you mean '--since'?");
  EXPECT_EQ(unexpected_word(tree(), "analyze", "--colour"),
            "no option of analyze is called --colour; did you mean '--color'?");
  EXPECT_EQ(unexpected_word(tree(), "help", "--snice"), "no option of help is called --snice");
}

TEST(UnexpectedWord, NamesAnArgumentTooMany) {
  EXPECT_EQ(unexpected_word(tree(), "help", "me"), "help does not expect 'me'");
  EXPECT_EQ(unexpected_word(tree(), "help", "\x1b[2J"), "help does not expect '\\x1b[2J'");
}

TEST(Help, HasALinePerVerbAndOption) {
  EXPECT_EQ(program_help(tree()),
            "A tree.\n\nusage: mailweir VERB [OPTIONS]\n\n"
            "  analyze  Who sends spam?\n  help     What it does\n\n"
            "Options of every verb:\n"
            "  -h, --help          This help\n  --config FILE       The policy\n  --color auto|never  Colours\n\n"
            "One verb: mailweir help VERB\n");
  EXPECT_EQ(verb_help(tree().verbs[0]),
            "Who sends spam?\n\nusage: mailweir analyze [OPTIONS] FILE...\n\n"
            "  FILE...       A log\n  --since TIME  From then on\n\n"
            "Example: mailweir analyze kern.log\nOptions of every verb: mailweir --help\n");
}

TEST(Completion, EveryShellKnowsVerbsAndOptions) {
  for (const std::string& script : {bash_completion(tree()), zsh_completion(tree()), fish_completion(tree())}) {
    for (const char* word : {"analyze", "help", "since", "config", "color", "auto never"})
      EXPECT_NE(script.find(word), std::string::npos) << word << " in " << script;
  }
}

TEST(Completion, DescriptionsCannotEndAQuote) {
  CommandTree risky = tree();
  risky.verbs[0].what = "it's [a] test: of quotes";
  EXPECT_EQ(zsh_completion(risky).find("it's"), std::string::npos);
  EXPECT_EQ(fish_completion(risky).find("it's"), std::string::npos);
}

}  // namespace
}  // namespace mailweir
