#include "lint/lint.h"

#include <algorithm>
#include <tuple>

#include "lint/subject.h"

namespace mailweir::rules {

class LintRun {
 public:
  LintRun(const Ruleset& ruleset, const LintOptions& options)
      : options_(options), subject_(ruleset, options.machine, options.sources, options.remarks) {}

  LintReport run() {
    for (const Check* check : all_checks())
      if (wanted(*check)) run(*check);
    report_.findings_left_out = subject_.too_many_;
    report_.rules_undecided = subject_.dead().undecided();
    std::ranges::stable_sort(report_.findings, {}, [](const Finding& finding) {
      const Origin* origin = finding.place.rule != nullptr    ? &finding.place.rule->origin
                             : finding.place.chain != nullptr ? &finding.place.chain->origin
                             : finding.place.table != nullptr ? &finding.place.table->origin
                                                              : nullptr;
      return std::tuple(finding.severity, origin == nullptr ? 0 : origin->file, origin == nullptr ? 0 : origin->line,
                        finding.number);
    });
    return std::move(report_);
  }

 private:
  [[nodiscard]] bool wanted(const Check& check) const {
    if (std::ranges::find(options_.without, &check) != options_.without.end()) return false;
    return options_.only.empty() || std::ranges::find(options_.only, &check) != options_.only.end();
  }

  void run(const Check& check) {
    subject_.default_severity_ = check.severity;
    check.run(subject_);
    for (Finding& finding : subject_.findings_) {
      finding.number = check.number;
      finding.id = check.id;
      report_.findings.push_back(std::move(finding));
    }
    subject_.findings_.clear();
  }

  const LintOptions& options_;
  LintSubject subject_;
  LintReport report_;
};

LintReport lint(const Ruleset& ruleset, const LintOptions& options) { return LintRun(ruleset, options).run(); }

}  // namespace mailweir::rules
