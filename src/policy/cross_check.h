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

struct ListedPort {
  PortRange range;
  SourceSpan span;
};
using PortList = std::vector<ListedPort>;

// Where the values stand in the text.
struct PolicyPlaces {
  SourceSpan host, gateway;
  SourceSpan clients_said;  // line 0: nowhere
  bool clients_empty = false;
  PrefixList clients, mail_servers, exempt, except_to, inbound_to, public_addresses, host_except_to;
  std::vector<PrefixList> group_clients;  // as Policy's groups
  PortList also_block, to_clients_also, open;
  SourceSpan servers_registered, block_for;
};

// REQUIRES: `policy` was filled from the text of `places`; the lists hold what could be read.
void cross_check(const Policy& policy, const PolicyPlaces& places, std::vector<Diagnostic>& remarks);

}  // namespace mailweir
