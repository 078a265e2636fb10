#include "cli/lint_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/escape.h"
#include "base/trim.h"
#include "lint/subject.h"
#include "report/json.h"
#include "ruleset/print_ruleset.h"
#include "simulate/packet_notation.h"

namespace mailweir {
namespace {

using namespace rules;

constexpr std::size_t kSameShown = 3;  // of one check in one chain
constexpr std::size_t kRelatedShown = 4;

// Of the rule, else of the chain, else of the table; null: of the whole.
const Origin* origin_of(const RulePlace& place) {
  if (place.rule != nullptr) return &place.rule->origin;
  if (place.chain != nullptr) return &place.chain->origin;
  return place.table != nullptr ? &place.table->origin : nullptr;
}

std::string file_of(const LintedRules& linted, const RulePlace& place) {
  const Origin* origin = origin_of(place);
  const auto& files = linted.ruleset.files;
  if (origin != nullptr && origin->file < files.size()) return files[origin->file];
  return files.empty() ? "" : files.front();
}

std::uint32_t line_of(const RulePlace& place) {
  const Origin* origin = origin_of(place);
  return origin == nullptr ? 0 : origin->line;
}

std::string_view source_line(const LintedRules& linted, const RulePlace& place) {
  const Origin* origin = origin_of(place);
  if (origin == nullptr || origin->line == 0 || origin->file >= linted.sources.size()) return {};
  std::string_view text = linted.sources[origin->file];
  for (std::uint32_t line = 1; line < origin->line; ++line) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::string rule_of(const RulePlace& place) {
  return place.rule == nullptr ? std::string() : rule_text(*place.table, *place.rule);
}

// "rules.v4:7", "live rules"
std::string where(const LintedRules& linted, const RulePlace& place) {
  const std::string file = file_of(linted, place);
  const std::uint32_t line = line_of(place);
  std::string text = file.empty() ? "live rules" : escape(file);
  if (line != 0) text += fmt::format(":{}", line);
  return text;
}

Style style_of(Severity severity) {
  return severity == Severity::Error ? Style::Bad : severity == Severity::Warning ? Style::Doubtful : Style::Faint;
}

std::string finding_text(const LintedRules& linted, const Finding& finding, const Screen& screen) {
  const Painter& paint = screen.paint;
  std::string text = fmt::format(
      "{}: {}: {}: {} {}\n", paint(Style::Strong, where(linted, finding.place)),
      paint(style_of(finding.severity), name_of(finding.severity)), place_text(finding.place), finding.text,
      paint(Style::Faint, fmt::format("[{} {}, {}]", finding.number, finding.id, name_of(finding.confidence))));
  if (const std::string_view line = source_line(linted, finding.place); !line.empty()) {
    text += fmt::format("    {}\n    {}\n", escape(trimmed(line), 200), paint(style_of(finding.severity), "^"));
  } else if (finding.place.rule != nullptr) {
    text += fmt::format("    {}\n", escape(rule_of(finding.place), 200));
  }
  for (std::size_t i = 0; i != std::min(finding.related.size(), kRelatedShown); ++i) {
    const RelatedPlace& related = finding.related[i];
    const std::string rule = rule_of(related.place);
    text += fmt::format("    {} {}{}{}\n", place_text(related.place), related.text,
                        line_of(related.place) == 0 ? "" : fmt::format(" (line {})", line_of(related.place)),
                        rule.empty() ? "" : ": " + paint(Style::Faint, escape(rule, 120)));
  }
  if (finding.related.size() > kRelatedShown)
    text += fmt::format("    and {} more rules\n", finding.related.size() - kRelatedShown);
  if (finding.witness)
    text += fmt::format("    packet: {} -> {}\n", escape(write_packet(finding.witness->packet)), finding.witness->fate);
  if (!finding.fix.empty()) text += fmt::format("    fix: {}\n", finding.fix);
  return text;
}

nlohmann::ordered_json finding_json(const LintedRules& linted, const Finding& finding) {
  nlohmann::ordered_json json;
  json["id"] = finding.id;
  json["severity"] = name_of(finding.severity);
  json["confidence"] = name_of(finding.confidence);
  json["number"] = finding.number;
  json["file"] = file_of(linted, finding.place);
  json["line"] = line_of(finding.place);
  json["table"] = finding.place.table == nullptr ? "" : finding.place.table->name;
  json["family"] = finding.place.table == nullptr ? "" : name_of(finding.place.table->family);
  json["chain"] = finding.place.chain == nullptr ? "" : finding.place.chain->name;
  json["rule_number"] = finding.place.number;
  json["handle"] = finding.place.rule == nullptr ? 0 : finding.place.rule->handle;
  json["rule"] = rule_of(finding.place);
  json["text"] = finding.text;
  json["related"] = nlohmann::ordered_json::array();
  for (const RelatedPlace& related : finding.related)
    json["related"].push_back({{"file", file_of(linted, related.place)},
                               {"line", line_of(related.place)},
                               {"chain", related.place.chain == nullptr ? "" : related.place.chain->name},
                               {"rule_number", related.place.number},
                               {"rule", rule_of(related.place)},
                               {"text", related.text}});
  json["fix"] = finding.fix;
  json["witness"] = nullptr;
  if (finding.witness)
    json["witness"] = {{"packet", write_packet(finding.witness->packet)}, {"verdict", finding.witness->fate}};
  return json;
}

std::string plural(std::size_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

}  // namespace

std::string lint_text(const LintedRules& linted, bool all, const Screen& screen) {
  using Kind = std::tuple<std::string_view, const Chain*>;
  std::map<Kind, std::size_t> counts, shown;
  const auto kind_of = [](const Finding& finding) { return Kind(finding.id, finding.place.chain); };
  for (const Finding& finding : linted.report.findings) ++counts[kind_of(finding)];
  std::string text;
  for (const Finding& finding : linted.report.findings) {
    const std::size_t number = ++shown[kind_of(finding)], count = counts[kind_of(finding)];
    if (all || number <= kSameShown || count == kSameShown + 1) text += finding_text(linted, finding, screen);
    if (!all && number == kSameShown && count > kSameShown + 1)
      text += fmt::format("    and {} more {} in {}; --all shows them\n", count - kSameShown, finding.id,
                          finding.place.chain == nullptr ? "the ruleset" : escape(finding.place.chain->name, 40));
  }
  return text;
}

std::string lint_counts(std::span<const LintedRules* const> all) {
  std::size_t counts[3] = {};
  for (const LintedRules* linted : all)
    for (const Finding& finding : linted->report.findings) ++counts[static_cast<std::size_t>(finding.severity)];
  return fmt::format("{}, {}, {}", plural(counts[0], "error"), plural(counts[1], "warning"),
                     plural(counts[2], "remark"));
}

nlohmann::ordered_json lint_json(std::span<const LintedRules* const> all) {
  auto answer = json_answer("lint");
  answer["files"] = nlohmann::ordered_json::array();
  answer["findings"] = nlohmann::ordered_json::array();
  std::size_t left_out = 0, undecided = 0;
  std::vector<std::pair<Severity, nlohmann::ordered_json>> findings;
  for (const LintedRules* linted : all) {
    for (const std::string& file : linted->ruleset.files) answer["files"].push_back(file);
    for (const Finding& finding : linted->report.findings)
      findings.emplace_back(finding.severity, finding_json(*linted, finding));
    left_out += linted->report.findings_left_out;
    undecided += linted->report.rules_undecided;
  }
  std::ranges::stable_sort(findings, {}, [](const auto& each) { return each.first; });
  for (auto& [severity, json] : findings) answer["findings"].push_back(std::move(json));
  answer["findings_left_out"] = left_out;
  answer["rules_undecided"] = undecided;
  return answer;
}

}  // namespace mailweir
