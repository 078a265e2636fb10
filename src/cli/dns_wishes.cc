#include "cli/dns_wishes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/address_scope.h"
#include "base/escape.h"
#include "base/read_prefix.h"
#include "cli/policy_file.h"
#include "dns/name.h"
#include "sys/dns_sockets.h"
#include "sys/machine.h"

namespace mailweir {
namespace {

constexpr std::uint16_t kDnsPort = 53;

// Nothing when there is no policy file: it is not needed to ask about addresses that were named.
Result<std::optional<Policy>> policy_if_any(const CommonOptions& common) {
  auto policy = load_policy(common.config, stderr);
  if (policy) return std::optional(std::move(*policy));
  if (policy.error().code() == ErrorCode::NotFound) return std::optional<Policy>();
  return fail(std::move(policy).error().in("the addresses in `public`, blocklists and HELO names"));
}

// `public` of the policy, and what this machine itself is called from.
std::vector<AddressRange> usual_ranges(const std::optional<Policy>& policy) {
  std::vector<AddressRange> ranges;
  if (policy && policy->gateway)
    for (const IpPrefix& prefix : policy->gateway->public_addresses.value) ranges.push_back(range_of(prefix));
  for (const OwnAddress& own : own_addresses())
    if (scope_of(own.address) == AddressScope::Public) ranges.push_back({own.address, own.address});
  return ranges;
}

Result<void> read_helo(const std::vector<std::string>& texts, HeloNames& helo) {
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    const auto address = IpAddress::parse(text.substr(0, equals));
    const std::string name = equals == std::string::npos ? "" : canonical_name(text.substr(equals + 1));
    if (!address || host_name_mistake(name))
      return fail(ErrorCode::Usage, fmt::format("--helo: '{}' is not ADDRESS=NAME; example: "
                                                "198.51.100.100=mail.example.net",
                                                escape(text, 64)));
    helo[*address] = name;
  }
  return {};
}

Result<void> read_servers(const DnsCheckOptions& options, PoolCheckWishes& check) {
  if (options.server.empty()) {
    check.servers = system_dns_servers();
    if (check.servers.empty()) return fail(ErrorCode::BadInput, "no DNS server is configured; name one by --server");
  } else {
    const auto server = Endpoint::parse(options.server, kDnsPort);
    if (!server)
      return fail(ErrorCode::Usage, fmt::format("--server: '{}' is not ADDRESS or ADDRESS:PORT; examples: 127.0.0.1, "
                                                "127.0.0.1:5353, [2001:db8::53]:53",
                                                escape(options.server, 64)));
    check.servers = {*server};
    check.zone_way = ZoneWay::AskResolver;
  }
  if (options.authoritative) {
    check.mode = Lookup::Mode::Authoritative;
    check.zone_way = ZoneWay::AskServers;
  }
  for (const std::string& text : options.name_servers) {
    auto server = named_server_argument("--name-servers", text);
    if (!server) return fail(std::move(server).error());
    check.name_servers.push_back(std::move(*server));
    check.zone_way = ZoneWay::AskNamed;
  }
  if (options.authoritative && !options.name_servers.empty())
    return fail(ErrorCode::Usage,
                "--authoritative and --name-servers exclude each other: one follows the delegation, "
                "the other is for the time before it");
  return {};
}

Result<void> read_rate(const std::string& text, ResolverLimits& limits) {
  if (text.empty()) return {};
  double rate = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), rate);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || !(rate >= 0) || rate > 1e7)
    return fail(ErrorCode::Usage, fmt::format("--rate: '{}' is not a number of questions a second", escape(text, 64)));
  limits.near_rate = limits.far_rate = rate;
  return {};
}

}  // namespace

Result<NamedServer> named_server_argument(const std::string& option, const std::string& text) {
  if (const auto endpoint = Endpoint::parse(text, kDnsPort)) return NamedServer{endpoint->address.text(), {*endpoint}};
  const std::string name = canonical_name(text);
  if (const auto mistake = host_name_mistake(name))
    return fail(ErrorCode::Usage, fmt::format("{}: '{}' {}", option, escape(text, 64), *mistake));
  return NamedServer{name, {}};
}

Result<std::vector<AddressRange>> range_arguments(const std::vector<std::string>& texts) {
  std::vector<AddressRange> ranges;
  for (const std::string& text : texts) {
    if (const auto range = parse_range(text)) {
      ranges.push_back(*range);
      continue;
    }
    const auto prefix = read_prefix(text);
    return fail(ErrorCode::Usage,
                fmt::format("{}; {}", prefix ? "" : prefix.error().text,
                            text.find('-') == std::string::npos
                                ? prefix.error().hint
                                : "a range is written 198.51.100.100-198.51.100.103, the smaller address first"));
  }
  return ranges;
}

Result<DnsWishes> dns_wishes(const DnsCheckOptions& options, const CommonOptions& common) {
  DnsWishes wishes;
  auto policy = policy_if_any(common);
  if (!policy) return fail(std::move(policy).error());
  auto named = range_arguments(options.what);
  if (!named) return fail(std::move(named).error());
  const bool usual = named->empty();
  PoolCheckWishes& check = wishes.check;
  check.ranges = merged(usual ? usual_ranges(*policy) : std::move(*named));
  if (usual) {
    std::erase_if(check.ranges, [&](const AddressRange& range) {
      if (range.size() <= kDnsAddressesMax) return false;
      wishes.skipped.push_back(range.text());
      return true;
    });
  }
  std::uint64_t total = 0;
  for (const AddressRange& range : check.ranges) total += std::min(range.size(), kDnsAddressesMax + 1);
  if (total > kDnsAddressesMax)
    return fail(ErrorCode::Usage, fmt::format("more than {} addresses: too many to ask about one by one; name those "
                                              "mail leaves from",
                                              kDnsAddressesMax));
  if (total == 0)
    return fail(ErrorCode::BadInput,
                "nothing to check: the policy has no `public`, this machine no public address; "
                "name addresses: mailweir dns check 198.51.100.0/24");
  if (auto read = read_servers(options, check); !read) return fail(std::move(read).error());
  if (auto read = read_rate(options.rate, wishes.limits); !read) return fail(std::move(read).error());
  if (*policy) {
    for (const HeloName& one : (*policy)->dns.helo.value) check.helo[one.address] = canonical_name(one.name);
    if (options.blocklists) {
      for (const std::string& list : (*policy)->dns.blocklists.value) check.blocklists.push_back(canonical_name(list));
      check.blocklist_budget = (*policy)->dns.blocklist_budget.value;
    }
  }
  if (options.blocklists && check.blocklists.empty())
    return fail(ErrorCode::BadInput,
                "--blocklists: the policy names none; in [dns]: blocklists = "
                "[\"zen.spamhaus.org\"], if its terms allow your use");
  if (auto read = read_helo(options.helo, check.helo); !read) return fail(std::move(read).error());
  if (!check.blocklists.empty())
    wishes.remarks.push_back(fmt::format("blocklists: at most {} questions to {}", check.blocklist_budget,
                                         fmt::join(check.blocklists, ", ")));
  for (const std::string& range : wishes.skipped)
    wishes.remarks.push_back(fmt::format("{} of `public` is too wide to be asked about one by one: left out", range));
  return wishes;
}

}  // namespace mailweir
