// Which destination groups a client contacted, and how its first contacts stand: a dozen bytes for the few groups of an
// ordinary client, bitmaps for the many of a suspicious one (docs/detection.md, section 3.2: two tiers).
//
// Invariants
//   (1) Widening loses nothing: every answer about every group is the same before and after. (Of groups that share a
//   bit,
//       the small form takes the second one's failure for the first one's.)
//   (2) Errors favour the client: two groups that share a bit of the window count as one, in either form.
//   (3) Copies are deep; the small form allocates nothing.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "sketch/bitmap128.h"

namespace mailweir {

// Hash of a destination group and a role: 7 bits choose the bit in the window; with 9 more they are the fingerprint by
// which a failed group is known again.
struct GroupMark {
  std::uint64_t hash;
  [[nodiscard]] unsigned bit() const { return hash & (Bitmap128::kBits - 1); }
  [[nodiscard]] std::uint16_t fingerprint() const { return static_cast<std::uint16_t>(hash); }
};

struct WideMemory;  // detect/wide_memory.h: the bitmaps, and what else only suspicious clients need

class GroupMemory {
 public:
  static constexpr std::size_t kSmallGroups = 4;
  static constexpr std::size_t kSmallFailed = 2;

  GroupMemory() = default;
  ~GroupMemory();
  GroupMemory(const GroupMemory& other);
  GroupMemory& operator=(const GroupMemory& other);
  GroupMemory(GroupMemory&& other) noexcept;
  GroupMemory& operator=(GroupMemory&& other) noexcept;

  [[nodiscard]] bool is_wide() const { return (flags_[0] & kWide) != 0; }
  void prefetch() const;
  WideMemory& widen();
  // REQUIRES: is_wide().
  [[nodiscard]] WideMemory& wide();
  [[nodiscard]] const WideMemory& wide() const;

  // Of this epoch or the one before.
  [[nodiscard]] bool knows(GroupMark mark) const;
  // Contacted in this epoch; widens when there are too many.
  void contacted(GroupMark mark);
  [[nodiscard]] double estimate() const;

  // A first contact has begun, has been answered by a handshake, has ended.
  void await(GroupMark mark);
  [[nodiscard]] bool awaits(GroupMark mark) const;
  // True when that is news of this group in this epoch.
  bool answered(GroupMark mark);
  void ended(GroupMark mark);

  // `clock`: in a unit of the caller's, wrapping.
  void failed(GroupMark mark, std::uint16_t clock);
  enum class Retry : std::uint8_t { None, Waiting, Credited };
  // Whether a group is remembered to have failed, how long ago, and whether a retry was credited already.
  struct Failure {
    Retry retry = Retry::None;
    std::uint16_t age = 0;
  };
  [[nodiscard]] Failure failure(GroupMark mark, std::uint16_t clock) const;
  void credit_retry(GroupMark mark);
  void forget_failure(GroupMark mark);

  // Epochs have passed; failures older than `age_max` are forgotten.
  void turn(std::uint32_t epochs, std::uint16_t clock, std::uint16_t age_max);

 private:
  // The place of a failure among failed_at_ is the slot bit; the last bit of the first byte tells the wide form.
  enum Flag : std::uint8_t {
    kThis = 1,
    kBefore = 2,
    kOpen = 4,
    kAnswered = 8,
    kFailed = 16,
    kRetried = 32,
    kSlot = 64
  };
  static constexpr std::uint8_t kWide = 128;

  [[nodiscard]] std::uint16_t mark_at(std::size_t i) const {
    return static_cast<std::uint16_t>(marks_or_pointer_ >> (16 * i));
  }
  // kSmallGroups: none.
  [[nodiscard]] std::size_t find_bit(unsigned bit) const;
  [[nodiscard]] std::size_t find_failed(std::uint16_t fingerprint) const;
  void take(GroupMemory& other);

  // Four fingerprints, or the address of what was allocated: what a record takes, every client of a site costs.
  std::uint64_t marks_or_pointer_ = 0;
  std::array<std::uint8_t, kSmallGroups> flags_{};
  std::array<std::uint16_t, kSmallFailed> failed_at_{};
};

static_assert(sizeof(GroupMemory) == 16);

}  // namespace mailweir
