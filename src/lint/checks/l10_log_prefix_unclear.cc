#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/escape.h"
#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

bool has_word(std::string_view prefix, std::span<const std::string_view> words) {
  std::string lower;
  for (const char c : prefix) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto letter = [&](std::size_t at) { return at < lower.size() && lower[at] >= 'a' && lower[at] <= 'z'; };
  return std::ranges::any_of(words, [&](std::string_view word) {
    for (auto at = lower.find(word); at != std::string::npos; at = lower.find(word, at + 1))
      if ((at == 0 || !letter(at - 1)) && !letter(at + word.size())) return true;
    return false;
  });
}

constexpr std::array<std::string_view, 8> kStopWords{"drop",   "dropped", "deny",    "denied",
                                                     "reject", "block",   "blocked", "rejected"};
constexpr std::array<std::string_view, 5> kPassWords{"accept", "accepted", "allow", "allowed", "pass"};

// What surely becomes of what the rule logs: by itself, or by the first rule behind it that takes all of it.
std::optional<Effect> decision_behind(LintSubject& subject, const RulePlace& place) {
  const Effect own = effect_of(*place.rule);
  if (own != Effect::GoesOn) return own;
  const PacketBox& logged = subject.spaces().space_of(*place.rule).box;
  // The limit of the LOG is no condition of the rule behind it: without facts the box is larger.
  PacketBox box(logged.family());
  for (const FieldValues& values : logged.fields()) box.constrain(values);
  for (std::uint32_t i = place.number; i < place.chain->rules.size(); ++i) {
    const Rule& next = place.chain->rules[i];
    const Effect effect = effect_of(next);
    const PacketBox& taken = subject.spaces().space_of(next).box;
    if (effect == Effect::GoesOn || !taken.meets(box)) continue;
    if (!taken.covers(box)) return std::nullopt;
    return effect;
  }
  return std::nullopt;
}

constexpr std::size_t kComparisonsMax = 200'000;  // of pairs; past it, rules count as told apart

// What a log line shows of a packet is all that the rule asks for but the connection's state (and the facts). So rules
// whose packets differ in what is left (one is for IPv4 and one for IPv6; two ports) are told apart by the line itself.
PacketBox shown_in_line(LintSubject& subject, const RulePlace& place) {
  return freed(subject.spaces().space_of(*place.rule).box, {Field::ConnectionState});
}

// Of rules with one prefix: those of one chain that some packet could have come to both of.
std::vector<RulePlace> not_told_apart(LintSubject& subject, const std::vector<RulePlace>& places,
                                      std::size_t& comparisons) {
  std::vector<PacketBox> boxes;
  for (const RulePlace& place : places) boxes.push_back(shown_in_line(subject, place));
  std::vector<RulePlace> same;
  for (std::size_t i = 0; i != places.size(); ++i)
    for (std::size_t j = 0; j != places.size() && comparisons < kComparisonsMax; ++j) {
      // The same prefix in iptables and ip6tables, or in the chains of one program, is meant.
      if (i == j || places[i].chain != places[j].chain) continue;
      ++comparisons;
      if (!boxes[i].meets(boxes[j])) continue;
      same.push_back(places[i]);
      break;
    }
  return same;
}

void run(LintSubject& subject) {
  std::map<std::string, std::vector<RulePlace>> by_prefix;
  std::size_t comparisons = 0;
  for (const RulePlace& place : subject.rules()) {
    const Log* log = log_of(*place.rule);
    if (log == nullptr || subject.duplicate_of(*place.rule) != nullptr) continue;
    const std::string& prefix = log->prefix;
    if (!prefix.empty()) by_prefix[prefix].push_back(place);
    const auto decision = decision_behind(subject, place);
    if (decision && ((*decision == Effect::Accept && has_word(prefix, kStopWords)) ||
                     (stops(*decision) && has_word(prefix, kPassWords)))) {
      Finding& finding = subject.add(Confidence::Proved, place,
                                     fmt::format("the log says \"{}\" of packets that are {}", escape(prefix, 40),
                                                 *decision == Effect::Accept ? "accepted" : "stopped"));
      finding.severity = Severity::Warning;
      finding.fix = "say what becomes of the packet";
      continue;
    }
    if (!prefix.empty() && prefix.back() != ' ' && prefix.back() != ':' && prefix.back() != '=' && !log->group) {
      Finding& finding = subject.add(
          Confidence::Proved, place,
          fmt::format("the log line begins with \"{}IN=…\": nothing parts the prefix from it", escape(prefix, 40)));
      finding.severity = Severity::Info;
      finding.fix = "end the prefix with a blank";
      Rule clear = *place.rule;
      for (RulePart& part : clear.parts)
        if (auto* its = std::get_if<Log>(&part); its != nullptr && its->prefix.size() < 29) its->prefix += ' ';
      if (!same_rule(clear, *place.rule)) finding.edits.push_back(LintSubject::replacement(place, std::move(clear)));
    }
  }
  for (const auto& [prefix, places] : by_prefix) {
    const auto same = not_told_apart(subject, places, comparisons);
    if (same.empty()) continue;
    Finding& finding = subject.add(
        Confidence::Proved, same.front(),
        fmt::format("{} rules log the same packets with the prefix \"{}\": a line does not tell which one it was",
                    same.size(), escape(prefix, 40)));
    finding.severity = Severity::Info;
    finding.fix = "give each of them a prefix of its own";
    for (std::size_t i = 1; i < same.size(); ++i) finding.related.push_back({same[i], "logs with it too"});
  }
}

}  // namespace

const Check l10{
    .number = "L10",
    .id = "log-prefix-unclear",
    .severity = Severity::Warning,
    .confidence = Confidence::Proved,
    .meaning = "a log prefix says the opposite of what happens, or runs into what follows it",
    .why =
        "A line that says DROP of a packet which is then accepted costs hours. A prefix without a blank at its end "
        "becomes one word with IN=, which log readers do not take apart (a remark). So are rules of one chain that "
        "share a prefix and log the same packets.",
    .wrong = {.rules = "-A INPUT -p tcp --dport 25 -m limit --limit 10/min -j LOG --log-prefix \"drop smtp: \"\n"
                       "-A INPUT -p tcp --dport 25 -j ACCEPT\n"},
    .right = {.rules = "-A INPUT -p tcp --dport 25 -m limit --limit 10/min -j LOG --log-prefix \"smtp in: \"\n"
                       "-A INPUT -p tcp --dport 25 -j ACCEPT\n"},
    .run = run,
};

}  // namespace mailweir::rules
