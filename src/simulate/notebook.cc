#include "simulate/notebook.h"

#include <fmt/format.h>

namespace mailweir::rules {

namespace {

// Fields whose values read better with a verb than as "X is 1".
std::string plain_why(const Match& match, Knowledge knowledge, FieldValue value) {
  const Field field = match.operand.field;
  const std::string wanted = values_text(field, match.values);
  const std::string mask =
      match.operand.is_whole() ? "" : fmt::format(" (of {})", value_text(field, match.operand.mask));
  if (knowledge == Knowledge::Absent) return fmt::format("the packet has no {}", name_of(field));
  if (knowledge == Knowledge::Unknown) return fmt::format("{}{} is taken not to be {}", name_of(field), mask, wanted);
  return match.negated
             ? fmt::format("{}{} is {}, which the rule leaves out", name_of(field), mask, value_text(field, value))
             : fmt::format("{}{} is {}, not {}", name_of(field), mask, value_text(field, value), wanted);
}

}  // namespace

std::string_view name_of(TraceStep::Result result) {
  switch (result) {
    case TraceStep::Result::NoMatch:
      return "no match";
    case TraceStep::Result::Matched:
      return "matched";
    case TraceStep::Result::Accept:
      return "accept";
    case TraceStep::Result::Drop:
      return "drop";
    case TraceStep::Result::Reject:
      return "reject";
    case TraceStep::Result::Jump:
      return "jump";
    case TraceStep::Result::Return:
      return "return";
    case TraceStep::Result::Queue:
      return "queue";
    case TraceStep::Result::Translate:
      return "translate";
    case TraceStep::Result::Policy:
      return "policy";
    case TraceStep::Result::Unknown:
      return "unknown";
  }
  return "unknown";
}

std::string why_not(const TraceStep& step) {
  if (step.result != TraceStep::Result::NoMatch || step.part == nullptr) return {};
  if (const auto* match = std::get_if<Match>(step.part)) return plain_why(*match, step.knowledge, step.value);
  if (const auto* lookup = std::get_if<Lookup>(step.part))
    return fmt::format("{} {}", lookup->negated ? "is in" : "is not in",
                       lookup->set.empty() ? part_text(*step.part) : "set " + lookup->set);
  if (std::holds_alternative<Limit>(*step.part))
    return fmt::format("its limit was used up ({})", part_text(*step.part));
  return fmt::format("{} did not match{}", part_text(*step.part), step.assumed ? " (taken to be so)" : "");
}

}  // namespace mailweir::rules
