// Recorded traffic in, verdicts out: kernel logs, captures and journals, through the code that judges live traffic.
//
// In:  files, plain or .gz or .zst, "-" for standard input; several at once, in time order.
// Out: what was read, what was skipped and why, and a report per client that touched a mail port.
// Invariants
//   (1) The result does not depend on the number of threads or on how the input is cut into chunks.
//   (2) Only mail that leaves or crosses the machine is judged; the other direction is counted.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"
#include "record/client_report.h"

namespace mailweir {

struct ReplayProgress {
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;  // 0: unknown (standard input)
  std::uint64_t lines = 0;
};

struct ReplayOptions {
  std::vector<IpPrefix> clients{};       // empty: worked out from interfaces and addresses
  std::vector<IpPrefix> mail_servers{};  // registered senders
  std::optional<Time> since{}, until{};  // half open: since <= t < until
  unsigned threads = 0;                  // 0: as many as there are processors
  std::optional<Time> now{};             // for times without a year on standard input; default: the clock
  bool explain_everybody = true;         // see DetectSettings
  std::size_t piece_bytes = 0;           // how much text a thread takes at a time; 0: a good default
  std::function<void(const ReplayProgress&)> progress{};  // called from the thread that called replay(), now and then
};

struct InputReport {
  std::string file;    // as given
  std::string format;  // "kernel-log" | "journal-json" | "pcap"
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;     // packets, of a capture
  std::uint64_t events = 0;    // mail packets that were judged
  std::uint64_t unparsed = 0;  // lines that should have been readable and were not
  std::map<std::string, std::uint64_t>
      skipped;                     // reason -> count: "not netfilter", "no mail port", "inbound mail", ...
  std::vector<std::string> notes;  // what a reader should know: "times have no year: 2025 was inferred"
  std::uint64_t mx_queries = 0;    // questions for mail servers (MX) that were seen
};

struct ReplayResult {
  std::vector<InputReport> inputs;
  std::optional<Time> from, to;
  std::vector<ClientReport> clients;  // highest score_user first
  std::uint64_t events = 0;
  std::uint64_t forgotten_clients = 0;
  std::uint64_t lost_events = 0;
  // Port 25 failed for nearly everybody who tried it: of so many clients for so many. Failures counted all the same.
  struct ClosedUplink {
    unsigned clients = 0, failing = 0;
  };
  std::optional<ClosedUplink> closed_uplink;
};

[[nodiscard]] Result<ReplayResult> replay(const std::vector<std::string>& files, const ReplayOptions& options);

}  // namespace mailweir
