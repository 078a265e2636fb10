#include "explain/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "record/packet_sighting.h"

namespace mailweir::rules {
namespace {

void list_passed_over(Explanation& answer) {
  const std::vector<TraceStep>& before = answer.line_case.rule()->before;
  const std::size_t from = before.size() > kExplainLimits.before_max ? before.size() - kExplainLimits.before_max : 0;
  answer.passed_over_left_out = from;
  for (std::size_t i = from; i != before.size(); ++i)
    answer.passed_over.push_back({place_of(before[i]), before[i].hook, why_not(before[i])});
}

std::string prefixes_note(const LineCase& c) {
  std::vector<std::string> others;
  for (const std::string& prefix : c.search.prefixes)
    if (!prefix.empty()) others.push_back(fmt::format("\"{}\"", prefix));
  return fmt::format("No rule logs with the prefix of the line{}{}. {}", c.line().prefix.empty() ? "" : ", ",
                     c.line().prefix.empty() ? "" : fmt::format("\"{}\"", c.line().prefix),
                     others.empty() ? "Those that log do it without one."
                                    : fmt::format("These prefixes are used: {}.", fmt::join(others, ", ")));
}

void note_rule(Explanation& answer) {
  const LineCase& c = answer.line_case;
  if (!c.rule()) {
    if (!c.search.limit.empty())
      answer.notes.push_back(fmt::format(
          "The packet was not followed to its end: {}. Which rule logged it is not known.", c.search.limit));
    else if (!c.search.misses.empty()) {
      std::vector<std::string> names;
      for (const RuleSearch::Miss& miss : c.search.misses) names.push_back(name_of(miss.place));
      const RulePlace& taken = c.search.misses.front().taken_by;
      answer.notes.push_back(fmt::format(
          "{} {} with this prefix, but a packet like this one does not come there{}. Were the rules others then?",
          fmt::join(names, ", "), names.size() == 1 ? "logs" : "log",
          taken.chain == nullptr ? std::string()
                                 : fmt::format(": {} ({}) takes it before", name_of(taken), text_of(taken))));
    }
    if (c.search.misses.empty() && !c.search.prefixes.empty()) answer.notes.push_back(prefixes_note(c));
    if (c.search.misses.empty() && c.search.prefixes.empty())
      answer.notes.emplace_back("No rule logs anything in these rules.");
    return;
  }
  for (const RulePlace& other : c.rule()->others)
    answer.notes.push_back(fmt::format("{} ({}) logs such a packet with the same prefix too: give each its own.",
                                       name_of(other), text_of(other)));
  for (const Assumption& assumption : c.rule()->assumptions)
    answer.notes.push_back(
        fmt::format("This holds if {}{}.", assumption.holds ? "" : "it is not so that ", assumption.what));
  if (c.states.size() > 1) {
    std::vector<std::string_view> names;
    for (std::size_t i = 1; i != c.states.size(); ++i) names.push_back(name_of(c.states[i]));
    answer.notes.push_back(
        fmt::format("A packet like this is {} to conntrack when it knows no connection of it; had it been {}, this "
                    "rule would have logged it too.",
                    name_of(c.state()), fmt::join(names, " or ")));
  }
  if (c.rule()->limit == nullptr && c.group->lines >= 100)
    answer.notes.push_back(fmt::format(
        "{} logs without a limit: whoever sends such packets fills the disk. `-m limit --limit 6/min` bounds it.",
        name_of(c.rule()->place)));
}

void note_line(Explanation& answer) {
  const LineCase& c = answer.line_case;
  for (const std::string& word : c.line().blacked_out)
    answer.notes.push_back(fmt::format("{} is taken as not known.", word));
  if (c.captured != nullptr)
    answer.notes.push_back(
        fmt::format("Pasted beside the line: {}{}.", partial_text(c.captured->seen),
                    c.captured->altered ? " (in its hex an address was changed: its checksum says so)" : ""));
  const auto flags = c.flags();
  if (!c.arrives() && flags && may_be_made_by_kernel(c.line()) && (*flags & tcp_flag::kAck) == 0 &&
      c.can_be(ConnectionState::Invalid) && c.scene != nullptr && c.rule() && c.earlier.empty())
    answer.notes.emplace_back(
        "No packet that comes in could be found whose answer these rules log like this: a program closing a connection "
        "that conntrack has forgotten sends such resets too.");
}

// A line's machine differs with its interfaces and addresses.
Scene scene_of(const Program& program, const LoggedPacket& line, const SimulatedMachine* machine) {
  return {&program, machine_of(line, machine)};
}

void note_paste(const PastedText& pasted, LinesExplained& answer) {
  const auto note = [&](std::size_t count, std::string text) {
    if (count != 0) answer.notes.push_back(fmt::format("{} {}", count, text));
  };
  note(pasted.long_lines, fmt::format("lines are longer than {} bytes and were not read", kPasteLimits.line_bytes_max));
  note(pasted.lines_left_out,
       fmt::format("lines are of more than {} kinds and were not explained", kPasteLimits.groups_max));
  note(pasted.captured_left_out,
       fmt::format("captured packets past the first {} were not read", CaptureText::kPacketsMax));
  if (pasted.groups.size() > kExplainLimits.groups_max)
    answer.notes.push_back(fmt::format("{} more groups of lines, rarer than these, were not explained",
                                       pasted.groups.size() - kExplainLimits.groups_max));
}

}  // namespace

LinesExplained explain_lines(const PastedText& pasted, const Program* program, const SimulatedMachine* machine) {
  LinesExplained all;
  std::uint64_t rules_left = kExplainLimits.rules_tried_max;
  for (const LineGroup& group : pasted.groups) {
    if (all.groups.size() == kExplainLimits.groups_max) break;
    std::optional<Scene> scene;
    if (program != nullptr) scene = scene_of(*program, group.first, machine);
    Explanation answer;
    answer.line_case = open_case(group, pasted, scene ? &*scene : nullptr);
    if (answer.line_case.rule()) list_passed_over(answer);
    answer.causes = judge_causes(answer.line_case);
    answer.remedies = find_remedies(answer.line_case, answer.causes, rules_left);
    note_rule(answer);
    note_line(answer);
    answer.line_case.scene = nullptr;  // it ends here
    if (auto& found = answer.line_case.search.found) {
      answer.ended_by = end_of(found->fate);
      found->before.clear();
      found->fate.notes.steps.clear();
    }
    all.groups.push_back(std::move(answer));
  }
  note_paste(pasted, all);
  return all;
}

}  // namespace mailweir::rules
