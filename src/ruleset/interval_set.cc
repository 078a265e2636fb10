#include "ruleset/interval_set.h"

#include <algorithm>

#include "base/must.h"

namespace mailweir::rules {
namespace {

// Sorted by `first` -> the invariant.
void merge(std::vector<Interval>& intervals) {
  std::size_t kept = 0;
  for (const Interval next : intervals) {
    Interval* last = kept > 0 ? &intervals[kept - 1] : nullptr;
    if (last != nullptr && (next.first <= last->last || next.first - 1 == last->last))
      last->last = std::max(last->last, next.last);
    else
      intervals[kept++] = next;
  }
  intervals.resize(kept);
}

constexpr auto kByFirst = [](const Interval& a, const Interval& b) { return a.first < b.first; };

}  // namespace

IntervalSet IntervalSet::range(FieldValue first, FieldValue last) {
  MUST(first <= last);
  IntervalSet set;
  set.intervals_.push_back({first, last});
  return set;
}

IntervalSet IntervalSet::of(std::vector<Interval> intervals) {
  std::sort(intervals.begin(), intervals.end(), kByFirst);
  merge(intervals);
  IntervalSet set;
  set.intervals_ = std::move(intervals);
  return set;
}

bool IntervalSet::contains(FieldValue value) const {
  const auto after = std::upper_bound(intervals_.begin(), intervals_.end(), value,
                                      [](FieldValue v, const Interval& interval) { return v < interval.first; });
  return after != intervals_.begin() && value <= std::prev(after)->last;
}

bool IntervalSet::covers(const IntervalSet& other) const {
  auto mine = intervals_.begin();
  for (const Interval& interval : other.intervals_) {
    while (mine != intervals_.end() && mine->last < interval.first) ++mine;
    if (mine == intervals_.end() || mine->first > interval.first || mine->last < interval.last) return false;
  }
  return true;
}

bool IntervalSet::meets(const IntervalSet& other) const {
  auto mine = intervals_.begin();
  for (const Interval& interval : other.intervals_) {
    while (mine != intervals_.end() && mine->last < interval.first) ++mine;
    if (mine == intervals_.end()) return false;
    if (mine->first <= interval.last) return true;
  }
  return false;
}

IntervalSet IntervalSet::united(const IntervalSet& other) const {
  IntervalSet set;
  set.intervals_.reserve(intervals_.size() + other.intervals_.size());
  std::merge(intervals_.begin(), intervals_.end(), other.intervals_.begin(), other.intervals_.end(),
             std::back_inserter(set.intervals_), kByFirst);
  merge(set.intervals_);
  return set;
}

IntervalSet IntervalSet::intersected(const IntervalSet& other) const {
  IntervalSet set;
  auto a = intervals_.begin();
  auto b = other.intervals_.begin();
  while (a != intervals_.end() && b != other.intervals_.end()) {
    const FieldValue first = std::max(a->first, b->first);
    const FieldValue last = std::min(a->last, b->last);
    if (first <= last) set.intervals_.push_back({first, last});
    if (a->last < b->last)
      ++a;
    else
      ++b;
  }
  return set;  // parts of intervals that do not touch do not touch
}

IntervalSet IntervalSet::without(const IntervalSet& other) const {
  IntervalSet set;
  auto cut = other.intervals_.begin();
  for (Interval left : intervals_) {
    while (cut != other.intervals_.end() && cut->last < left.first) ++cut;
    bool some_left = true;
    for (auto c = cut; some_left && c != other.intervals_.end() && c->first <= left.last; ++c) {
      if (c->first > left.first) set.intervals_.push_back({left.first, c->first - 1});
      if (c->last >= left.last)
        some_left = false;
      else
        left.first = c->last + 1;
    }
    if (some_left) set.intervals_.push_back(left);
  }
  return set;
}

}  // namespace mailweir::rules
