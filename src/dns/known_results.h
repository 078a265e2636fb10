// What the last check found about each address, kept for those who must not ask the network.
//
// In:  reports with the time they were made; the text of an earlier file.   Out: the text of the file
//      (docs/formats/dns-results.md), and results by address.
// Invariants
//   (1) At most kAddressesKnownMax addresses; those checked longest ago are forgotten first.
//   (2) Any text is read or refused, with the line that is wrong; nothing of it is guessed.
// Threads: any.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "dns/findings.h"

namespace mailweir {

struct KnownResult {
  Time time{};
  Fitness fitness = Fitness::Unknown;
  std::vector<std::string> problems{};  // ids

  friend bool operator==(const KnownResult&, const KnownResult&) = default;
};
using KnownResults = std::map<IpAddress, KnownResult>;

inline constexpr std::size_t kAddressesKnownMax = 300'000;  // some 20 MB of file

[[nodiscard]] Result<KnownResults> read_known_results(std::string_view text);
[[nodiscard]] std::string known_results_text(const KnownResults& results);
void remember(KnownResults& results, const std::vector<AddressReport>& reports, Time time);

// Where they lie in a state folder.
[[nodiscard]] inline std::string known_results_file(const std::string& state_dir) { return state_dir + "/dns-results"; }

}  // namespace mailweir
