#include "cli/observation_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/escape.h"
#include "cli/case_book.h"
#include "report/json.h"
#include "report/words.h"

namespace mailweir {
namespace {

std::string list_words(const std::vector<std::string>& items) {
  if (items.size() < 2) return items.empty() ? std::string() : items.front();
  return fmt::format("{} and {}", fmt::join(items.begin(), items.end() - 1, ", "), items.back());
}

std::string ports_words(const std::vector<PortRange>& ports) {
  std::string text;
  for (const Transport transport : {Transport::Tcp, Transport::Udp}) {
    std::vector<std::string> numbers;
    for (const PortRange& range : ports) {
      if (range.transport == transport) numbers.push_back(range.numbers());
    }
    if (numbers.empty()) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : " and ", name_of(transport), list_words(numbers));
  }
  return text;
}

std::uint64_t kept_back(const StandingObservation& one) { return one.seen - std::min(one.seen, one.logged); }

std::string line_of(const StandingObservation& one) {
  const std::string end =
      one.over ? "is over"
               : fmt::format("for {} more",
                             one.left < std::chrono::seconds(1) ? "less than a second" : format_duration(one.left));
  return fmt::format("  {}  {}\n     {}, until {} UTC, by {}: {}\n", one.what.number, observation_words(one.what), end,
                     time_text(one.what.until), escape(one.what.by, 64), observation_counts(one));
}

}  // namespace

std::string observation_words(const Observation& observation) {
  std::vector<std::string> from, hooks;
  for (const IpPrefix& prefix : observation.from) from.push_back(prefix.text());
  for (const RuleHook hook : observation.hooks) hooks.emplace_back(hook_name(hook));
  return fmt::format("attempts on {}{} at {}", ports_words(observation.ports),
                     from.empty() ? "" : " from " + list_words(from), list_words(hooks));
}

std::string observation_counts(const StandingObservation& one) {
  std::string text = fmt::format("{} seen, {} logged", count_text(one.seen), count_text(one.logged));
  if (kept_back(one) > 0) text += fmt::format(", {} kept back by the limit of the log", count_text(kept_back(one)));
  return text;
}

std::string how_to_read(const Observation& observation) {
  const std::string prefix = observation_prefix(observation.number);
  if (observation.to_kernel_log) {
    return fmt::format(
        "  read it   journalctl -k -f --grep '{0}'      (or: dmesg --follow | grep '{0}')\n"
        "  judge it  journalctl -k --grep '{0}' -o short-iso | mailweir analyze -\n"
        "  end it    mailweir observe --stop {1}\n",
        prefix.substr(0, prefix.size() - 1), observation.number);
  }
  return fmt::format(
      "  read it   tcpdump -nni nflog:{0}      (ulogd writes it to a file; lines begin with \"{1}\")\n"
      "  judge it  tcpdump -w observed.pcap -i nflog:{0}; mailweir analyze observed.pcap\n"
      "  end it    mailweir observe --stop {2}\n",
      kReportGroup, prefix, observation.number);
}

std::string observations_text(std::span<const StandingObservation> observations, const CommonOptions& common) {
  if (observations.empty()) return "Nothing is observed. Begin with: mailweir observe --for 2h\n";
  std::string text = fmt::format("{}:\n\n", count_of(observations.size(), "observation"));
  for (const StandingObservation& one : observations) text += line_of(one);
  if (common.quiet) return text;
  for (const bool to_kernel_log : {false, true}) {
    const auto found = std::find_if(observations.begin(), observations.end(), [&](const StandingObservation& one) {
      return !one.over && one.what.to_kernel_log == to_kernel_log;
    });
    if (found != observations.end()) text += "\n" + how_to_read(found->what);
  }
  return text;
}

nlohmann::ordered_json observations_json(std::span<const StandingObservation> observations) {
  auto list = nlohmann::ordered_json::array();
  for (const StandingObservation& one : observations) {
    nlohmann::ordered_json entry;
    entry["number"] = one.what.number;
    auto ports = nlohmann::ordered_json::array();
    for (const PortRange& range : one.what.ports)
      ports.push_back(fmt::format("{}/{}", range.numbers(), name_of(range.transport)));
    entry["ports"] = std::move(ports);
    auto from = nlohmann::ordered_json::array();
    for (const IpPrefix& prefix : one.what.from) from.push_back(prefix.text());
    entry["from"] = std::move(from);
    auto hooks = nlohmann::ordered_json::array();
    for (const RuleHook hook : one.what.hooks) hooks.push_back(hook_name(hook));
    entry["hooks"] = std::move(hooks);
    entry["log"] = one.what.to_kernel_log ? "kernel" : "nflog";
    entry["group"] = one.what.to_kernel_log ? nlohmann::ordered_json() : nlohmann::ordered_json(kReportGroup);
    entry["prefix"] = observation_prefix(one.what.number);
    entry["by"] = one.what.by;
    entry["since"] = json_time(one.what.since);
    entry["until"] = json_time(one.what.until);
    entry["running"] = !one.over;
    entry["seen"] = one.seen;
    entry["logged"] = one.logged;
    entry["suppressed"] = kept_back(one);
    list.push_back(std::move(entry));
  }
  return list;
}

void remark_on_observations(const CommonOptions& common) {
  const auto tidied = tidy_observations();
  const auto running = tidied ? list_observations() : fail(tidied.error());
  if (!running || running->empty()) return;  // nobody asked about them
  for (const StandingObservation& one : *running)
    remark(common,
           fmt::format("observation {} goes on beside it until {} UTC", one.what.number, time_text(one.what.until)));
}

}  // namespace mailweir
