#include "report/problems_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mailweir {

nlohmann::ordered_json problems_json(const Diagnostics& diagnostics) {
  std::vector<Diagnostic> sorted = diagnostics.list();
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Diagnostic& a, const Diagnostic& b) { return a.severity < b.severity; });
  auto problems = nlohmann::ordered_json::array();
  for (const Diagnostic& problem : sorted) {
    problems.push_back({{"id", problem.id},
                        {"severity", name_of(problem.severity)},
                        {"file", problem.span.file},
                        {"line", problem.span.line},
                        {"column", problem.span.column},
                        {"text", problem.text},
                        {"hint", problem.hint}});
  }
  return problems;
}

}  // namespace mailweir
