#include "replay/log_rules.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace mailweir {
namespace {

constexpr std::uint64_t kOthersPerSyn = 4;

// UniFi and EdgeOS: "[NAME-D]", "[NAME-D-2147483647]", "[NAME-R-20]".
bool is_gateway_stop(std::string_view prefix) {
  for (auto at = prefix.find('-'); at != std::string_view::npos; at = prefix.find('-', at + 1)) {
    const std::string_view rest = prefix.substr(at + 1);
    if (rest.empty() || (rest[0] != 'D' && rest[0] != 'R')) continue;
    std::size_t i = 1;
    if (i < rest.size() && rest[i] == '-') ++i;
    while (i < rest.size() && std::isdigit(static_cast<unsigned char>(rest[i])) != 0) ++i;
    if (i < rest.size() && rest[i] == ']') return true;
  }
  return false;
}

}  // namespace

bool prefix_says_stopped(std::string_view prefix) {
  std::string lower(prefix);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const char* word : {"drop", "reject", "block", "deny", "denied", "discard"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return is_gateway_stop(prefix);
}

std::uint16_t LogRules::number_of(std::string_view prefix) {
  const std::uint16_t number = prefixes_.number_of(prefix);
  if (number == Names::kOther) return 0;
  const auto rule = static_cast<std::uint16_t>(number + 1);
  if (rule == rules_.size()) rules_.push_back({.stops = prefix_says_stopped(prefix)});
  return rule;
}

void LogRules::learn(std::uint16_t rule, std::uint8_t flags, std::uint64_t packets) {
  const bool opens = (flags & (tcp_flag::kSyn | tcp_flag::kAck)) == tcp_flag::kSyn;
  (opens ? rules_[rule].syns : rules_[rule].others) += packets;
}

LogRules::Shown LogRules::shown(std::uint16_t rule) const {
  const Rule& seen = rules_[rule];
  const bool whole = seen.others * kOthersPerSyn >= seen.syns && seen.others > 0;
  return {whole ? View::OneSided : View::FirstPackets, seen.stops};
}

std::vector<LogRules::Shown> LogRules::shown() const {
  std::vector<Shown> all;
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) all.push_back(shown(static_cast<std::uint16_t>(rule)));
  return all;
}

}  // namespace mailweir
