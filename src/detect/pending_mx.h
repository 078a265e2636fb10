// Questions for mail servers that were asked before their client sent any mail: a bot asks first.
//
// Holds the latest kClients askers for a while; a newer one takes the place of an older one that never sent mail, and
// is counted. So who asks and sends nothing (a name server, an address checker) costs no record.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"
#include "detect/numbers.h"

namespace mailweir {

class PendingMx {
 public:
  using Asked = std::uint16_t;  // bit i: a name whose hash ends in i

  void keep(std::uint64_t client, std::uint32_t name, Time now) {
    if (places_.empty()) places_.resize(kClients);
    Place& place = places_[client % kClients];
    if (place.client != client || is_over(place, now)) {
      if (place.asked != 0 && !is_over(place, now)) ++forgotten_;
      place = {.client = client, .since = now};
    }
    place.asked |= static_cast<Asked>(1U << (name & 15));
  }
  [[nodiscard]] Asked take(std::uint64_t client, Time now) {
    if (places_.empty()) return 0;
    Place& place = places_[client % kClients];
    if (place.client != client || is_over(place, now)) return 0;
    const Asked asked = place.asked;
    place = {};
    return asked;
  }
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

 private:
  struct Place {
    std::uint64_t client = 0;
    Time since;
    Asked asked = 0;
  };
  static constexpr std::size_t kClients = 8'192;  // 192 KiB, from the first question on
  static bool is_over(const Place& place, Time now) { return place.since + numbers::kEpoch < now; }

  std::vector<Place> places_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace mailweir
