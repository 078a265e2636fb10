#include "detect/group_memory.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/must.h"
#include "detect/wide_memory.h"

namespace mailweir {
namespace {

std::uint64_t address_of(WideMemory* wide) { return std::bit_cast<std::uintptr_t>(wide); }
WideMemory* wide_at(std::uint64_t address) { return std::bit_cast<WideMemory*>(static_cast<std::uintptr_t>(address)); }

constexpr std::uint16_t kBitMask = Bitmap128::kBits - 1;

}  // namespace

GroupMemory::~GroupMemory() {
  if (is_wide()) delete &wide();
}

GroupMemory::GroupMemory(const GroupMemory& other)
    : marks_or_pointer_(other.is_wide() ? address_of(new WideMemory(other.wide())) : other.marks_or_pointer_),
      flags_(other.flags_),
      failed_at_(other.failed_at_) {}

GroupMemory& GroupMemory::operator=(const GroupMemory& other) {
  if (this != &other) *this = GroupMemory(other);
  return *this;
}

GroupMemory::GroupMemory(GroupMemory&& other) noexcept { take(other); }

GroupMemory& GroupMemory::operator=(GroupMemory&& other) noexcept {
  if (this == &other) return *this;
  if (is_wide()) delete &wide();
  take(other);
  return *this;
}

void GroupMemory::take(GroupMemory& other) {
  marks_or_pointer_ = std::exchange(other.marks_or_pointer_, 0);
  flags_ = std::exchange(other.flags_, {});
  failed_at_ = std::exchange(other.failed_at_, {});
}

void GroupMemory::prefetch() const {
  if (!is_wide()) return;
  const auto* const bytes = reinterpret_cast<const char*>(wide_at(marks_or_pointer_));
  for (std::size_t i = 0; i < sizeof(WideMemory); i += 64) __builtin_prefetch(bytes + i, 1);
}

WideMemory& GroupMemory::wide() {
  MUST(is_wide());
  return *wide_at(marks_or_pointer_);
}

const WideMemory& GroupMemory::wide() const {
  MUST(is_wide());
  return *wide_at(marks_or_pointer_);
}

WideMemory& GroupMemory::widen() {
  if (is_wide()) return wide();
  auto wider = std::make_unique<WideMemory>();
  for (std::size_t i = 0; i < kSmallGroups; ++i) {
    const std::uint8_t flags = flags_[i];
    const unsigned bit = mark_at(i) & kBitMask;
    if ((flags & kThis) != 0) wider->window[0].set(bit);
    if ((flags & kBefore) != 0) wider->window[1].set(bit);
    if ((flags & kOpen) != 0) wider->open.set(bit);
    if ((flags & kAnswered) != 0) wider->answered.set(bit);
    if ((flags & kFailed) == 0) continue;
    const std::size_t place = (flags & kSlot) != 0 ? 1 : 0;
    wider->failed[place] = {mark_at(i), failed_at_[place]};
    wider->failed_used |= static_cast<std::uint8_t>(1U << place);
    if ((flags & kRetried) != 0) wider->failed_retried |= static_cast<std::uint8_t>(1U << place);
  }
  flags_ = {kWide};
  failed_at_ = {};
  marks_or_pointer_ = address_of(wider.release());
  return wide();
}

std::size_t GroupMemory::find_bit(unsigned bit) const {
  std::size_t i = 0;
  while (i < kSmallGroups && ((flags_[i] & (kThis | kBefore)) == 0 || (mark_at(i) & kBitMask) != bit)) ++i;
  return i;
}

std::size_t GroupMemory::find_failed(std::uint16_t fingerprint) const {
  std::size_t i = 0;
  while (i < kSmallGroups && ((flags_[i] & kFailed) == 0 || mark_at(i) != fingerprint)) ++i;
  return i;
}

bool GroupMemory::knows(GroupMark mark) const {
  if (!is_wide()) return find_bit(mark.bit()) < kSmallGroups;
  return wide().window[0].test(mark.bit()) || wide().window[1].test(mark.bit());
}

void GroupMemory::contacted(GroupMark mark) {
  if (!is_wide()) {
    std::size_t i = find_bit(mark.bit());
    if (i == kSmallGroups) {
      i = find_failed(mark.fingerprint());  // out of the window, but not forgotten
      if (i == kSmallGroups) i = static_cast<std::size_t>(std::find(flags_.begin(), flags_.end(), 0) - flags_.begin());
      if (i < kSmallGroups) {
        marks_or_pointer_ &= ~(std::uint64_t{0xffff} << (16 * i));
        marks_or_pointer_ |= std::uint64_t{mark.fingerprint()} << (16 * i);
      }
    }
    if (i < kSmallGroups) {
      flags_[i] |= kThis;
      return;
    }
  }
  widen().window[0].set(mark.bit());
}

double GroupMemory::estimate() const {
  if (is_wide()) return (wide().window[0] | wide().window[1]).estimate();
  Bitmap128 window;
  for (std::size_t i = 0; i < kSmallGroups; ++i) {
    if ((flags_[i] & (kThis | kBefore)) != 0) window.set(mark_at(i) & kBitMask);
  }
  return window.estimate();
}

void GroupMemory::await(GroupMark mark) {
  if (is_wide()) return wide().open.set(mark.bit());
  if (const std::size_t i = find_bit(mark.bit()); i < kSmallGroups) flags_[i] |= kOpen;
}

bool GroupMemory::awaits(GroupMark mark) const {
  if (is_wide()) return wide().open.test(mark.bit());
  const std::size_t i = find_bit(mark.bit());
  return i < kSmallGroups && (flags_[i] & kOpen) != 0;
}

bool GroupMemory::answered(GroupMark mark) {
  if (!is_wide()) {
    const std::size_t i = find_bit(mark.bit());
    if (i == kSmallGroups || (flags_[i] & kAnswered) != 0) return false;
    flags_[i] |= kAnswered;
    return true;
  }
  if (wide().answered.test(mark.bit())) return false;
  wide().answered.set(mark.bit());
  return true;
}

void GroupMemory::ended(GroupMark mark) {
  if (is_wide()) return wide().open.clear(mark.bit());
  if (const std::size_t i = find_bit(mark.bit()); i < kSmallGroups) flags_[i] &= static_cast<std::uint8_t>(~kOpen);
}

void GroupMemory::failed(GroupMark mark, std::uint16_t clock) {
  if (!is_wide()) {
    const std::size_t i = find_bit(mark.bit());
    if (i == kSmallGroups) return;
    unsigned taken = 0;  // bit i: place i of failed_at_
    for (std::size_t other = 0; other < kSmallGroups; ++other) {
      if (other != i && (flags_[other] & kFailed) != 0) taken |= (flags_[other] & kSlot) != 0 ? 2U : 1U;
    }
    if (taken != 3) {
      const std::uint8_t place = (taken & 1) != 0 ? 1 : 0;
      flags_[i] &= static_cast<std::uint8_t>(~(kSlot | kRetried));
      flags_[i] |= static_cast<std::uint8_t>(kFailed | (place != 0 ? kSlot : 0));
      failed_at_[place] = clock;
      return;
    }
  }
  // In its own place, else in a free one, else in that of the group that failed longest ago.
  WideMemory& memory = widen();
  std::size_t place = 0;
  std::uint16_t oldest = 0;
  std::uint8_t used = memory.failed_used;
  for (std::size_t i = 0; i < WideMemory::kFailed; ++i) {
    if ((used >> i & 1) != 0 && memory.failed[i].fingerprint == mark.fingerprint())
      used = static_cast<std::uint8_t>(~(1U << i));
  }
  for (std::size_t i = 0; i < WideMemory::kFailed; ++i) {
    if ((used >> i & 1) == 0) {
      place = i;
      break;
    }
    const auto age = static_cast<std::uint16_t>(clock - memory.failed[i].at);
    if (age >= oldest) {
      oldest = age;
      place = i;
    }
  }
  memory.failed[place] = {mark.fingerprint(), clock};
  memory.failed_used |= static_cast<std::uint8_t>(1U << place);
  memory.failed_retried &= static_cast<std::uint8_t>(~(1U << place));
}

GroupMemory::Failure GroupMemory::failure(GroupMark mark, std::uint16_t clock) const {
  const auto since = [&](std::uint16_t at) { return static_cast<std::uint16_t>(clock - at); };
  if (!is_wide()) {
    const std::size_t i = find_failed(mark.fingerprint());
    if (i == kSmallGroups) return {};
    return {(flags_[i] & kRetried) != 0 ? Retry::Credited : Retry::Waiting,
            since(failed_at_[(flags_[i] & kSlot) != 0 ? 1 : 0])};
  }
  const WideMemory& memory = wide();
  for (std::size_t i = 0; i < WideMemory::kFailed; ++i) {
    if ((memory.failed_used >> i & 1) == 0 || memory.failed[i].fingerprint != mark.fingerprint()) continue;
    return {(memory.failed_retried >> i & 1) != 0 ? Retry::Credited : Retry::Waiting, since(memory.failed[i].at)};
  }
  return {};
}

void GroupMemory::credit_retry(GroupMark mark) {
  if (!is_wide()) {
    if (const std::size_t i = find_failed(mark.fingerprint()); i < kSmallGroups) flags_[i] |= kRetried;
    return;
  }
  WideMemory& memory = wide();
  for (std::size_t i = 0; i < WideMemory::kFailed; ++i) {
    if ((memory.failed_used >> i & 1) == 0 || memory.failed[i].fingerprint != mark.fingerprint()) continue;
    memory.failed_retried |= static_cast<std::uint8_t>(1U << i);
    return;
  }
}

void GroupMemory::forget_failure(GroupMark mark) {
  if (!is_wide()) {
    if (const std::size_t i = find_failed(mark.fingerprint()); i < kSmallGroups)
      flags_[i] &= static_cast<std::uint8_t>(~(kFailed | kRetried | kSlot));
    return;
  }
  WideMemory& memory = wide();
  for (std::size_t i = 0; i < WideMemory::kFailed; ++i) {
    if ((memory.failed_used >> i & 1) == 0 || memory.failed[i].fingerprint != mark.fingerprint()) continue;
    memory.failed_used &= static_cast<std::uint8_t>(~(1U << i));
    return;
  }
}

void GroupMemory::turn(std::uint32_t epochs, std::uint16_t clock, std::uint16_t age_max) {
  const auto is_old = [&](std::uint16_t at) { return epochs > 2 || static_cast<std::uint16_t>(clock - at) > age_max; };
  if (!is_wide()) {
    for (std::uint8_t& flags : flags_) {
      const bool before = epochs == 1 && (flags & kThis) != 0;
      flags &= static_cast<std::uint8_t>(~(kThis | kBefore | kAnswered | (before ? 0 : kOpen)));
      if (before) flags |= kBefore;
      if ((flags & kFailed) != 0 && is_old(failed_at_[(flags & kSlot) != 0 ? 1 : 0]))
        flags &= static_cast<std::uint8_t>(~(kFailed | kRetried | kSlot));
    }
    return;
  }
  WideMemory& memory = wide();
  memory.window = {Bitmap128{}, epochs == 1 ? memory.window[0] : Bitmap128{}};
  memory.open = memory.open & memory.window[1];
  memory.answered = {};
  for (std::size_t i = 0; i < WideMemory::kFailed; ++i) {
    if (is_old(memory.failed[i].at)) memory.failed_used &= static_cast<std::uint8_t>(~(1U << i));
  }
}

}  // namespace mailweir
