// Decisions as cases for the ledger, and cases as the history that later decisions ask for.
#pragma once

#include <map>
#include <span>
#include <string>

#include "decide/decide.h"
#include "record/case_record.h"

namespace mailweir {

[[nodiscard]] CaseRecord case_of(const Decision& decision, const std::string& policy_file);

[[nodiscard]] std::vector<MailRole> roles_of(std::span<const std::uint16_t> ports);
// Ascending.
[[nodiscard]] std::vector<std::uint16_t> ports_of(std::span<const MailRole> roles);

// What happened to each client, from its blocks in time order. A block that a person lifted counts for nothing: it was
// a mistake, or is forgiven. REQUIRES: sorted by time.
[[nodiscard]] std::map<IpPrefix, ClientHistory> histories(std::span<const CaseRecord> blocks);

}  // namespace mailweir
