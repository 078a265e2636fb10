#include "apply/observations.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "apply/nft_program.h"
#include "apply/table_names.h"
#include "base/read_prefix.h"

namespace mailweir {
namespace {

using nlohmann::json;

std::string text_at(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_at(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::optional<int> number_of_table(std::string_view name) {
  if (!name.starts_with(kObservationTable)) return std::nullopt;
  name.remove_prefix(kObservationTable.size());
  int number = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
  if (read.ec != std::errc{} || read.ptr != name.data() + name.size() || number < 1) return std::nullopt;
  return number;
}

std::string table_name(int number) { return fmt::format("{}{}", kObservationTable, number); }

std::optional<PortRange> read_range(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  PortRange range;
  range.transport = text.substr(slash + 1) == "udp" ? Transport::Udp : Transport::Tcp;
  const std::string_view numbers = text.substr(0, slash);
  const auto dash = numbers.find('-');
  const auto read = [](std::string_view digits, std::uint16_t& port) {
    const auto ran = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return ran.ec == std::errc{} && ran.ptr == digits.data() + digits.size();
  };
  if (!read(numbers.substr(0, dash), range.first)) return std::nullopt;
  range.last = range.first;
  if (dash != std::string_view::npos && !read(numbers.substr(dash + 1), range.last)) return std::nullopt;
  return range;
}

// "port 25/tcp": what a rule of the chain `about` says.
void read_about(std::string_view comment, Observation& what) {
  const auto space = comment.find(' ');
  if (space == std::string_view::npos) return;
  const std::string_view key = comment.substr(0, space);
  const std::string_view value = comment.substr(space + 1);
  if (key == "by") what.by = value;
  if (key == "log") what.to_kernel_log = value == "kernel";
  if (key == "since") what.since = parse_time(value).value_or(Time{});
  if (key == "until") what.until = parse_time(value).value_or(Time{});
  if (key == "port") {
    if (const auto range = read_range(value)) what.ports.push_back(*range);
  }
  if (key == "from") {
    if (const auto prefix = read_prefix(value)) what.from.push_back(*prefix);
  }
  if (key != "hook") return;
  for (const RuleHook hook : {RuleHook::Output, RuleHook::Forward, RuleHook::Input}) {
    if (value == hook_name(hook)) what.hooks.push_back(hook);
  }
}

// The set `while`: what it still holds, and for how long.
void read_while(const json& set, StandingObservation& found) {
  found.over = true;
  const auto elements = set.find("elem");
  if (elements == set.end() || !elements->is_array()) return;
  for (const json& entry : *elements) {
    const auto element = entry.is_object() ? entry.find("elem") : entry.end();
    if (!entry.is_object() || element == entry.end() || !element->is_object()) continue;
    found.over = false;
    found.left = std::max<Duration>(found.left, std::chrono::seconds(number_at(*element, "expires")));
  }
}

Result<std::vector<int>> numbers_there() {
  const auto names = inet_tables();
  if (!names) return fail(names.error());
  std::vector<int> numbers;
  for (const std::string& name : *names) {
    if (const auto number = number_of_table(name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

std::optional<StandingObservation> parse_observation(const std::string& listing) {
  const auto parsed = json::parse(listing, nullptr, false);
  if (!parsed.is_object()) return std::nullopt;
  const auto list = parsed.find("nftables");
  if (list == parsed.end() || !list->is_array()) return std::nullopt;
  StandingObservation found;
  bool has_end = false;
  for (const json& entry : *list) {
    if (!entry.is_object() || entry.empty() || !entry.begin().value().is_object()) continue;
    const std::string& kind = entry.begin().key();
    const json& object = entry.begin().value();
    const std::string name = text_at(object, "name");
    if (kind == "table") {
      const auto number = number_of_table(name);
      if (!number) return std::nullopt;
      found.what.number = *number;
      found.handle = number_at(object, "handle");
    } else if (kind == "counter") {
      if (name == "seen") found.seen = number_at(object, "packets");
      if (name == "logged") found.logged = number_at(object, "packets");
    } else if (kind == "set" && name == "while") {
      has_end = true;
      read_while(object, found);
    } else if (kind == "rule" && text_at(object, "chain") == "about") {
      read_about(text_at(object, "comment"), found.what);
    }
  }
  if (found.what.number == 0 || !has_end) return std::nullopt;
  return found;
}

Result<std::vector<StandingObservation>> list_observations() {
  const auto numbers = numbers_there();
  if (!numbers) return fail(numbers.error());
  std::vector<StandingObservation> found;
  for (const int number : *numbers) {
    const auto listed = ask_nft({"-j", "list", "table", "inet", table_name(number)});
    if (!listed && listed.error().code() == ErrorCode::NotFound) continue;
    if (!listed) return fail(listed.error());
    if (auto observation = parse_observation(*listed)) found.push_back(std::move(*observation));
  }
  return found;
}

Result<void> check_observation(const std::string& text) { return run_nft({"-c"}, text); }

Result<int> start_observation(const std::function<std::string(int)>& text_of) {
  if (auto tidied = tidy_observations(); !tidied) return fail(std::move(tidied).error());
  const auto taken = numbers_there();
  if (!taken) return fail(taken.error());
  for (int number = 1; number <= kObservationsMax; ++number) {
    if (std::binary_search(taken->begin(), taken->end(), number)) continue;
    auto loaded = run_nft({}, text_of(number));
    if (loaded) return number;
    // Somebody took the number since we looked.
    const auto now = numbers_there();
    if (!now || !std::binary_search(now->begin(), now->end(), number)) return fail(std::move(loaded).error());
  }
  return fail(ErrorCode::Limit,
              fmt::format("{} observations run already: end one with `mailweir observe --stop`", kObservationsMax));
}

Result<std::vector<StandingObservation>> take_away_observations(
    const std::function<bool(const StandingObservation&)>& which) {
  const auto there = list_observations();
  if (!there) return fail(there.error());
  std::vector<StandingObservation> taken;
  for (const StandingObservation& one : *there) {
    if (!which(one)) continue;
    // By its handle: a new one of that number is somebody else's.
    const auto gone = run_nft({}, fmt::format("delete table inet handle {}\n", one.handle));
    if (gone) taken.push_back(one);
    if (!gone && gone.error().code() != ErrorCode::NotFound)
      return fail(Error(gone.error()).in("ending an observation"));
  }
  return taken;
}

Result<std::vector<StandingObservation>> tidy_observations() {
  return take_away_observations([](const StandingObservation& one) { return one.over; });
}

}  // namespace mailweir
