// One zone: do its name servers, and those above it, agree that they serve it?
//
// In:  a zone's name; the DNS.   Out: its servers with what each said, and every problem found.
// Invariants
//   (1) Each address of each server is asked by itself, without recursion, where servers may be asked; otherwise the
//       resolver is asked about the zone, and the report says so (servers_asked).
//   (2) Its servers are those the zone above delegates it to and those the zone itself names.
//   (3) Servers that do not answer are problems of the zone, never of an address in it.
// Threads: one.  Sources: RFC 1034 section 4.1 and RFC 2182 section 5 (two servers, in different networks), RFC 1912
// section 2.8 (lame delegation); networks are told apart by /24 and /48, the smallest that are routed by themselves.
#pragma once

#include <string>
#include <vector>

#include "dns/findings.h"
#include "dns/lookup.h"

namespace mailweir {

// A server as the operator named it: a name, an address, or an address with a port.
struct NamedServer {
  std::string name;
  std::vector<Endpoint> endpoints{};  // known ones; empty: to be looked up
};

enum class ZoneWay : std::uint8_t {
  AskServers,   // those the zone names, each by itself, and the parent's
  AskNamed,     // those the operator named, before a delegation exists
  AskResolver,  // nobody but the resolver
};

// `named`: with AskNamed. `lookup` and `named` outlive the task.
[[nodiscard]] Task<ZoneReport> check_zone(Lookup& lookup, std::string zone, ZoneWay way,
                                          const std::vector<NamedServer>& named);

}  // namespace mailweir
