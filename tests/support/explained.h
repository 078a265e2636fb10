// A log line explained under rules, for tests: holds what the answer refers to.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "explain/explain.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {

class Explained {
 public:
  // `rules`: iptables' notation; empty: none are known.
  Explained(const std::string& rules, const std::string& text) : pasted_(read_pasted_text(text)) {
    if (!rules.empty()) {
      Diagnostics remarks;
      ruleset_ = read_iptables(rules, {}, remarks);
      EXPECT_FALSE(remarks.has_errors());
      program_ = std::make_unique<Program>(ruleset_);
    }
    answer_ = explain_lines(pasted_, program_.get(), nullptr);
    EXPECT_FALSE(answer_.groups.empty()) << text;
  }

  [[nodiscard]] const PastedText& pasted() const { return pasted_; }
  [[nodiscard]] const LinesExplained& all() const { return answer_; }
  [[nodiscard]] const Explanation& first() const { return answer_.groups.front(); }
  [[nodiscard]] const LineCause* cause(std::string_view id) const {
    const auto found = std::ranges::find(first().causes, id, &LineCause::id);
    return found == first().causes.end() ? nullptr : &*found;
  }
  [[nodiscard]] std::string_view likeliest() const {
    return first().causes.empty() ? std::string_view("none") : first().causes.front().id;
  }
  // Whose commands hold that text.
  [[nodiscard]] const Remedy* remedy(std::string_view command) const {
    for (const Remedy& remedy : first().remedies)
      for (const std::string& each : remedy.commands)
        if (each.find(command) != std::string::npos) return &remedy;
    return nullptr;
  }
  [[nodiscard]] std::string rule() const {
    return first().line_case.rule() ? name_of(first().line_case.rule()->place) : "none";
  }
  [[nodiscard]] ConnectionState state() const { return first().line_case.state(); }

 private:
  PastedText pasted_;
  Ruleset ruleset_;
  std::unique_ptr<Program> program_;
  LinesExplained answer_;
};

}  // namespace mailweir::rules
