// What is wrong with a policy although every single value is right. Used by policy_text.cc only.
#pragma once

#include <vector>

#include "base/diagnostic.h"
#include "policy/policy.h"

namespace mailweir {

struct ListedPrefix {
  IpPrefix prefix = IpPrefix::host({});
  SourceSpan span;
};
using PrefixList = std::vector<ListedPrefix>;

// Where the values stand in the text.
struct PolicyPlaces {
  SourceSpan gateway;
  PrefixList clients, mail_servers, exempt;
  SourceSpan servers_registered, block_for;
};

// REQUIRES: `policy` was filled from the text of `places`; the lists hold what could be read.
void cross_check(const Policy& policy, const PolicyPlaces& places, std::vector<Diagnostic>& remarks);

}  // namespace mailweir
