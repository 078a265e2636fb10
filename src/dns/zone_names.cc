#include "dns/zone_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/escape.h"
#include "dns/generic_name.h"
#include "dns/name.h"

namespace mailweir {
namespace {

std::string hyphenated(IpAddress address) {
  std::string text = address.text();
  std::replace(text.begin(), text.end(), '.', '-');
  std::replace(text.begin(), text.end(), ':', '-');
  // No label begins or ends with a hyphen: 2001:db8:: is 2001-db8--0.
  if (text.front() == '-') text.insert(0, "0");
  if (text.back() == '-') text += "0";
  return text;
}

// What a placeholder stands for; nothing when there is no such one.
std::optional<std::string> filled(std::string_view place, std::uint64_t number, IpAddress address) {
  if (place == "n") return std::to_string(number);
  if (place == "ip") return hyphenated(address);
  if (place.size() == 1 && place[0] >= 'a' && place[0] <= 'd' && address.is_v4())
    return std::to_string(address.v4_bits() >> (8 * (3 - (place[0] - 'a'))) & 255);
  return std::nullopt;
}

Result<std::string> name_by(std::string_view pattern, std::uint64_t number, IpAddress address) {
  std::string name;
  for (std::size_t at = 0; at < pattern.size();) {
    if (pattern[at] != '{') {
      name += pattern[at++];
      continue;
    }
    const auto end = pattern.find('}', at);
    const std::string_view place = pattern.substr(at + 1, end == std::string_view::npos ? end : end - at - 1);
    const auto text = end == std::string_view::npos ? std::nullopt : filled(place, number, address);
    if (!text)
      return fail(ErrorCode::Usage, fmt::format("--name: there is no {{{}}}{}; {{n}} counts, {{a}} to {{d}} are the "
                                                "octets of an IPv4 address, {{ip}} is the address",
                                                escape(place, 32), address.is_v4() ? "" : " for an IPv6 address"));
    name += *text;
    at = end + 1;
  }
  name = canonical_name(name);
  if (const auto mistake = host_name_mistake(name))
    return fail(ErrorCode::Usage, fmt::format("--name: '{}' {}", escape(name, 128), *mistake));
  return name;
}

bool is_in(const std::vector<AddressRange>& ranges, IpAddress address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const AddressRange& range) { return range.first <= address && address <= range.last; });
}

}  // namespace

Result<std::vector<NamedAddress>> names_by_pattern(const std::string& pattern, std::uint64_t first,
                                                   const std::vector<AddressRange>& ranges) {
  std::vector<NamedAddress> names;
  for (const AddressRange& range : ranges) {
    for (IpAddress address = range.first;; address = next_address(address)) {
      auto name = name_by(pattern, first++, address);
      if (!name) return fail(std::move(name).error());
      names.push_back({address, std::move(*name)});
      if (address == range.last) break;
    }
  }
  return names;
}

Result<std::vector<NamedAddress>> names_by_table(std::string_view table, const std::vector<AddressRange>& ranges) {
  std::map<IpAddress, std::string> names;
  std::size_t number = 0;
  const auto wrong = [&](std::string sentence) {
    return fail(ErrorCode::BadInput, fmt::format("line {}: {}", number, sentence));
  };
  while (!table.empty()) {
    ++number;
    const auto end = std::min(table.find('\n'), table.size());
    std::string_view line = table.substr(0, end);
    table.remove_prefix(std::min(end + 1, table.size()));
    line = line.substr(0, line.find('#'));
    constexpr std::string_view kSpace = " \t\r";
    const auto begin = line.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) continue;
    line = line.substr(begin, line.find_last_not_of(kSpace) + 1 - begin);
    const auto gap = std::min(line.find_first_of(kSpace), line.size());
    const auto address = IpAddress::parse(line.substr(0, gap));
    const auto name_at = std::min(line.find_first_not_of(kSpace, gap), line.size());
    const std::string name = canonical_name(line.substr(name_at));
    if (!address) return wrong(fmt::format("'{}' is no address; write ADDRESS NAME", escape(line.substr(0, gap), 64)));
    if (const auto mistake = host_name_mistake(name)) return wrong(fmt::format("'{}' {}", escape(name, 128), *mistake));
    if (!is_in(ranges, *address)) return wrong(fmt::format("{} is none of the addresses named", address->text()));
    if (!names.emplace(*address, name).second) return wrong(fmt::format("{} has a name already", address->text()));
  }
  std::vector<NamedAddress> list;
  for (auto& [address, name] : names) list.push_back({address, std::move(name)});
  return list;
}

std::string domain_of(std::string_view pattern) {
  const auto last = pattern.rfind('}');
  std::string_view rest = pattern.substr(last == std::string_view::npos ? 0 : last);
  return canonical_name(parent_name(rest));
}

GenericNames generic_names(const std::vector<NamedAddress>& names) {
  GenericNames generic;
  for (const NamedAddress& one : names) {
    const auto reason = generic_name_reason(one.name, one.address);
    if (!reason) continue;
    if (++generic.count == 1) generic.name = one.name, generic.reason = *reason;
  }
  return generic;
}

}  // namespace mailweir
