// DNS blocklists: is an address on one of them? Within a budget, and only where the list's answers mean something.
//
// In:  names of lists, addresses.   Out: a problem for each list that has the address.
// Invariants
//   (1) A list is asked about addresses only after it passed the test of RFC 5782 section 5: 127.0.0.2 is on it,
//       127.0.0.1 is not. A dead list that says yes to everything is no list.
//   (2) An answer that means "you may not ask" (127.255.255.x, used by Spamhaus and others: spamhaus.org, "DNSBL return
//       codes") or that is outside 127.0.0.0/8 is no listing; the list is not asked again.
//   (3) At most `budget` questions in all, the tests included; who was not asked for is counted.
// Threads: one.  Sources: RFC 5782.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dns/findings.h"
#include "dns/lookup.h"

namespace mailweir {

class Blocklists {
 public:
  // `lists`: canonical names. Refers to `lookup` for as long as it lives.
  Blocklists(Lookup& lookup, const std::vector<std::string>& lists, std::uint64_t budget);

  // Tries every list; await this before any ask().
  [[nodiscard]] Task<void> test();
  [[nodiscard]] Task<std::vector<Problem>> ask(IpAddress address);
  [[nodiscard]] const std::vector<BlocklistReport>& reports() const { return reports_; }

 private:
  [[nodiscard]] Task<Found> question(std::size_t list, IpAddress address);

  Lookup& lookup_;
  std::uint64_t left_;
  std::vector<BlocklistReport> reports_;
};

}  // namespace mailweir
