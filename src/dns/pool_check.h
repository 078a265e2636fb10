// The whole question: is this pool of addresses fit to send mail? Many addresses at once, with progress, and an answer
// for those that are done whenever it is asked for.
//
// In:  ranges of addresses and what to check beside their names.   Out: PoolReport, in the order of the addresses.
// Invariants
//   (1) At most kAddressesAtOnce addresses are being looked at; the resolver holds back further.
//   (2) Each zone is checked once, at most kZonesMax of them; the rest is counted.
//   (3) result() after stop() holds finished addresses only; what is missing is counted.
// Threads: one; step() never waits.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dns/check_address.h"
#include "dns/check_zone.h"
#include "dns/pool.h"
#include "dns/resolver.h"

namespace mailweir {

struct PoolCheckWishes {
  std::vector<AddressRange> ranges;  // merged()
  std::vector<Endpoint> servers;     // of the resolver
  Lookup::Mode mode = Lookup::Mode::Resolver;
  ZoneWay zone_way = ZoneWay::AskServers;
  std::vector<NamedServer> name_servers;  // with ZoneWay::AskNamed: at least one
  HeloNames helo;
  std::vector<std::string> blocklists;
  std::uint64_t blocklist_budget = 0;
};

struct PoolReport {
  std::vector<AddressReport> addresses;
  std::vector<ZoneReport> zones;  // in the order of dns/name.h
  std::vector<BlocklistReport> blocklists;
  std::uint64_t not_finished = 0;  // addresses
  std::uint64_t zones_not_checked = 0;
  ResolverCounts counts;
};

class PoolCheck {
 public:
  static constexpr std::size_t kAddressesAtOnce = 2048;
  static constexpr std::size_t kZonesMax = 4096;

  PoolCheck(DnsDoor& door, const Clock& clock, const ResolverLimits& limits, PoolCheckWishes wishes);

  void step();
  [[nodiscard]] bool done() const;
  [[nodiscard]] Duration patience() const { return resolver_.patience(); }
  [[nodiscard]] std::uint64_t finished() const { return finished_; }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  // Ends what is under way.
  [[nodiscard]] PoolReport result() &&;

 private:
  [[nodiscard]] Task<void> prepare();
  [[nodiscard]] Task<void> one_address(IpAddress address);
  [[nodiscard]] Task<void> one_zone(std::string name_in_it);
  void begin_more();
  void want_zone(const std::string& name_in_it);

  PoolCheckWishes wishes_;
  Resolver resolver_;
  Lookup lookup_;
  Blocklists blocklists_;
  PoolReport report_;
  std::set<std::string> zones_begun_, names_begun_;
  std::size_t range_ = 0;  // the next address: its range
  IpAddress next_{};       // and itself
  std::uint64_t total_ = 0, begun_ = 0, finished_ = 0;
  bool prepared_ = false;
  Tasks tasks_;  // the last member: its tasks use all the others
};

}  // namespace mailweir
