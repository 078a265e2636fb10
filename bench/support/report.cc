#include "bench/support/report.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/must.h"
#include "sys/clock.h"

namespace mailweir::bench {
namespace {

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

std::int64_t clock_ns(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

std::string name_of(std::string_view option) { return std::string(option.substr(0, option.find('='))); }

}  // namespace

Report::Report(int argc, char** argv, std::string_view question, const std::vector<std::string_view>& known) {
  std::string command = std::filesystem::path(argv[0]).filename();
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool is_known =
        argument.starts_with("--") &&
        (name_of(argument) == "--gate" || std::ranges::find(known, name_of(argument).substr(2)) != known.end());
    if (!is_known) {
      fmt::print(stderr, "unknown option {}; there are:", argument);
      for (const std::string_view name : known) fmt::print(stderr, " --{}", name);
      fmt::print(stderr, " --gate (exit status 1 when a target is missed)\n");
      std::exit(2);
    }
    options_.emplace_back(argument.substr(2));
    command += fmt::format(" {}", argument);
  }
  utsname system{};
  uname(&system);
  double load = 0;
  (void)getloadavg(&load, 1);
  fmt::print("# {}\n", question);
  fmt::print("# {} x {}, {} {}, {}, load {:.1f}\n", sysconf(_SC_NPROCESSORS_ONLN), processor_name(), system.sysname,
             system.release, format_time(SystemClock().now()).substr(0, 19), load);
  fmt::print("# {}\n", command);
}

bool Report::has(std::string_view option) const {
  return std::ranges::any_of(options_, [&](const std::string& given) { return name_of(given) == option; });
}

double Report::number(std::string_view option, double otherwise) const {
  for (const std::string& given : options_) {
    if (name_of(given) == option && given.size() > option.size()) return std::atof(given.c_str() + option.size() + 1);
  }
  return otherwise;
}

void Report::target(std::string_view what, bool met) {
  fmt::print("target {}: {}\n", what, met ? "met" : "MISSED");
  std::fflush(stdout);
  if (!met) missed_ = true;
}

void Report::aim(std::string_view what, bool met) { fmt::print("aim {}: {}\n", what, met ? "met" : "missed"); }

std::int64_t thread_cpu_ns() { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }
std::int64_t monotonic_ns() { return clock_ns(CLOCK_MONOTONIC); }

std::int64_t softirq_thread_cpu_ns(int core) {
  static const std::string schedstat = [core] {
    for (const auto& process : std::filesystem::directory_iterator("/proc")) {
      std::string name;
      std::ifstream(process.path() / "comm") >> name;
      if (name == fmt::format("ksoftirqd/{}", core)) return (process.path() / "schedstat").string();
    }
    return std::string();
  }();
  std::int64_t spent = 0;
  std::ifstream(schedstat) >> spent;
  return spent;
}

void pin_to(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  MUST(sched_setaffinity(0, sizeof cores, &cores) == 0);
}

Median median_of(std::vector<double> values) {
  MUST(!values.empty());
  std::ranges::sort(values);
  const auto count = static_cast<double>(values.size());
  // Binomial with probability 1/2, as a normal distribution.
  const double reach = 1.96 * std::sqrt(count) / 2;
  const auto at = [&](double rank) { return values[static_cast<std::size_t>(std::clamp(rank, 0.0, count - 1))]; };
  return {quantile(values, 0.5), at(std::floor(count / 2 - reach) - 1), at(std::ceil(count / 2 + reach))};
}

double quantile(std::vector<double> values, double part) {
  MUST(!values.empty());
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

}  // namespace mailweir::bench
