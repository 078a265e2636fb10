// Boxes by a prefix of one of their fields, so that a rule with one source address is compared with those of the same
// address and not with all ten thousand.
//
// Each box lies under its narrowest field that is a prefix (an address, a port, a MAC address, eth*), or among the wide
// ones. A question with a prefix looks into one bucket per length; a wide question looks at everything.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lint/packet_box.h"

namespace mailweir::rules {

class BoxIndex {
 public:
  void add(const PacketBox& box, std::uint32_t number);
  // Every box added that meets `box`, by number, in no order. `use` answers false to stop. The number of boxes looked
  // at.
  template <typename Use>
  std::size_t each_meeting(const PacketBox& box, const Use& use) const {
    std::size_t looked = 0;
    for (const std::uint32_t number : candidates(box)) {
      ++looked;
      if (boxes_[number].first.meets(box) && !use(boxes_[number].second, boxes_[number].first)) break;
    }
    return looked;
  }
  [[nodiscard]] std::size_t size() const { return boxes_.size(); }

 private:
  struct Bucket {
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> by_base;
    std::vector<std::uint32_t> all;
  };
  [[nodiscard]] std::vector<std::uint32_t> candidates(const PacketBox& box) const;

  std::vector<std::pair<PacketBox, std::uint32_t>> boxes_;
  std::unordered_map<std::uint32_t, Bucket> buckets_;  // by field * 256 + length
  std::vector<std::uint32_t> wide_;
};

}  // namespace mailweir::rules
