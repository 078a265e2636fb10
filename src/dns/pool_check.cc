#include "dns/pool_check.h"

#include <algorithm>

#include "base/address_scope.h"
#include "dns/name.h"

namespace mailweir {
namespace {

constexpr std::string_view kNobody = "mailweir-no-such-host";

// The name that stands for all addresses of a zone as registries cut them: the smallest network that is delegated by
// itself without RFC 2317.
std::string zone_candidate(IpAddress address) {
  return reverse_zone_name(IpPrefix::of(address, address.is_v4() ? 24 : 64));
}

// A reverse zone as wide as a registry's own: nothing below it was delegated.
bool is_registrys(const std::string& zone) {
  constexpr int kRegistry4 = 8, kRegistry6 = 20;  // IANA gives registries /8 and /12 to /23
  const auto network = network_of_reverse_name(zone);
  if (!network) return zone.empty() || zone == "arpa";
  return network->length() <= (network->base().is_v4() && is_under(zone, "in-addr.arpa") ? kRegistry4 : kRegistry6);
}

}  // namespace

PoolCheck::PoolCheck(DnsDoor& door, const Clock& clock, const ResolverLimits& limits, PoolCheckWishes wishes)
    : wishes_(std::move(wishes)),
      resolver_(door, clock, limits),
      lookup_(resolver_, wishes_.servers, wishes_.mode),
      blocklists_(lookup_, wishes_.blocklists, wishes_.blocklist_budget) {
  for (const AddressRange& range : wishes_.ranges) total_ += range.size();
  if (!wishes_.ranges.empty()) next_ = wishes_.ranges.front().first;
  report_.addresses.reserve(total_);
  tasks_.adopt(prepare());
}

// Name servers the operator named have to be found, and blocklists tried, before the first address.
Task<void> PoolCheck::prepare() {
  std::vector<Endpoint> servers;
  for (NamedServer& server : wishes_.name_servers) {
    if (server.endpoints.empty()) {
      auto asked = lookup_.addresses_of(server.name);
      const std::vector<IpAddress> addresses = co_await asked;
      constexpr std::uint16_t kDnsPort = 53;
      for (const IpAddress& address : addresses) server.endpoints.push_back({address, kDnsPort});
    }
    servers.insert(servers.end(), server.endpoints.begin(), server.endpoints.end());
  }
  if (!servers.empty()) lookup_.ask_for_reverse_names(servers);
  auto tried = blocklists_.test();
  co_await tried;
  prepared_ = true;
}

Task<void> PoolCheck::one_address(IpAddress address) {
  if (scope_of(address) == AddressScope::Public) want_zone(zone_candidate(address));  // nobody delegates 10.0.0.0/8
  auto asked = check_address(lookup_, address, wishes_.helo, wishes_.blocklists.empty() ? nullptr : &blocklists_);
  AddressChecked checked = co_await asked;
  // The part of a zone that was delegated by aliases (RFC 2317) has servers of its own.
  if (!checked.delegated_to.empty()) want_zone(std::string(parent_name(checked.delegated_to)));
  report_.addresses.push_back(std::move(checked.report));
  ++finished_;
}

void PoolCheck::want_zone(const std::string& name_in_it) {
  if (names_begun_.contains(name_in_it)) return;
  if (names_begun_.size() >= kZonesMax) {
    ++report_.zones_not_checked;
    return;
  }
  names_begun_.insert(name_in_it);
  tasks_.adopt(one_zone(name_in_it));
}

Task<void> PoolCheck::one_zone(std::string name_in_it) {
  auto asked = lookup_.zone_of(name_in_it);
  const Lookup::ZoneFound found = co_await asked;
  // Where nobody knows the zone, it is the one that should be there.
  const std::string zone = found.zone.value_or(name_in_it);
  auto nobody = lookup_.find(std::string(kNobody) + "." + name_in_it, RecordType::Ptr);
  const Found wildcard = co_await nobody;
  std::vector<Problem> problems;
  if (!wildcard.records.empty())
    problems.push_back({ProblemKind::WildcardPtr, name_in_it, wildcard.records.front().target});
  if (is_registrys(zone)) {
    report_.zones.push_back({.zone = name_in_it, .problems = {{ProblemKind::NotDelegated, zone.empty() ? "." : zone}}});
    co_return;
  }
  if (!zones_begun_.insert(zone).second) {
    if (problems.empty()) co_return;
    report_.zones.push_back({.zone = name_in_it, .problems = std::move(problems)});
    co_return;
  }
  auto check = check_zone(lookup_, zone, wishes_.zone_way, wishes_.name_servers);
  ZoneReport checked = co_await check;
  checked.problems.insert(checked.problems.end(), problems.begin(), problems.end());
  report_.zones.push_back(std::move(checked));
}

void PoolCheck::begin_more() {
  if (!prepared_) return;
  while (range_ < wishes_.ranges.size() && begun_ - finished_ < kAddressesAtOnce) {
    const IpAddress address = next_;
    if (address == wishes_.ranges[range_].last) {
      if (++range_ < wishes_.ranges.size()) next_ = wishes_.ranges[range_].first;
    } else {
      next_ = next_address(address);
    }
    ++begun_;
    tasks_.adopt(one_address(address));
  }
}

void PoolCheck::step() {
  begin_more();
  resolver_.step();
  tasks_.sweep();
}

bool PoolCheck::done() const { return prepared_ && begun_ == total_ && tasks_.size() == 0; }

PoolReport PoolCheck::result() && {
  tasks_.end_all();
  report_.not_finished = total_ - finished_;
  report_.blocklists = blocklists_.reports();
  report_.counts = resolver_.counts();
  std::sort(report_.addresses.begin(), report_.addresses.end(), [](const AddressReport& a, const AddressReport& b) {
    return std::tuple(!a.address.is_v4(), a.address) < std::tuple(!b.address.is_v4(), b.address);
  });
  std::sort(report_.zones.begin(), report_.zones.end(),
            [](const ZoneReport& a, const ZoneReport& b) { return comes_before(a.zone, b.zone); });
  return std::move(report_);
}

}  // namespace mailweir
