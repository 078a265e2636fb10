#include "cli/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/escape.h"
#include "base/nearest.h"
#include "cli/give_up.h"
#include "cli/lint_machine.h"
#include "cli/lint_view.h"
#include "cli/read_rules.h"
#include "lint/fix.h"
#include "lint/page.h"
#include "report/json.h"
#include "ruleset/read_ruleset.h"

namespace mailweir {
namespace {

using rules::Check;
using rules::Finding;

// What lint() is about to look at: rules that belong together.
struct Question {
  LintedRules linted;
  std::vector<RulesFile> files;  // none: live
};

// A mistake in the rules; what only this machine's kernel lacks is none.
bool blames_rules(const Diagnostic& remark) {
  return remark.severity == Severity::Error && remark.id != "ruleset.kernel-cannot";
}

bool overlap(const rules::Ruleset& a, const rules::Ruleset& b) {
  return std::ranges::any_of(
      a.tables, [&](const rules::Table& table) { return b.find_table(table.family, table.name) != nullptr; });
}

Result<std::vector<const Check*>> checks_named(const std::vector<std::string>& names) {
  std::vector<const Check*> checks;
  for (const std::string& name : names) {
    const Check* check = rules::find_check(name);
    if (check == nullptr) {
      std::vector<std::string_view> ids;
      for (const Check* each : rules::all_checks()) ids.push_back(each->id);
      const std::string hint = nearest_hint(name, ids);
      return fail(ErrorCode::Usage, fmt::format("there is no check {}{}", escape(name),
                                                hint.empty() ? "; mailweir lint --list" : ", " + hint));
    }
    checks.push_back(check);
  }
  return checks;
}

Result<std::vector<Question>> questions_of(const LintVerbOptions& options, const CommonOptions& common) {
  std::vector<Question> questions;
  if (options.files.empty()) {
    Question& question = questions.emplace_back();
    auto live = rules::read_live_ruleset(question.linted.remarks);
    if (!live) return fail(std::move(live).error());
    question.linted.ruleset = *std::move(live);
  }
  for (const std::string& path : options.files) {
    auto file = read_rules_file(path);
    if (!file) return fail(std::move(file).error());
    const auto fitting = std::ranges::find_if(
        questions, [&](const Question& each) { return !overlap(each.linted.ruleset, file->ruleset); });
    Question& question = fitting == questions.end() ? questions.emplace_back() : *fitting;
    question.linted.ruleset =
        question.files.empty() ? file->ruleset : rules::joined(std::move(question.linted.ruleset), file->ruleset);
    question.linted.sources.push_back(file->text);
    for (const Diagnostic& remark : file->remarks.list()) question.linted.remarks.add(remark);
    question.files.push_back(*std::move(file));
  }
  for (const Question& question : questions)
    for (const Diagnostic& remark : question.linted.remarks.list())
      if (remark.severity == Severity::Error || !common.quiet) {
        const auto file = std::ranges::find(question.files, remark.span.file, &RulesFile::name);
        Diagnostic said = remark;
        if (!blames_rules(remark)) said.severity = Severity::Warning;
        fmt::print(stderr, "{}\n", render(said, file == question.files.end() ? std::string() : file->text));
      }
  return questions;
}

// A diff for each file that changes, on standard output; what could not be done on standard error.
int print_fixes(const Question& question, const rules::Fixes& fixes, const CommonOptions& common) {
  bool all_said = true;
  const auto say = [&](const Result<rules::EditedText>& edited, const std::string& name) {
    if (edited) {
      std::fputs(edited->diff.c_str(), stdout);
    } else {
      all_said = false;
      fmt::print(stderr, "mailweir: the changes of {} cannot be shown as a diff: {}\n", escape(name),
                 edited.error().text());
    }
  };
  const auto of_tables = [&](const rules::Ruleset& ruleset) {
    std::vector<rules::RuleEdit> edits;
    for (const rules::RuleEdit& edit : fixes.edits)
      if (ruleset.find_table(edit.family, edit.table) != nullptr) edits.push_back(edit);
    return edits;
  };
  for (const RulesFile& file : question.files) {
    const auto edits = of_tables(file.ruleset);
    if (edits.empty()) continue;
    rules::ReadOptions options;
    options.name = file.name;
    auto edited = rules::edit_text(file.ruleset, edits, file.text, options);
    if (!edited) edited = rules::edit_printed(file.ruleset, edits, file.name);
    say(edited, file.name);
  }
  if (question.files.empty())
    for (const rules::Table& table : question.linted.ruleset.tables) {
      std::vector<rules::RuleEdit> edits;
      for (const rules::RuleEdit& edit : fixes.edits)
        if (edit.family == table.family && edit.table == table.name) edits.push_back(edit);
      const std::string name = fmt::format("{}-{}", name_of(table.family), table.name);
      if (!edits.empty()) say(rules::edit_printed(question.linted.ruleset, edits, name), name);
    }
  if (!common.quiet) {
    fmt::print(stderr, "mailweir: {} of {} findings mended; {} packets keep their fate\n", fixes.mended.size(),
               question.linted.report.findings.size(), fixes.packets_kept);
    for (const auto& left : fixes.left) {
      const Finding& finding = question.linted.report.findings[left.finding];
      fmt::print(stderr, "mailweir: not mended: {} in {}: {}\n", finding.id,
                 finding.place.chain == nullptr ? "the ruleset" : escape(finding.place.chain->name, 40), left.why);
    }
  }
  return fixes.left.empty() && all_said ? 0 : 1;
}

void tell_limits(const rules::LintReport& report) {
  if (report.findings_left_out > 0)
    fmt::print(stderr, "mailweir: {} more findings are not shown (findings_max)\n", report.findings_left_out);
  if (report.rules_undecided > 0)
    fmt::print(stderr, "mailweir: of {} rules it was not found out whether they are ever reached (comparisons_max)\n",
               report.rules_undecided);
}

}  // namespace

int lint(const LintVerbOptions& options, const CommonOptions& common) {
  if (options.list) {
    std::fputs(rules::lint_page().c_str(), stdout);
    return 0;
  }
  auto only = checks_named(options.only), without = checks_named(options.without);
  if (!only) return give_up(only.error());
  if (!without) return give_up(without.error());
  auto questions = questions_of(options, common);
  if (!questions) return give_up(questions.error());
  std::optional<rules::LiveFacts> machine;
  if (options.files.empty()) machine = live_facts();
  int status = 0;
  for (Question& question : *questions) {
    rules::LintOptions how;
    how.only = *only;
    how.without = *without;
    how.machine = machine ? &*machine : nullptr;
    how.sources = question.linted.sources;
    how.remarks = question.linted.remarks.list();
    question.linted.report = rules::lint(question.linted.ruleset, how);
    const bool bad = std::ranges::any_of(question.linted.report.findings,
                                         [](const Finding& finding) { return finding.severity != Severity::Info; });
    if (options.fix)
      status = std::max(
          status,
          print_fixes(question, rules::verified_fixes(question.linted.ruleset, question.linted.report, how), common));
    else if (bad || std::ranges::any_of(question.linted.remarks.list(), blames_rules))
      status = 1;
  }
  if (options.fix) return status;
  std::vector<const LintedRules*> all;
  for (const Question& question : *questions) {
    all.push_back(&question.linted);
    if (!common.json) std::fputs(lint_text(question.linted, options.all, screen_of(stdout, common)).c_str(), stdout);
    tell_limits(question.linted.report);
  }
  if (common.json)
    std::fputs(print_json(lint_json(all)).c_str(), stdout);
  else
    fmt::print("{}\n", lint_counts(all));
  return status;
}

}  // namespace mailweir
