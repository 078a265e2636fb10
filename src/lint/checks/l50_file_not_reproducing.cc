#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "lint/check.h"
#include "lint/subject.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {
namespace {

void from_remarks(LintSubject& subject) {
  std::vector<std::uint32_t> twice;  // lines; of one cause: several files were put into one
  const Diagnostic* first = nullptr;
  for (const Diagnostic& remark : subject.remarks()) {
    if (remark.id == "ruleset.table-twice") {
      if (first == nullptr) first = &remark;
      twice.push_back(remark.span.line);
    }
    if (remark.id != "ruleset.missing-commit") continue;
    subject.add(Confidence::Proved, {}, fmt::format("line {}: {}", remark.span.line, remark.text)).fix = remark.hint;
  }
  if (first == nullptr) return;
  subject
      .add(Confidence::Proved, {},
           twice.size() == 1
               ? fmt::format("line {}: {}", first->span.line, first->text)
               : fmt::format("{} lines begin a table that is there already (the first is line {}): of each table a "
                             "restore keeps only the last",
                             twice.size(), first->span.line))
      .fix = first->hint.empty() ? "write both parts as one table" : first->hint;
}

bool inserts_first(const Rule& rule) {
  const std::string_view text = rule.origin.text;
  if (!text.starts_with("-I ")) return false;
  const std::string_view behind = text.substr(std::min(text.find(' ', 3), text.size() - 1) + 1);
  return behind.empty() || behind[0] < '0' || behind[0] > '9';
}

// A restore carries them out one by one, so the last line comes first.
void inverted(LintSubject& subject) {
  std::map<const Chain*, std::vector<RulePlace>> inserted;
  for (const RulePlace& place : subject.rules()) {
    if (notation_of(subject.source(place.rule->origin.file)) != Notation::Save) continue;
    if (inserts_first(*place.rule)) inserted[place.chain].push_back(place);
  }
  for (const Table& table : subject.ruleset().tables)
    for (const Chain& chain : table.chains) {
      const auto found = inserted.find(&chain);
      if (found == inserted.end() || found->second.size() < 2) continue;
      subject
          .add(Confidence::Heuristic, found->second[0],
               fmt::format("{} lines of this file insert at the top (-I), so the last of them comes first",
                           found->second.size()))
          .fix = "append them (-A) in the order in which they are to be asked";
    }
}

// "iptables-restore -n rules": once more each time.
void not_flushed(LintSubject& subject) {
  for (std::uint32_t file = 0; file < subject.ruleset().files.size(); ++file) {
    std::string_view text = subject.source(file);
    for (std::size_t at = text.find("tables-restore"); at != std::string_view::npos;
         at = text.find("tables-restore", at + 1)) {
      const auto begin = text.rfind('\n', at) + 1;
      const std::string_view line = text.substr(begin, text.find('\n', at) - begin);
      const auto first = line.find_first_not_of(" \t");
      if (line[first] == '#') continue;
      if (line.find(" -n") == std::string_view::npos && line.find(" --noflush") == std::string_view::npos) continue;
      subject
          .add(Confidence::Heuristic, {},
               "iptables-restore without flushing adds the rules to those that are there: after the second run every "
               "rule stands twice")
          .fix = "leave out --noflush, or flush the chains of the file at its beginning";
      return;
    }
  }
}

void run(LintSubject& subject) {
  from_remarks(subject);
  inverted(subject);
  not_flushed(subject);
}

}  // namespace

const Check l50{
    .number = "L50",
    .id = "file-loads-otherwise",
    .severity = Severity::Error,
    .confidence = Confidence::Heuristic,
    .meaning = "loading the file does not give the rules it seems to hold",
    .why =
        "Without COMMIT a restore loads nothing of the table. A table that stands twice is kept once, the last. Lines "
        "that insert (-I) come out in inverse order. A restore without flushing doubles the rules on each run.",
    .wrong = {.rules = "*mangle\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 3306 -j MARK --set-mark 1\n"},
    .right = {.rules = "*mangle\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 3306 -j MARK --set-mark 1\nCOMMIT\n"},
    .run = run,
};

}  // namespace mailweir::rules
