// `mailweir dns check`: is the NAT pool fit to send mail?
#pragma once

#include <string>
#include <vector>

#include "cli/common.h"

namespace mailweir {

struct DnsCheckOptions {
  std::vector<std::string> what;  // addresses, ranges, prefixes; none: `public` and this machine's own
  std::string server;
  bool authoritative = false;
  std::vector<std::string> name_servers;
  std::vector<std::string> helo;  // ADDRESS=NAME
  bool blocklists = false;
  std::string rate;
  bool everyone = false;
};

int dns_check(const DnsCheckOptions& options, const CommonOptions& common);

}  // namespace mailweir
