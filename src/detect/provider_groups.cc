#include "detect/provider_groups.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <iterator>
#include <vector>

#include "base/must.h"

namespace mailweir {
namespace {

enum Provider : std::uint16_t { None, Google, Microsoft, Yahoo, Apple, UnitedInternet };
constexpr std::array<std::string_view, 6> kNames{"", "Google", "Microsoft", "Yahoo", "Apple", "GMX, WEB.DE, IONOS"};

struct Row {
  std::string_view prefix;
  Provider provider;
};

// One source per block of rows, as published. A row too many makes a spammer's contacts inside it count as one; a row
// too few makes one correspondent's pool of addresses count by its /24s.
constexpr Row kRows[] = {
    // TXT _netblocks.google.com
    {"35.190.247.0/24", Google},
    {"64.233.160.0/19", Google},
    {"66.102.0.0/20", Google},
    {"66.249.80.0/20", Google},
    {"72.14.192.0/18", Google},
    {"74.125.0.0/16", Google},
    {"108.177.8.0/21", Google},
    {"173.194.0.0/16", Google},
    {"209.85.128.0/17", Google},
    {"216.58.192.0/19", Google},
    {"216.239.32.0/19", Google},
    // TXT _netblocks2.google.com
    {"2001:4860:4000::/36", Google},
    {"2404:6800:4000::/36", Google},
    {"2607:f8b0:4000::/36", Google},
    {"2800:3f0:4000::/36", Google},
    {"2a00:1450:4000::/36", Google},
    {"2c0f:fb50:4000::/36", Google},
    // TXT _netblocks3.google.com
    {"172.217.0.0/19", Google},
    {"172.217.32.0/20", Google},
    {"172.217.128.0/19", Google},
    {"172.217.160.0/20", Google},
    {"172.217.192.0/19", Google},
    {"172.253.56.0/21", Google},
    {"172.253.112.0/20", Google},
    {"108.177.96.0/19", Google},
    {"35.191.0.0/16", Google},
    {"130.211.0.0/22", Google},
    // https://www.gstatic.com/ipranges/goog.json: where A gmail-smtp-in.l.google.com and smtp.gmail.com now answer
    {"142.250.0.0/15", Google},
    // TXT spf.protection.outlook.com: MX NAME.mail.protection.outlook.com, MX outlook.com
    {"40.92.0.0/15", Microsoft},
    {"40.107.0.0/16", Microsoft},
    {"52.100.0.0/14", Microsoft},
    {"104.47.0.0/17", Microsoft},
    {"2a01:111:f400::/48", Microsoft},
    {"2a01:111:f403::/48", Microsoft},
    // https://endpoints.office.com/endpoints/Worldwide, serviceArea Exchange: A smtp.office365.com,
    // smtp-mail.outlook.com
    {"13.107.6.152/31", Microsoft},
    {"13.107.18.10/31", Microsoft},
    {"13.107.128.0/22", Microsoft},
    {"23.103.160.0/20", Microsoft},
    {"40.96.0.0/13", Microsoft},
    {"40.104.0.0/15", Microsoft},
    {"52.96.0.0/14", Microsoft},
    {"132.245.0.0/16", Microsoft},
    {"150.171.32.0/22", Microsoft},
    {"2603:1006::/40", Microsoft},
    {"2603:1016::/36", Microsoft},
    {"2603:1026::/36", Microsoft},
    {"2603:1036::/36", Microsoft},
    {"2603:1046::/36", Microsoft},
    {"2603:1056::/36", Microsoft},
    // A mta5.am0.yahoodns.net, mta6, mta7 (67.195.229.59, 98.136.96.75, 98.136.216.26, ...) and the allocations of
    // Yahoo
    // they lie in; _spf.mail.yahoo.com publishes names, not networks. AOL and ymail share these servers.
    {"67.195.0.0/16", Yahoo},
    {"98.136.0.0/14", Yahoo},
    // Whole allocation of Apple (ARIN NET-17-0-0-0-1): MX mx01.mail.icloud.com, A smtp.mail.me.com
    {"17.0.0.0/8", Apple},
    // TXT icloud.com
    {"57.103.64.0/18", Apple},
    {"144.178.36.0/24", Apple},
    {"144.178.38.0/24", Apple},
    // TXT gmx.com, web.de and _spf-eu.ionos.com; MX mx00.emig.gmx.net is 212.227.15.9
    {"212.227.15.0/24", UnitedInternet},
    {"212.227.17.0/24", UnitedInternet},
    {"212.227.126.0/24", UnitedInternet},
    {"213.165.64.0/23", UnitedInternet},
    {"217.72.192.0/24", UnitedInternet},
    {"217.72.207.0/24", UnitedInternet},
    {"82.165.159.0/24", UnitedInternet},
    {"82.165.229.0/24", UnitedInternet},
    {"82.165.230.0/24", UnitedInternet},
    {"74.208.4.0/23", UnitedInternet},
    {"74.208.122.0/24", UnitedInternet},
};

struct Range {
  IpAddress first, last;
  Provider provider;
};

IpAddress last_of(const IpPrefix& prefix) {
  const int host_bits = (prefix.base().is_v4() ? 32 : 128) - prefix.length();
  const auto low_ones = [](int bits) { return bits <= 0 ? 0 : bits >= 64 ? ~0ULL : (1ULL << bits) - 1; };
  return {prefix.base().high | low_ones(host_bits - 64), prefix.base().low | low_ones(host_bits)};
}

// Sorted, without overlaps; and which values of an IPv4 address's first two bytes occur at all, because most do not.
struct Table {
  std::vector<Range> ranges;
  std::bitset<65'536> v4_halves;

  Table() {
    for (const Row& row : kRows) {
      const auto prefix = IpPrefix::parse(row.prefix);
      MUST(prefix);
      ranges.push_back({prefix->base(), last_of(*prefix), row.provider});
      if (!prefix->base().is_v4()) continue;
      const std::uint32_t last_half = last_of(*prefix).v4_bits() >> 16;
      for (std::uint32_t half = prefix->base().v4_bits() >> 16; half <= last_half; ++half) v4_halves.set(half);
    }
    std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
    const auto overlap = std::adjacent_find(ranges.begin(), ranges.end(),
                                            [](const Range& a, const Range& b) { return b.first <= a.last; });
    MUST(overlap == ranges.end());
  }
};

}  // namespace

std::uint16_t provider_of(IpAddress server) {
  static const Table table;
  if (server.is_v4() && !table.v4_halves[server.v4_bits() >> 16]) return None;
  auto after = std::upper_bound(table.ranges.begin(), table.ranges.end(), server,
                                [](const IpAddress& address, const Range& range) { return address < range.first; });
  if (after == table.ranges.begin() || std::prev(after)->last < server) return None;
  return std::prev(after)->provider;
}

std::string_view provider_name(std::uint16_t provider) { return kNames[provider]; }

}  // namespace mailweir
