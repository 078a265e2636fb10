// Watches IPv6 sites whose networks take turns: a spammer who takes the next /64 of its /56 every few connections never
// shows any of them enough (docs/detection.md, sections 3.1 and 5, "rotate /64").
//
// In:  signs of clients (/64s), in time order.   Out: for a site that is worth it, a record of its own, which the
// detector feeds with what all its networks do.
// Invariants
//   (1) A site gets a record when kHopperSuspicious of its networks came under suspicion within a day, or
//       kHopperContacting used port 25 at all. Having one says nothing against anybody.
//   (2) Of a fixed size: the places of kSites sites, kSitesWatched records, of which the most innocent gives
//       way and is counted; a lost place makes a hopper look like so many strangers, never a stranger like a hopper.
//   (3) Two networks that share a bit count as one: errors favour the client.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/keyed_hash.h"
#include "detect/client_record.h"

namespace mailweir {

inline constexpr int kSiteLength = 56;

class AddressSites {
 public:
  explicit AddressSites(const KeyedHash& hash) : hash_(hash) {}

  struct Site {
    ClientRecord record;
    std::uint64_t networks = 0;  // bit: by hash, a network that contacted a new group since the record began
  };
  // The record of the site that network belongs to, if it has one.
  [[nodiscard]] Site* watched(IpAddress network);

  enum class Sign : bool { UsesTransfer, Suspicious };
  void noticed(IpAddress network, Sign sign, Time now);
  // A new group was contacted from there.
  void contacted(Site& site, IpAddress network) const { site.networks |= bit_of(network); }
  // How many of its networks take part.
  [[nodiscard]] static unsigned networks(const Site& site);

  [[nodiscard]] std::size_t size() const { return watched_.size(); }
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

 private:
  static constexpr std::size_t kSites = 4'096;  // 160 KiB, from the first sign on
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kSitesWatched = 4'096;  // half a kilobyte each, once there is much to remember
  struct Place {
    std::uint64_t mark = 0;
    Time since{}, latest{};
    std::uint64_t suspicious = 0, contacting = 0;
  };

  [[nodiscard]] std::uint64_t bit_of(IpAddress network) const { return std::uint64_t{1} << (hash_(network) >> 58); }
  Place& place_of(std::uint64_t mark, Time now);
  void watch(IpAddress site, Time now);

  KeyedHash hash_;
  std::vector<Place> places_;
  std::unordered_map<std::uint64_t, Site> watched_;  // by the upper half of the site's address
  std::uint64_t forgotten_ = 0;
};

}  // namespace mailweir
