#include "base/address_range.h"

#include <algorithm>
#include <bit>

#include "base/must.h"

namespace mailweir {
namespace {

// How many of the last bits are zero, at most 128.
int zeros_at_end(const IpAddress& address) {
  return address.low != 0 ? std::countr_zero(address.low) : 64 + std::countr_zero(address.high);
}

IpAddress last_of(const IpAddress& base, int host_bits) {
  const auto ones = [](int bits) { return bits <= 0 ? 0 : bits >= 64 ? ~0ULL : (1ULL << bits) - 1; };
  return {base.high | ones(host_bits - 64), base.low | ones(host_bits)};
}

IpAddress next(const IpAddress& address) { return {address.high + (address.low == ~0ULL ? 1 : 0), address.low + 1}; }

}  // namespace

std::vector<IpPrefix> prefixes_of(IpAddress first, IpAddress last) {
  MUST(first.is_v4() == last.is_v4() && first <= last);
  const int bits = first.is_v4() ? 32 : 128;
  std::vector<IpPrefix> prefixes;
  for (IpAddress at = first;; at = next(at)) {
    int host_bits = std::min(zeros_at_end(at), bits);
    while (last_of(at, host_bits) > last) --host_bits;
    prefixes.push_back(IpPrefix::of(at, bits - host_bits));
    at = last_of(at, host_bits);
    if (at == last) return prefixes;
  }
}

}  // namespace mailweir
