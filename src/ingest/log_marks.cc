// Compiled once per instruction set by foreach_target.h.
#include "ingest/log_marks.h"

#include <hwy/cache_control.h>

#include <bit>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ingest/log_marks.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mailweir {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Asked for so many bytes ahead: the processor's own guess ends at the end of a page, and a mapped file comes from
// memory.
constexpr std::size_t kAhead = 2048;

// The places of the bits, plus `base`. Four are written whether there are so many or not: 64 bytes of a log rarely hold
// more, and asking how many there are costs a branch that nobody can predict.
HWY_INLINE std::uint32_t* write_offsets(std::uint64_t bits, std::uint32_t base, std::uint32_t* out) {
  // For "no bit left" std::countr_zero() would branch; what is written then is not looked at.
  constexpr std::uint64_t kSomeBit = std::uint64_t{1} << 63;
  const int count = std::popcount(bits);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    out[i] = base + static_cast<std::uint32_t>(std::countr_zero(bits | kSomeBit));
    bits &= bits - 1;
  }
  if (count > 4) [[unlikely]] {
    for (int i = 4; i < count; ++i) {
      out[i] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
      bits &= bits - 1;
    }
  }
  return out + count;
}

std::size_t find_marks(const char* text, std::size_t begin, std::size_t end, std::uint32_t* marks) {
  const hn::ScalableTag<std::uint8_t> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto newline = hn::Set(d, '\n');
  const auto equals = hn::Set(d, '=');
  const auto letter_t = hn::Set(d, 'T');
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text);
  std::uint32_t* out = marks;
  std::size_t i = begin;
  if (i == 0 && end > 0) {  // nothing stands before the first byte
    if (text[0] == '\n') *out++ = 0;
    i = 1;
  }
  for (; i + lanes <= end; i += lanes) {
    hwy::Prefetch(bytes + i + kAhead);
    const auto here = hn::LoadU(d, bytes + i);
    const auto before = hn::LoadU(d, bytes + i - 1);
    const auto found = hn::Or(hn::Eq(here, newline), hn::And(hn::Eq(here, equals), hn::Eq(before, letter_t)));
    std::uint64_t words[HWY_MAX_BYTES / 64 + 1] = {};
    hn::StoreMaskBits(d, found, reinterpret_cast<std::uint8_t*>(words));
    for (std::size_t word = 0; word * 64 < lanes; ++word) {
      out = write_offsets(words[word], static_cast<std::uint32_t>(i + word * 64), out);
    }
  }
  for (; i < end; ++i) {
    if (text[i] == '\n' || (text[i] == '=' && text[i - 1] == 'T')) *out++ = static_cast<std::uint32_t>(i);
  }
  return static_cast<std::size_t>(out - marks);
}

}  // namespace HWY_NAMESPACE
}  // namespace mailweir
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mailweir {
namespace {

using Find = std::size_t(const char*, std::size_t, std::size_t, std::uint32_t*);

// Highway's own choice is in its shared library, which measures the processor's clock whenever it is loaded: four
// milliseconds of every start. Its headers do without it.
Find* fastest() {
#if HWY_ARCH_X86
#define MAILWEIR_HAS(feature) (__builtin_cpu_supports(feature) != 0)
#if HWY_TARGETS & HWY_AVX3
  if (MAILWEIR_HAS("avx512f") && MAILWEIR_HAS("avx512bw") && MAILWEIR_HAS("avx512cd") && MAILWEIR_HAS("avx512dq") &&
      MAILWEIR_HAS("avx512vl") && MAILWEIR_HAS("bmi2"))
    return N_AVX3::find_marks;
#endif
#if HWY_TARGETS & HWY_AVX2
  if (MAILWEIR_HAS("avx2") && MAILWEIR_HAS("fma") && MAILWEIR_HAS("bmi") && MAILWEIR_HAS("bmi2"))
    return N_AVX2::find_marks;
#endif
#undef MAILWEIR_HAS
#endif
  return HWY_STATIC_DISPATCH(find_marks);
}

}  // namespace

std::size_t find_log_marks(const char* text, std::size_t begin, std::size_t end, std::uint32_t* marks) {
  static Find* const find = fastest();
  return find(text, begin, end, marks);
}

}  // namespace mailweir
#endif
