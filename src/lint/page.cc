#include "lint/page.h"

#include <fmt/format.h>

#include "lint/check.h"

namespace mailweir::rules {
namespace {

std::string block(const LintExample& example) {
  std::string text = fmt::format("```\n{}", example.rules);
  if (!example.rules_v6.empty()) text += fmt::format("# and of ip6tables:\n{}", example.rules_v6);
  if (!text.ends_with('\n')) text += '\n';
  return text + "```\n";
}

}  // namespace

std::string lint_page() {
  std::string text =
      "# What lint finds\n\n"
      "Made from the program by `mailweir lint --list`. *proved*: sets of packets were compared; *replayed*: the "
      "simulator took a\n"
      "packet through the rules; *heuristic*: rules like these are mostly mistakes.\n\n"
      "| | id | severity | confidence | meaning |\n|---|---|---|---|---|\n";
  for (const Check* check : all_checks())
    text += fmt::format("| {0} | [{1}](#{1}) | {2} | {3} | {4} |\n", check->number, check->id, name_of(check->severity),
                        name_of(check->confidence), check->meaning);
  for (const Check* check : all_checks()) {
    text += fmt::format("\n## {}\n\n{}: {}.\n\n{}\n\nWrong{}:\n\n{}\nRight:\n\n{}", check->id, check->number,
                        check->meaning, check->why,
                        check->wrong.machine != nullptr ? " (on a machine where it matters)" : "", block(check->wrong),
                        block(check->right));
  }
  return text;
}

}  // namespace mailweir::rules
