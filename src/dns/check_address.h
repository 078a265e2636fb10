// One address: is it called something, does that name lead back, and would a receiver of mail believe it?
//
// In:  an address; the DNS through a Lookup.   Out: a verdict with every problem found.
// Invariants
//   (1) Every PTR name is confirmed, up to kNamesMax; one confirmed name makes the address usable, a name that is not
//       confirmed beside it makes it doubtful.
//   (2) A question nobody answered never becomes "there is none": the verdict is Unknown, unless something that was
//       answered is worse.
//   (3) Names that no host can have are shown, and asked for only when they can be put into a question unharmed.
// Threads: one.  Sources: RFC 1912 section 2.1 (PTR and A have to match), RFC 8601 section 2.7.3 (iprev), RFC 5321
// section 4.1.1.1 (HELO), RFC 2181 section 10.2 (several PTR are allowed: why they are doubtful is practice).
#pragma once

#include <map>
#include <string>

#include "dns/blocklists.h"
#include "dns/findings.h"
#include "dns/lookup.h"

namespace mailweir {

// Names of registered mail servers, by the address they send from.
using HeloNames = std::map<IpAddress, std::string>;

inline constexpr std::size_t kNamesMax = 256;

struct AddressChecked {
  AddressReport report;
  std::string delegated_to{};  // the name an RFC 2317 alias led to, or empty
};

// `blocklists` may be null. All references outlive the task.
[[nodiscard]] Task<AddressChecked> check_address(Lookup& lookup, IpAddress address, const HeloNames& helo,
                                                 Blocklists* blocklists);

// What a failed question is called; nothing when it was answered.
[[nodiscard]] std::optional<ProblemKind> failure_of(const Found& found);

}  // namespace mailweir
