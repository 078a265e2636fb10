// What `dns check` was asked to look at: options, the policy and this machine, put together.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/dns_check.h"
#include "dns/pool_check.h"
#include "dns/resolver.h"

namespace mailweir {

// An address takes about 300 bytes until the end: 100 MB at most.
inline constexpr std::uint64_t kDnsAddressesMax = 262'144;

struct DnsWishes {
  PoolCheckWishes check;
  ResolverLimits limits;
  std::vector<std::string> skipped;  // ranges of the policy too wide to be asked about one by one
  std::vector<std::string> remarks;  // for standard error
};

[[nodiscard]] Result<DnsWishes> dns_wishes(const DnsCheckOptions& options, const CommonOptions& common);

// "ns1.example.net", "192.0.2.53" or "192.0.2.53:5353".
[[nodiscard]] Result<NamedServer> named_server_argument(const std::string& option, const std::string& text);
// Addresses, ranges and prefixes; all mistakes in one error.
[[nodiscard]] Result<std::vector<AddressRange>> range_arguments(const std::vector<std::string>& texts);

}  // namespace mailweir
