#include "cli/explain_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>

#include "base/escape.h"
#include "base/trim.h"
#include "report/layout.h"
#include "report/words.h"

namespace mailweir {
namespace {

using namespace rules;  // a line and the rules behind it: nothing here is about a policy

constexpr std::size_t kRulesShown = 16;    // that did not take the packet; the first and the last of more
constexpr std::size_t kCausesShown = 4;    // and only likely ones
constexpr double kLikely = 0.08;           // below: with --all
constexpr std::size_t kTextMax = 4'000;    // bytes of one text
constexpr std::size_t kGroupsInFull = 12;  // of many; the others on a line each, unless --all

std::string shown(std::string_view text) { return escape(text, kTextMax); }

class Report {
 public:
  Report(const Screen& screen, bool everything) : screen_(screen), everything_(everything) {}

  void group(const Explanation& one) {
    const LineCase& c = one.line_case;
    head(one);
    line_of(c);
    if (!one.passed_over.empty()) passed_over(one);
    causes(one);
    remedies(one);
    notes(one.notes, "Notes");
  }

  void short_group(const Explanation& one) const {
    const LineCase& c = one.line_case;
    std::fputs(wrap(fmt::format("{}: {}{}", count_of(c.group->lines, "line"), shown(partial_text(c.line().seen)),
                                one.causes.empty() ? "" : fmt::format("; {}", one.causes.front().title)),
                    screen_.width, 2)
                   .c_str(),
               stdout);
  }

  void notes(const std::vector<std::string>& list, std::string_view title) const {
    if (list.empty()) return;
    fmt::print("\n{}\n", screen_.paint(Style::Strong, title));
    for (const std::string& note : list) say(shown(note), 2);
  }

 private:
  void say(const std::string& text, int indent) const { std::fputs(wrap(text, screen_.width, indent).c_str(), stdout); }

  void head(const Explanation& one) const {
    const LineCase& c = one.line_case;
    if (!c.rule()) {
      say(screen_.paint(Style::Strong, c.scene == nullptr && c.rules == nullptr
                                           ? "No rules to look into: by the line alone."
                                           : "None of these rules logged this."),
          0);
      return;
    }
    const RulePlace& place = c.rule()->place;
    const auto origin = place.rule->origin.line;
    fmt::print("{}, the packet being {} to conntrack{}.\n",
               screen_.paint(Style::Strong, fmt::format("{} logged this{}", shown(name_of(place)),
                                                        origin == 0 ? "" : fmt::format(" (line {})", origin))),
               screen_.paint(Style::Strong, upper(name_of(c.state()))), c.states.size() == 1 ? "" : " (most likely)");
    say(shown(text_of(place)), 2);
    if (is_stopped(c.rule()->fate))
      say(fmt::format("The packet was {} by {}.", name_of(c.rule()->fate.kind), shown(name_of(one.ended_by))), 2);
    else
      say(fmt::format("The packet was {} all the same: the rule only logs.", name_of(c.rule()->fate.kind)), 2);
  }

  static std::string upper(std::string_view word) {
    std::string text(word);
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
    return text;
  }

  void line_of(const LineCase& c) const {
    fmt::print("\n");
    // Where no rule tells: what the line begins with parts packets that are otherwise the same.
    const std::string prefix(c.rule() ? std::string_view{} : trimmed(c.line().prefix));
    const std::string packet =
        (prefix.empty() ? "" : fmt::format("\"{}\" ", shown(prefix))) + shown(partial_text(c.line().seen));
    if (screen_.terminal) {
      std::vector<std::string> words = c.line().blacked_out;
      if (c.flags() && (*c.flags() & 4U) != 0) words.insert(words.end(), {"RST", "WINDOW=0"});
      for (std::string& word : words) word = shown(word);
      if (const std::string marked = marked_line(shown(c.line().line), words, screen_.width); !marked.empty())
        fmt::print("{}", screen_.paint(Style::Faint, marked));
    }
    if (c.group->lines == 1) return say(packet, 2);
    say(fmt::format("{} like this: {}", count_of(c.group->lines, "line"), packet), 2);
    std::string spread =
        fmt::format("{}, {}", distinct(c.group->sources, "source"), distinct(c.group->destinations, "destination"));
    const auto& values = c.line().seen.packet.values;
    if (values.knowledge_of(Field::DestinationPort) != Knowledge::Absent)
      spread += fmt::format(", {}", distinct(c.group->ports, "port"));
    say(spread, 2);
  }

  // Past the limit they are not told apart.
  static std::string distinct(std::size_t count, std::string_view what) {
    return (count >= kPasteLimits.distinct_max ? "at least " : "") + count_of(count, what);
  }

  void rule_line(const PassedOver& passed) const {
    say(fmt::format("{}  {}", shown(name_of(passed.place)), shown(text_of(passed.place))), 2);
    fmt::print("{}", screen_.paint(Style::Faint, wrap(shown(passed.text), screen_.width, 6)));
  }

  void passed_over(const Explanation& one) {
    const RulePlace& place = one.line_case.rule()->place;
    const bool again = std::ranges::find(told_, std::pair(place.rule, one.line_case.state())) != told_.end();
    fmt::print("\n{}{}\n", screen_.paint(Style::Strong, "Why no rule before it took the packet"),
               again && !everything_ ? ": as above" : "");
    if (again && !everything_) return;
    told_.emplace_back(place.rule, one.line_case.state());
    const auto& list = one.passed_over;
    const bool whole = everything_ || list.size() <= kRulesShown;
    const std::size_t half = kRulesShown / 2;
    for (std::size_t i = 0; i != list.size(); ++i) {
      if (!whole && i == half) {
        say(fmt::format("... {} more (--all) ...", count_text(list.size() - kRulesShown + one.passed_over_left_out)),
            2);
        i = list.size() - half;
      }
      rule_line(list[i]);
    }
  }

  void causes(const Explanation& one) const {
    if (one.causes.empty()) return;
    fmt::print("\n{}\n", screen_.paint(Style::Strong, "Likely causes"));
    std::size_t printed = 0;
    for (const LineCause& cause : one.causes) {
      if (!everything_ && printed != 0 && (printed == kCausesShown || cause.judgement.probability < kLikely)) break;
      ++printed;
      fmt::print("  {:>3.0f} %  {} {}\n", cause.judgement.probability * 100,
                 screen_.paint(Style::Strong, fmt::format("{}", cause.title)),
                 screen_.paint(Style::Faint, fmt::format("[{}]", cause.id)));
      say(shown(cause.judgement.text), 9);
      if (!cause.judgement.before.empty())
        say(fmt::format("before it{}: {}", cause.judgement.simulated ? " (tried)" : "", shown(cause.judgement.before)),
            9);
    }
    if (printed < one.causes.size()) say(fmt::format("{} less likely (--all)", one.causes.size() - printed), 9);
  }

  void remedies(const Explanation& one) const {
    bool helps = false, fails = false;
    for (const Remedy& remedy : one.remedies) {
      bool& said = remedy.tried && !remedy.verified ? fails : helps;
      if (!said)
        fmt::print("\n{}\n", screen_.paint(Style::Strong, &said == &fails ? "What would not help" : "What helps"));
      said = true;
      this->remedy(remedy);
    }
  }

  void remedy(const Remedy& remedy) const {
    say(shown(remedy.text) + ":", 2);
    for (const std::string& command : remedy.commands)
      fmt::print("      {}\n", screen_.paint(remedy.verified ? Style::Good
                                             : remedy.tried  ? Style::Bad
                                                             : Style::Plain,
                                             shown(command)));
    if (!remedy.tried) return say("Not tried on the simulator: there were too many rules and lines for that.", 6);
    if (!remedy.gone) return say(fmt::format("The line stays: {}.", shown(remedy.witness)), 6);
    std::string text =
        fmt::format("Tried: the line is gone ({}).", count_of(remedy.packets, "kind of packet", "kinds of packets"));
    if (!remedy.keeps.empty()) text += fmt::format(" Unchanged: {}.", fmt::join(remedy.keeps, ", "));
    if (!remedy.changes.empty())
      text += fmt::format(" {}: {}.", remedy.verified ? "Changed, as it is meant to" : "But it changes what becomes of",
                          fmt::join(remedy.changes, ", "));
    say(text, 6);
  }

  const Screen& screen_;
  bool everything_;
  std::vector<std::pair<const Rule*, ConnectionState>> told_;  // whose earlier rules were shown
};

}  // namespace

std::string marked_line(const std::string& line, const std::vector<std::string>& words, int width) {
  std::string carets(line.size(), ' ');
  std::size_t first = line.size(), last = 0;
  for (const std::string& word : words) {
    const std::size_t at = line.rfind(word);
    if (at == std::string::npos || word.empty()) continue;
    std::fill_n(carets.begin() + static_cast<std::ptrdiff_t>(at), word.size(), '^');
    first = std::min(first, at);
    last = std::max(last, at + word.size());
  }
  if (last == 0) return {};
  // One row per stretch of the line that has carets.
  constexpr std::size_t kIndent = 2, kBefore = 20;
  const std::size_t columns = static_cast<std::size_t>(std::max(width, 40)) - kIndent;
  std::string text;
  for (std::size_t at = first > kBefore ? first - kBefore : 0; at < last;) {
    const std::string piece = line.substr(at, columns);
    std::string marks = carets.substr(at, columns);
    marks.erase(marks.find_last_not_of(' ') == std::string::npos ? 0 : marks.find_last_not_of(' ') + 1);
    if (!marks.empty()) text += fmt::format("  {}\n  {}\n", piece, marks);
    at += columns;
  }
  return text;
}

void print_explained_text(const LinesExplained& answer, const PastedText& lines, bool everything,
                          const Screen& screen) {
  Report report(screen, everything);
  if (answer.groups.size() > 1)
    fmt::print("{} of {}, the most frequent first.\n\n", count_of(lines.log_lines, "line"),
               count_of(lines.groups.size(), "kind"));
  const std::size_t full = everything ? answer.groups.size() : std::min(answer.groups.size(), kGroupsInFull);
  for (std::size_t i = 0; i != full; ++i) {
    if (i != 0) fmt::print("\n{}\n\n", std::string(static_cast<std::size_t>(std::min(screen.width, 80)), '-'));
    report.group(answer.groups[i]);
  }
  if (full != answer.groups.size()) {
    fmt::print("\n{}\n", screen.paint(Style::Strong, "Rarer lines (--all)"));
    for (std::size_t i = full; i != answer.groups.size(); ++i) report.short_group(answer.groups[i]);
  }
  report.notes(answer.notes, "About all of it");
}

}  // namespace mailweir
