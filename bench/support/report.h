// What every measurement prints first (machine, kernel, date, command), and how a missed target is told.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace mailweir::bench {

class Report {
 public:
  // Prints the head. Options are `--name` or `--name=value`; REQUIRES: names of `known`, else says so and exits with 2.
  Report(int argc, char** argv, std::string_view question, const std::vector<std::string_view>& known);

  [[nodiscard]] bool has(std::string_view option) const;
  [[nodiscard]] double number(std::string_view option, double otherwise) const;

  // Prints whether a target is met.
  void target(std::string_view what, bool met);
  // The same, and nothing follows from it.
  static void aim(std::string_view what, bool met);
  // 1 when a target was missed and --gate was given.
  [[nodiscard]] int exit_status() const { return missed_ && has("gate") ? 1 : 0; }

 private:
  std::vector<std::string> options_;
  bool missed_ = false;
};

// Processor time: of the calling thread, and of the kernel thread that takes over a core's packets when there are many.
[[nodiscard]] std::int64_t thread_cpu_ns();
[[nodiscard]] std::int64_t softirq_thread_cpu_ns(int core);
[[nodiscard]] std::int64_t monotonic_ns();

// The calling thread runs on that core only, from here on.
void pin_to(int core);

// The median, and the bounds it lies between with 95 % confidence, whatever the distribution (order statistics).
// REQUIRES: not empty.
struct Median {
  double value, low, high;
};
[[nodiscard]] Median median_of(std::vector<double> values);

// `part` of 1 from below: 0.5 is the median. REQUIRES: not empty.
[[nodiscard]] double quantile(std::vector<double> values, double part);

}  // namespace mailweir::bench
