#include "ruleset/match.h"

namespace mailweir::rules {
namespace {

// Fields up to this width are masked value by value: flags, states, types, TTL.
constexpr int kNarrowBits = 8;

// The mask keeps the upper `kept` bits of the field and no other.
std::optional<int> upper_bits(FieldValue mask, int width) {
  int kept = 0;
  while (kept < width && (mask >> (width - 1 - kept) & 1U) != 0) ++kept;
  const FieldValue upper = largest_value(width) & ~(kept == width ? 0 : largest_value(width - kept));
  if (mask != upper) return std::nullopt;
  return kept;
}

}  // namespace

std::optional<IntervalSet> whole_values(const Match& match) {
  const int width = width_of(match.operand.field);
  const FieldValue mask = match.operand.mask & largest_value(width);
  IntervalSet values = match.values;
  if (!match.operand.is_whole()) {
    std::vector<Interval> whole;
    if (width <= kNarrowBits) {
      for (FieldValue v = 0; v <= largest_value(width); ++v)
        if (values.contains(v & mask)) whole.push_back({v, v});
    } else if (mask <= 255 && width == 16) {  // the code of IcmpTypeCode
      for (FieldValue v = 0; v <= largest_value(width); ++v)
        if (values.contains(v & mask)) whole.push_back({v, v});
    } else if (const auto kept = upper_bits(mask, width)) {
      const FieldValue below = *kept == width ? 0 : largest_value(width - *kept);
      // Only multiples of the mask's lowest bit can come out of it.
      for (const Interval& interval : values.intervals()) {
        const FieldValue first = (interval.first & below) == 0 ? interval.first : (interval.first | below) + 1;
        if (first < interval.first || first > interval.last) continue;
        whole.push_back({first, interval.last | below});
      }
    } else {
      return std::nullopt;
    }
    values = IntervalSet::of(std::move(whole));
  }
  if (!match.negated) return values;
  return values.complement(width);
}

}  // namespace mailweir::rules
