// A pool of addresses, its reverse and forward zones and the servers above them, as a test wants them; and a check of
// it by the fake door.
#pragma once

#include <string>
#include <vector>

#include "dns/pool_check.h"
#include "tests/support/fake_dns.h"

namespace mailweir::testing {

inline const Endpoint kResolver{*IpAddress::parse("192.0.2.1"), 53};
inline const Endpoint kOne{*IpAddress::parse("192.0.2.53"), 53}, kTwo{*IpAddress::parse("203.0.113.53"), 53};
inline const Endpoint kAbove{*IpAddress::parse("203.0.113.1"), 53};

// 198.51.100.0/24 and example.net at kOne and kTwo, delegated by kAbove; kResolver knows everything.
struct PoolWorld {
  DnsWorld dns;
  DnsClock clock;
  FakeDns door{dns, clock};
  PoolCheckWishes wishes;

  explicit PoolWorld(const std::string& reverse = "100.100.51.198.in-addr.arpa PTR out1.example.net\n",
                     const std::string& forward = "out1.example.net A 198.51.100.100\n") {
    wishes.servers = {kResolver};
    wishes.ranges = {*parse_range("198.51.100.100")};
    both("100.51.198.in-addr.arpa",
         "100.51.198.in-addr.arpa SOA ns1.example.net 2026112201\n"
         "100.51.198.in-addr.arpa NS ns1.example.net\n"
         "100.51.198.in-addr.arpa NS ns2.example.net\n" +
             reverse);
    both("example.net",
         "example.net SOA ns1.example.net 7\nexample.net NS ns1.example.net\nexample.net NS ns2.example.net\n"
         "ns1.example.net A 192.0.2.53\nns2.example.net A 203.0.113.53\n" +
             forward);
    above("51.198.in-addr.arpa SOA ns.above.example 3\n51.198.in-addr.arpa NS ns.above.example\n",
          "100.51.198.in-addr.arpa NS ns1.example.net\n100.51.198.in-addr.arpa NS ns2.example.net\n");
    dns.recursive(kResolver);
  }

  // At both servers of the pool, and known to the resolver.
  void both(const std::string& zone, const std::string& lines) {
    for (const Endpoint& server : {kResolver, kOne, kTwo}) dns.serve(server, zone, lines);
  }
  void above(const std::string& own, const std::string& delegation) {
    dns.serve(kAbove, "51.198.in-addr.arpa", own + delegation);
    dns.serve(kResolver, "51.198.in-addr.arpa", own);
    dns.serve(kResolver, "above.example", "ns.above.example A 203.0.113.1\n");
  }

  PoolReport check() {
    PoolCheck pool(door, clock, ResolverLimits{}, wishes);
    run_until([&] { return pool.done(); }, pool, clock);
    return std::move(pool).result();
  }

  AddressReport check_one() {
    PoolReport report = check();
    return report.addresses.empty() ? AddressReport{} : report.addresses.front();
  }
};

inline std::vector<std::string> ids(const std::vector<Problem>& problems) {
  std::vector<std::string> list;
  for (const Problem& problem : problems) list.emplace_back(id_of(problem.kind));
  return list;
}

}  // namespace mailweir::testing
