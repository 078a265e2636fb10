#include "cli/observe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "apply/observations.h"
#include "base/escape.h"
#include "base/mail_ports.h"
#include "cli/arguments.h"
#include "cli/case_book.h"
#include "cli/give_up.h"
#include "cli/observation_view.h"
#include "compile/observation_text.h"
#include "policy/read_policy.h"
#include "policy/service.h"
#include "report/json.h"
#include "report/words.h"
#include "sys/clock.h"
#include "sys/operator.h"

namespace mailweir {
namespace {

constexpr Duration kLengthMin = std::chrono::seconds(1);
constexpr Duration kLengthMax = std::chrono::days(31);  // what lasts longer belongs into the policy

Result<Duration> length_of(const std::string& text) {
  const auto length = parse_duration(text);
  if (!length)
    return fail(ErrorCode::Usage,
                fmt::format("--for: '{}' is not a duration; examples: 90s, 15m, 2h, 7d", escape(text, 64)));
  if (*length < kLengthMin || *length > kLengthMax)
    return fail(ErrorCode::Usage, "--for: from 1s to 31d; what is to be logged for longer belongs into the policy");
  // The kernel is told whole seconds.
  return std::chrono::ceil<std::chrono::seconds>(*length);
}

void add_ports(std::vector<PortRange>& ports, std::span<const std::uint16_t> more) {
  for (const std::uint16_t port : more) ports.push_back({Transport::Tcp, port, port});
}

// Roles as the policy calls them, services, ports and ranges. Nothing named: what mail is sent through.
Result<std::vector<PortRange>> ports_of(const std::vector<std::string>& what) {
  std::vector<PortRange> ports;
  if (what.empty()) {
    add_ports(ports, kTransferPorts);
    add_ports(ports, kSubmissionPorts);
  }
  for (const std::string& word : what) {
    if (word == name_of(MailRole::Transfer)) {
      add_ports(ports, kTransferPorts);
    } else if (word == name_of(MailRole::Submission)) {
      add_ports(ports, kSubmissionPorts);
    } else if (word == name_of(MailRole::Retrieval)) {
      add_ports(ports, kRetrievalPorts);
    } else if (const auto port = read_port(word)) {
      ports.push_back(*port);
    } else {
      return fail(ErrorCode::Usage, fmt::format("{}; {}", port.error().text, port.error().hint));
    }
  }
  std::sort(ports.begin(), ports.end());
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
  return ports;
}

std::vector<RuleHook> hooks_of(const std::vector<std::string>& names) {
  // What leaves this machine: its own traffic, and what it forwards.
  if (names.empty()) return {RuleHook::Output, RuleHook::Forward};
  std::vector<RuleHook> hooks;
  for (const RuleHook hook : {RuleHook::Output, RuleHook::Forward, RuleHook::Input}) {
    if (std::find(names.begin(), names.end(), hook_name(hook)) != names.end()) hooks.push_back(hook);
  }
  return hooks;
}

// Observing is wanted in a hurry: without a policy it works too.
bool policy_logs_to_kernel(const CommonOptions& common) {
  Diagnostics diagnostics;
  const auto policy = read_policy(common.config, diagnostics);
  if (policy) return policy->log.to.value == LogTo::Kernel;
  if (policy.error().code() != ErrorCode::NotFound)
    remark(common, policy.error().text() + ": its [log] is not known, NFLOG is taken (mailweir check tells more)");
  return false;
}

Result<Observation> observation_of(const ObserveOptions& options, const CommonOptions& common, Time now) {
  Observation wanted;
  const auto length = length_of(options.length);
  if (!length) return fail(length.error());
  auto ports = ports_of(options.what);
  if (!ports) return fail(std::move(ports).error());
  auto from = prefix_arguments("--from", options.from);
  if (!from) return fail(std::move(from).error());
  wanted.ports = std::move(*ports);
  wanted.from = std::move(*from);
  wanted.hooks = hooks_of(options.hooks);
  wanted.to_kernel_log = options.log.empty() ? policy_logs_to_kernel(common) : options.log == "kernel";
  wanted.by = current_operator().name;
  wanted.since = now;
  wanted.until = now + *length;
  return wanted;
}

void print_answer(std::span<const StandingObservation> observations) {
  auto answer = json_answer("observe");
  answer["observations"] = observations_json(observations);
  std::fputs(print_json(answer).c_str(), stdout);
}

int begin(const ObserveOptions& options, const CommonOptions& common) {
  auto wanted = observation_of(options, common, SystemClock().now());
  if (!wanted) return give_up(wanted.error());
  const auto text_of = [&](int number) {
    wanted->number = number;
    return observation_text(*wanted);
  };
  if (options.dry_run) {
    // A number nobody has: what runs is no objection.
    if (auto checked = check_observation(text_of(kObservationsMax + 1)); !checked) return give_up(checked.error());
    if (!common.quiet) fmt::print("Would log {} until {} UTC.\n", observation_words(*wanted), time_text(wanted->until));
    return 0;
  }
  const auto number = start_observation(text_of);
  if (!number) return give_up(number.error());
  if (const auto kept = keep_observations(common.runtime_dir); !kept)
    remark(common, kept.error().text() +
                       ": the logging ends by itself; its idle table goes with the next mailweir "
                       "observe or apply");
  if (common.json) {
    print_answer(std::array{StandingObservation{*wanted, false, wanted->until - wanted->since}});
  } else if (!common.quiet) {
    fmt::print("Observation {}: {} logged until {} UTC, then no more: the kernel ends it.\n\n{}", *number,
               observation_words(*wanted) + " are", time_text(wanted->until), how_to_read(*wanted));
  }
  return 0;
}

int list(const CommonOptions& common) {
  const auto there = list_observations();
  if (!there) return give_up(there.error());
  if (common.json) {
    print_answer(*there);
  } else {
    std::fputs(observations_text(*there, common).c_str(), stdout);
  }
  if (const auto tidied = tidy_observations(); !tidied) return give_up(tidied.error());
  return 0;
}

Result<std::vector<int>> numbers_of(const std::vector<std::string>& words) {
  std::vector<int> numbers;
  for (const std::string& word : words) {
    int number = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
    if (read.ec != std::errc{} || read.ptr != word.data() + word.size() || number < 1)
      return fail(ErrorCode::Usage, fmt::format("--stop: '{}' is not the number of an observation; `mailweir observe` "
                                                "lists them",
                                                escape(word, 64)));
    numbers.push_back(number);
  }
  return numbers;
}

int stop(const ObserveOptions& options, const CommonOptions& common) {
  const auto numbers = numbers_of(options.what);
  if (!numbers) return give_up(numbers.error());
  const auto is_meant = [&](const StandingObservation& one) {
    return numbers->empty() || std::find(numbers->begin(), numbers->end(), one.what.number) != numbers->end();
  };
  Result<std::vector<StandingObservation>> ended = list_observations();
  if (options.dry_run && ended) {
    std::erase_if(*ended, [&](const StandingObservation& one) { return !is_meant(one); });
  } else if (ended) {
    ended = take_away_observations(is_meant);
    wake_observation_keeper(common.runtime_dir);
  }
  if (!ended) return give_up(ended.error());
  if (common.json) {
    print_answer(*ended);
  } else if (!common.quiet) {
    for (const StandingObservation& one : *ended)
      fmt::print("Observation {} {}: {}.\n", one.what.number, options.dry_run ? "would end" : "is ended",
                 observation_counts(one));
    if (ended->empty()) fmt::print("There is no such observation.\n");
  }
  return ended->empty() ? 1 : 0;
}

}  // namespace

int observe(const ObserveOptions& options, const CommonOptions& common) {
  const bool begins = !options.length.empty();
  if (options.stop && (begins || !options.from.empty() || !options.hooks.empty() || !options.log.empty()))
    return give_up(Error(ErrorCode::Usage, "observe: --stop takes numbers of observations and nothing else"));
  if (options.stop) return stop(options, common);
  if (begins) return begin(options, common);
  if (!options.what.empty() || !options.from.empty() || !options.hooks.empty() || !options.log.empty())
    return give_up(Error(ErrorCode::Usage, "observe: say for how long, for example --for 2h"));
  return list(common);
}

}  // namespace mailweir
