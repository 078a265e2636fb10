// The answer of `dns check`, for programs (docs/json.md).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "dns/pool_check.h"

namespace mailweir {

struct DnsCheckOutcome {
  PoolReport report;
  Time time{};
  Duration took{};
  bool interrupted = false;
  bool servers_told = false;  // --server: nobody else was asked
  std::vector<std::string> skipped;
};

struct DnsCheckTotals {
  std::uint64_t fit = 0, distrusted = 0, must_not_send = 0, unknown = 0;
};
[[nodiscard]] DnsCheckTotals totals_of(const DnsCheckOutcome& outcome);
// Every address that was asked about, and none was left.
[[nodiscard]] bool everything_fit(const DnsCheckOutcome& outcome);

void print_dns_check_json(const DnsCheckOutcome& outcome, const std::function<void(std::string_view)>& print);

}  // namespace mailweir
