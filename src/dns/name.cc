#include "dns/name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/must.h"

namespace mailweir {
namespace {

constexpr std::string_view kV4Zone = "in-addr.arpa", kV6Zone = "ip6.arpa";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Where the first label ends: at a dot that is not escaped, or at the end.
std::size_t label_end(std::string_view name) {
  std::size_t at = 0;
  while (at < name.size() && name[at] != '.') at += name[at] == '\\' && at + 1 < name.size() ? 2 : 1;
  return std::min(at, name.size());
}

std::array<std::uint8_t, 16> bytes_of(IpAddress address) {
  std::array<std::uint8_t, 16> bytes{};
  address.write(bytes);
  return bytes;
}

// `units` octets or nibbles of the address, the last first, each with a dot behind it.
std::string reversed(IpAddress address, int units) {
  const auto bytes = bytes_of(address);
  std::string text;
  for (int i = units - 1; i >= 0; --i) {
    if (address.is_v4()) {
      text += fmt::format("{}.", bytes[12 + static_cast<std::size_t>(i)]);
    } else {
      const unsigned byte = bytes[static_cast<std::size_t>(i / 2)];
      text += fmt::format("{:x}.", i % 2 == 0 ? byte >> 4 : byte & 15);
    }
  }
  return text;
}

std::optional<std::string> label_mistake(std::string_view label) {
  if (label.empty()) return "has an empty label";
  if (label.size() > 63) return "has a label of more than 63 characters";
  for (const char c : label) {
    if (c == '_') return "holds an underscore, which no host name may";
    if (!is_digit(c) && !is_letter(c) && c != '-') return "holds characters that no host name may";
  }
  if (label.front() == '-' || label.back() == '-') return "has a label that begins or ends with a hyphen";
  return std::nullopt;
}

}  // namespace

std::string canonical_name(std::string_view text) {
  if (text.ends_with('.')) {
    const auto backslashes = text.size() - 1 - (text.find_last_not_of('\\', text.size() - 2) + 1);
    if (text.size() == 1 || backslashes % 2 == 0) text.remove_suffix(1);
  }
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(), lower);
  return name;
}

std::vector<std::string_view> labels_of(std::string_view name) {
  std::vector<std::string_view> labels;
  while (!name.empty()) {
    const std::size_t end = label_end(name);
    labels.push_back(name.substr(0, end));
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return labels;
}

std::string_view parent_name(std::string_view name) { return name.substr(std::min(label_end(name) + 1, name.size())); }

bool is_under(std::string_view name, std::string_view zone) {
  if (zone.empty() || name == zone) return true;
  while (name.size() > zone.size()) {
    name = parent_name(name);
    if (name == zone) return true;
  }
  return false;
}

bool comes_before(std::string_view a, std::string_view b) {
  const auto left = labels_of(a), right = labels_of(b);
  return std::lexicographical_compare(left.rbegin(), left.rend(), right.rbegin(), right.rend());
}

std::optional<std::string> host_name_mistake(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > 253) return "has more than 253 characters";
  if (is_under(name, kV4Zone) || is_under(name, kV6Zone))
    return "lies in the reverse zone: the last dot was probably forgotten in the zone file";
  if (IpAddress::parse(name)) return "is an address";
  const auto labels = labels_of(name);
  for (const std::string_view label : labels)
    if (auto mistake = label_mistake(label)) return mistake;
  if (labels.size() < 2) return "has no domain";
  if (std::all_of(labels.back().begin(), labels.back().end(), is_digit)) return "ends in a number";
  return std::nullopt;
}

std::string reversed_labels(IpAddress address) {
  std::string text = reversed(address, address.is_v4() ? 4 : 32);
  text.pop_back();
  return text;
}

std::string reverse_name(IpAddress address) {
  return fmt::format("{}.{}", reversed_labels(address), address.is_v4() ? kV4Zone : kV6Zone);
}

std::string reverse_zone_name(const IpPrefix& prefix) {
  const bool v4 = prefix.base().is_v4();
  const int bits = v4 ? 8 : 4;
  MUST(prefix.length() % bits == 0);
  return reversed(prefix.base(), prefix.length() / bits) + std::string(v4 ? kV4Zone : kV6Zone);
}

std::optional<IpPrefix> network_of_reverse_name(std::string_view name) {
  const bool v4 = is_under(name, kV4Zone);
  if (!v4 && !is_under(name, kV6Zone)) return std::nullopt;
  auto labels = labels_of(name);
  labels.resize(labels.size() - 2);
  if (labels.size() > (v4 ? 4U : 32U)) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  std::size_t at = 0;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label, ++at) {
    unsigned value = 0;
    const auto read = std::from_chars(label->data(), label->data() + label->size(), value, v4 ? 10 : 16);
    if (read.ec != std::errc{} || read.ptr != label->data() + label->size() || value > (v4 ? 255U : 15U))
      return std::nullopt;
    if (v4)
      bytes[at] = static_cast<std::uint8_t>(value);
    else
      bytes[at / 2] = static_cast<std::uint8_t>(bytes[at / 2] | value << (at % 2 == 0 ? 4 : 0));
  }
  if (v4)
    return IpPrefix::of(IpAddress::v4(std::span<const std::uint8_t, 4>(bytes.data(), 4)), static_cast<int>(at * 8));
  const IpAddress address = IpAddress::v6(std::span<const std::uint8_t, 16>(bytes));
  if (address.is_v4()) return std::nullopt;  // ::ffff:0:0/96 has no place in the DNS
  return IpPrefix::of(address, static_cast<int>(at * 4));
}

}  // namespace mailweir
