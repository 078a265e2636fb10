#include "cli/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "cli/explain_json.h"
#include "cli/explain_text.h"
#include "cli/give_up.h"
#include "cli/read_rules.h"
#include "cli/screen.h"
#include "explain/explain.h"
#include "ruleset/read_ruleset.h"
#include "simulate/live_machine.h"
#include "sys/terminal.h"

namespace mailweir {
namespace {

constexpr std::size_t kPasteMax = std::size_t{64} << 20;  // bytes of log read; a day of a busy machine

Result<std::string> pasted(const ExplainOptions& options) {
  std::string text;
  if (!options.lines.empty() && options.lines != std::vector<std::string>{"-"}) {
    for (const std::string& line : options.lines) text += line + "\n";
    return text;
  }
  if (is_terminal(stdin)) fmt::print(stderr, "Paste the lines, then press Ctrl-D.\n");
  constexpr std::size_t kPiece = 65'536;
  std::string piece(kPiece, '\0');
  while (text.size() <= kPasteMax && std::cin.read(piece.data(), kPiece).gcount() > 0)
    text.append(piece, 0, static_cast<std::size_t>(std::cin.gcount()));
  if (text.size() > kPasteMax)
    return fail(ErrorCode::BadInput,
                fmt::format("more than {} MB of lines; give the part that matters, as in: tail -n 100000 kern.log",
                            kPasteMax >> 20));
  return text;
}

struct Rules {
  std::optional<rules::Ruleset> ruleset;
  std::optional<rules::SimulatedMachine> machine;
  std::vector<std::string> notes;
};

// Rules of the file, of the paste, of the kernel. Without any there is still an answer, a lesser one.
Result<Rules> rules_for(const ExplainOptions& options, const rules::PastedText& pasted, const CommonOptions& common) {
  Rules found;
  if (!options.ruleset.empty()) {
    auto ruleset = read_rules(options.ruleset, common);
    if (!ruleset) return fail(ruleset.error());
    found.ruleset = std::move(*ruleset);
    return found;
  }
  if (!pasted.rules.empty()) {
    Diagnostics remarks;
    found.ruleset =
        rules::read_iptables(pasted.rules, {.name = "the pasted text", .family = {}, .limits = {}}, remarks);
    found.notes.emplace_back("The rules are those pasted with the lines.");
    for (const Diagnostic& remark : remarks.list())
      if (remark.severity == Severity::Error)
        found.notes.push_back("Of the pasted rules, one was not understood: " + remark.text);
    return found;
  }
  auto live = read_rules({}, common);
  if (live) {
    const bool logs =
        std::ranges::any_of(live->tables, [](const rules::Table& table) { return !table.chains.empty(); });
    if (logs) {
      found.ruleset = std::move(*live);
      found.machine = rules::live_machine();
      return found;
    }
    found.notes.emplace_back(
        "There are no rules in the kernel here, so only the lines are judged: give the rules with --ruleset.");
    return found;
  }
  found.notes.push_back("The rules in the kernel cannot be read (" + live.error().text() +
                        "), so only the lines are judged: give the rules with --ruleset.");
  return found;
}

}  // namespace

int explain(const ExplainOptions& options, const CommonOptions& common) {
  const auto text = pasted(options);
  if (!text) return give_up(text.error());
  const rules::PastedText lines = rules::read_pasted_text(*text);
  if (lines.groups.empty())
    return give_up(
        Error(ErrorCode::BadInput,
              "no line of a kernel log is in there: it has words like IN=eth0 OUT= SRC=192.0.2.1 DST=... PROTO=TCP"));
  const auto found = rules_for(options, lines, common);
  if (!found) return give_up(found.error());
  std::optional<rules::Program> program;
  if (found->ruleset) program.emplace(*found->ruleset);
  rules::LinesExplained answer =
      rules::explain_lines(lines, program ? &*program : nullptr, found->machine ? &*found->machine : nullptr);
  answer.notes.insert(answer.notes.begin(), found->notes.begin(), found->notes.end());
  if (common.json)
    print_explained_json(answer, lines);
  else
    print_explained_text(answer, lines, options.everything, screen_of(stdout, common));
  const bool every = std::ranges::all_of(
      answer.groups, [](const rules::Explanation& one) { return one.line_case.rule().has_value(); });
  return every && answer.groups.size() == lines.groups.size() ? 0 : 1;
}

}  // namespace mailweir
