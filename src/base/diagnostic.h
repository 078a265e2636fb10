// Remarks about a user's text: all of them in one run, each with its place and what to do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mailweir {

enum class Severity { Error, Warning, Info };

// 1-based; line 0 means "the file as a whole".
struct SourceSpan {
  std::string file;
  int line = 0;
  int column = 0;  // in characters (UTF-8), as editors count
};

struct Diagnostic {
  Severity severity = Severity::Error;
  std::string id;  // stable words: "policy.unknown-key"
  SourceSpan span;
  std::string text;  // one sentence
  std::string hint;  // what to do, or empty
};

class Diagnostics {
 public:
  void add(Diagnostic diagnostic) { list_.push_back(std::move(diagnostic)); }
  [[nodiscard]] const std::vector<Diagnostic>& list() const { return list_; }
  [[nodiscard]] bool has_errors() const;

 private:
  std::vector<Diagnostic> list_;
};

[[nodiscard]] std::string_view name_of(Severity severity);
// "FILE:LINE:COLUMN: error: TEXT", the line of `source` with a caret below when it has one, and the hint.
[[nodiscard]] std::string render(const Diagnostic& diagnostic, std::string_view source);

}  // namespace mailweir
