// Zones as text: a reverse zone file, the forward records that confirm it, what the holder of the zone above adds, and
// what the servers are told.
//
// In:  names, servers, the records of an earlier file.   Out: text; the same input gives the same bytes.
// Invariants
//   (1) Records stand in canonical order (RFC 4034 section 6); the SOA and NS records of the zone first.
//   (2) Every PTR record we write has its forward record in forward_text(); none is a wildcard.
//   (3) Of an earlier file everything stays but the PTR records of our addresses and the serial, which grows
//       (RFC 1982), whatever it was.
// Threads: any.  Sources: RFC 1912 and RIPE-203 (times of the SOA record), RFC 2308 (minimum), RFC 2317.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "dns/zone_names.h"
#include "dns/zone_plan.h"
#include "sys/zone_file.h"

namespace mailweir {

struct ZoneFacts {
  std::vector<std::string> name_servers;  // canonical; the first is the primary
  bool servers_said = true;               // false: those of an earlier file stay
  std::string contact;                    // "hostmaster.example.net", as an SOA record writes it
  std::uint32_t ttl_s = 3600;
};

struct ZoneText {
  std::string text;
  std::uint32_t serial = 0;
  std::uint64_t pointers = 0;  // PTR records of ours
  std::uint64_t kept = 0;      // records of the earlier file, without SOA
  std::uint64_t replaced = 0;  // PTR records of the earlier file that ours took the place of
  bool foreign_wildcard = false;
};

// YYYYMMDDnn of the day, or one more than `old` where that is not smaller.
[[nodiscard]] std::uint32_t next_serial(std::optional<std::uint32_t> old, Time now);

// `names`: of the addresses in this zone. `old`: records of the earlier file, or null.
[[nodiscard]] Result<ZoneText> zone_text(const std::string& zone, const std::vector<NamedAddress>& names,
                                         const ZoneFacts& facts, const std::vector<ZoneFileRecord>* old, Time now);
[[nodiscard]] std::string forward_text(const std::vector<NamedAddress>& names, std::uint32_t ttl_s);
// NS records and aliases for the zone above (RFC 2317).
[[nodiscard]] std::string aliases_text(const ReverseZone& zone, const std::vector<NamedAddress>& names,
                                       const ZoneFacts& facts);

// `file`: where the zone file lies on the server.
[[nodiscard]] std::string bind_config(const std::string& zone, const std::string& file);
[[nodiscard]] std::string knot_config(const std::string& zone, const std::string& file);

}  // namespace mailweir
