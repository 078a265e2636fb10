#include "dns/pool.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/address_range.h"

namespace mailweir {
namespace {

bool touches(const AddressRange& left, const AddressRange& right) {
  if (left.last.is_v4() != right.first.is_v4()) return false;
  return right.first <= left.last || right.first == next_address(left.last);
}

}  // namespace

std::uint64_t AddressRange::size() const {
  const std::uint64_t below = last.low - first.low;
  const std::uint64_t above = last.high - first.high - (last.low < first.low ? 1 : 0);
  return above > 0 || below == UINT64_MAX ? UINT64_MAX : below + 1;
}

std::string AddressRange::text() const {
  if (first == last) return first.text();
  const auto prefixes = prefixes_of(first, last);
  return prefixes.size() == 1 ? prefixes.front().text() : fmt::format("{}-{}", first.text(), last.text());
}

AddressRange range_of(const IpPrefix& prefix) {
  const int host_bits = (prefix.base().is_v4() ? 32 : 128) - prefix.length();
  const auto ones = [](int bits) { return bits <= 0 ? 0 : bits >= 64 ? UINT64_MAX : (std::uint64_t{1} << bits) - 1; };
  IpAddress last = prefix.base();
  last.low |= ones(host_bits);
  last.high |= ones(host_bits - 64);
  return {prefix.base(), last};
}

std::optional<AddressRange> parse_range(std::string_view text) {
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    const auto first = IpAddress::parse(text.substr(0, dash)), last = IpAddress::parse(text.substr(dash + 1));
    if (!first || !last || first->is_v4() != last->is_v4() || *last < *first) return std::nullopt;
    return AddressRange{*first, *last};
  }
  const auto prefix = IpPrefix::parse(text);
  return prefix ? std::optional(range_of(*prefix)) : std::nullopt;
}

std::vector<AddressRange> merged(std::vector<AddressRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const AddressRange& a, const AddressRange& b) {
    return std::tuple(!a.first.is_v4(), a.first) < std::tuple(!b.first.is_v4(), b.first);
  });
  std::vector<AddressRange> result;
  for (const AddressRange& range : ranges) {
    if (!result.empty() && touches(result.back(), range))
      result.back().last = std::max(result.back().last, range.last);
    else
      result.push_back(range);
  }
  return result;
}

IpAddress next_address(IpAddress address) {
  ++address.low;
  if (address.low == 0) ++address.high;
  return address;
}

}  // namespace mailweir
