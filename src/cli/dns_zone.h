// `mailweir dns zone`: the reverse zone of a pool, its forward records, and what the servers are told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/common.h"

namespace mailweir {

struct DnsZoneOptions {
  std::vector<std::string> what;
  std::string pattern, table;  // one of them
  std::uint64_t first = 1;
  std::vector<std::string> name_servers;
  std::string contact, delegated;
  std::uint32_t ttl_s = 3600;
  std::string update, to;
};

int dns_zone(const DnsZoneOptions& options, const CommonOptions& common);

}  // namespace mailweir
