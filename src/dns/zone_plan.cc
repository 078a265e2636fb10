#include "dns/zone_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/address_range.h"
#include "base/must.h"
#include "dns/name.h"

namespace mailweir {
namespace {

constexpr int kOctet24 = 24, kSite6 = 64;

int border_of(const IpPrefix& prefix) {
  const int step = prefix.base().is_v4() ? 8 : 4;
  const int longest = prefix.base().is_v4() ? kOctet24 : kSite6;
  return std::min(longest, std::max(step, (prefix.length() + step - 1) / step * step));
}

std::string part_label(const AddressRange& range) {
  const auto prefixes = prefixes_of(range.first, range.last);
  const std::uint32_t first = range.first.v4_bits() & 255, last = range.last.v4_bits() & 255;
  return prefixes.size() == 1 ? fmt::format("{}/{}", first, prefixes.front().length())
                              : fmt::format("{}-{}", first, last);
}

ReverseZone part_of_24(const AddressRange& range) {
  const std::string whole = reverse_zone_name(IpPrefix::of(range.first, kOctet24));
  return {part_label(range) + "." + whole, {range}, whole};
}

void add(std::vector<ReverseZone>& zones, ReverseZone zone) {
  const auto known =
      std::find_if(zones.begin(), zones.end(), [&](const ReverseZone& one) { return one.zone == zone.zone; });
  if (known == zones.end()) return zones.push_back(std::move(zone));
  known->ranges.insert(known->ranges.end(), zone.ranges.begin(), zone.ranges.end());
}

// Cuts the range at every border of `length` bits.
void add_by_border(std::vector<ReverseZone>& zones, const AddressRange& range, int length) {
  IpAddress at = range.first;
  for (;;) {
    const IpPrefix block = IpPrefix::of(at, length);
    const IpAddress end = std::min(range_of(block).last, range.last);
    add(zones, {reverse_zone_name(block), {{at, end}}, {}});
    if (end == range.last) return;
    at = next_address(end);
  }
}

// The largest octet block that begins here and ends in the range, or else the part of this /24.
AddressRange next_piece(IpAddress at, IpAddress last, bool& whole) {
  for (const int length : {8, 16, 24}) {
    const AddressRange block = range_of(IpPrefix::of(at, length));
    whole = block.first == at && block.last <= last;
    if (whole) return block;
  }
  return {at, std::min(range_of(IpPrefix::of(at, kOctet24)).last, last)};
}

void add_v4(std::vector<ReverseZone>& zones, const AddressRange& range) {
  IpAddress at = range.first;
  for (;;) {
    bool whole = false;
    const AddressRange piece = next_piece(at, range.last, whole);
    if (whole)
      add(zones, {reverse_zone_name(prefixes_of(piece.first, piece.last).front()), {piece}, {}});
    else
      add(zones, part_of_24(piece));
    if (piece.last == range.last) return;
    at = next_address(piece.last);
  }
}

}  // namespace

Result<std::vector<ReverseZone>> plan_zones(const std::vector<AddressRange>& ranges,
                                            const std::optional<IpPrefix>& delegated) {
  std::vector<ReverseZone> zones;
  for (const AddressRange& range : ranges) {
    if (!delegated) {
      if (range.first.is_v4())
        add_v4(zones, range);
      else
        add_by_border(zones, range, kSite6);
      continue;
    }
    if (!delegated->contains(range.first) || !delegated->contains(range.last))
      return fail(ErrorCode::Usage,
                  fmt::format("{} is not within {}, which --delegated says is yours", range.text(), delegated->text()));
    if (delegated->base().is_v4() && delegated->length() > kOctet24) {
      ReverseZone zone = part_of_24(range_of(*delegated));
      zone.ranges = {range};
      add(zones, std::move(zone));
    } else {
      add_by_border(zones, range, border_of(*delegated));
    }
  }
  std::sort(zones.begin(), zones.end(),
            [](const ReverseZone& a, const ReverseZone& b) { return comes_before(a.zone, b.zone); });
  return zones;
}

std::optional<std::string> owner_in(const std::string& zone, IpAddress address) {
  const auto network = network_of_reverse_name(zone);
  if (network) return network->contains(address) ? std::optional(reverse_name(address)) : std::nullopt;
  const auto around = network_of_reverse_name(parent_name(zone));
  if (!around || !around->base().is_v4() || around->length() != kOctet24 || !around->contains(address))
    return std::nullopt;
  return fmt::format("{}.{}", address.v4_bits() & 255, zone);
}

}  // namespace mailweir
