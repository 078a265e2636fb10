// Sets of numbers of up to 128 bits, exactly: what rules ask of a field, and what proofs about rules compute with.
//
// Invariant: intervals are closed, sorted, do not overlap and do not touch, so equal sets are equal values.
// Costs: operations are linear in the number of intervals, contains() is a binary search.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mailweir::rules {

__extension__ using FieldValue = unsigned __int128;

// The largest number of `width` bits, 1 to 128.
[[nodiscard]] constexpr FieldValue largest_value(int width) {
  return width >= 128 ? ~FieldValue{0} : (FieldValue{1} << width) - 1;
}

// Of values that have no more than 64 bits.
[[nodiscard]] constexpr std::uint64_t number(FieldValue value) { return static_cast<std::uint64_t>(value); }

struct Interval {
  FieldValue first = 0, last = 0;  // first <= last
  friend bool operator==(const Interval&, const Interval&) = default;
};

class IntervalSet {
 public:
  IntervalSet() = default;  // empty
  static IntervalSet all(int width) { return range(0, largest_value(width)); }
  static IntervalSet single(FieldValue value) { return range(value, value); }
  static IntervalSet range(FieldValue first, FieldValue last);  // REQUIRES: first <= last
  // Any order, may overlap.
  static IntervalSet of(std::vector<Interval> intervals);

  [[nodiscard]] bool contains(FieldValue value) const;
  [[nodiscard]] bool covers(const IntervalSet& other) const;
  [[nodiscard]] bool meets(const IntervalSet& other) const;
  [[nodiscard]] bool empty() const { return intervals_.empty(); }
  // Of one value only.
  [[nodiscard]] bool is_single() const { return intervals_.size() == 1 && intervals_[0].first == intervals_[0].last; }
  // One interval, without a gap.
  [[nodiscard]] bool is_range() const { return intervals_.size() == 1; }
  [[nodiscard]] const Interval& front() const { return intervals_.front(); }  // REQUIRES: not empty
  [[nodiscard]] std::span<const Interval> intervals() const { return intervals_; }

  [[nodiscard]] IntervalSet united(const IntervalSet& other) const;
  [[nodiscard]] IntervalSet intersected(const IntervalSet& other) const;
  [[nodiscard]] IntervalSet without(const IntervalSet& other) const;
  [[nodiscard]] IntervalSet complement(int width) const { return all(width).without(*this); }

  friend bool operator==(const IntervalSet&, const IntervalSet&) = default;

 private:
  std::vector<Interval> intervals_;
};

}  // namespace mailweir::rules
