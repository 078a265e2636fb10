#include "dns/generic_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "dns/name.h"

namespace mailweir {
namespace {

constexpr std::array<std::string_view, 38> kWords{
    "dyn",      "dynamic",    "dynip",       "dynamicip", "dhcp",   "pool",       "pools",     "pooles",
    "dsl",      "adsl",       "vdsl",        "xdsl",      "sdsl",   "cable",      "catv",      "cablemodem",
    "ppp",      "pppoe",      "dial",        "dialup",    "dialin", "modem",      "client",    "clients",
    "customer", "customers",  "cust",        "user",      "users",  "subscriber", "broadband", "residential",
    "unknown",  "unassigned", "unallocated", "unused",    "ftth",   "gprs"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

// The part somebody chose for this machine: without the domain, of which the last two labels are a part of.
std::string_view host_part(std::string_view name) {
  const auto labels = labels_of(name);
  if (labels.size() <= 2) return {};
  const std::string_view tail = labels[labels.size() - 2];
  return name.substr(0, static_cast<std::size_t>(tail.data() - name.data()) - 1);
}

// Runs of characters that are digits (or letters).
template <typename Is>
std::vector<std::string_view> runs(std::string_view text, Is is) {
  std::vector<std::string_view> found;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is(text[end])) ++end;
    if (end > at) found.push_back(text.substr(at, end - at));
    at = end == at ? at + 1 : end;
  }
  return found;
}

std::string joined(const std::vector<std::string_view>& parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

// Three octets in a row, in the order of the address or backwards, as numbers of their own; or all four written
// together, in decimal with three digits each or in hexadecimal.
bool holds_v4(std::string_view host, std::uint32_t address) {
  std::array<std::string, 4> octets, wide;
  std::string hexadecimal = fmt::format("{:08x}", address), backwards;
  for (std::size_t i = 0; i < 4; ++i) {
    const unsigned octet = address >> (24 - 8 * i) & 255;
    octets[i] = std::to_string(octet);
    wide[i] = fmt::format("{:03}", octet);
    backwards = fmt::format("{:02x}", octet) + backwards;
  }
  const auto numbers = runs(host, is_digit);
  const auto has = [&](const std::vector<std::string>& wanted) {
    return std::search(numbers.begin(), numbers.end(), wanted.begin(), wanted.end(),
                       [](std::string_view a, const std::string& b) {
                         const auto first = std::min(a.find_first_not_of('0'), a.size() - 1);
                         return a.substr(first) == b;
                       }) != numbers.end();
  };
  if (has({octets[0], octets[1], octets[2]}) || has({octets[1], octets[2], octets[3]}) ||
      has({octets[3], octets[2], octets[1]}) || has({octets[2], octets[1], octets[0]}))
    return true;
  const auto contains = [&](const std::string& text) { return host.find(text) != std::string_view::npos; };
  return contains(wide[0] + wide[1] + wide[2] + wide[3]) || contains(wide[3] + wide[2] + wide[1] + wide[0]) ||
         contains(hexadecimal) || contains(backwards);
}

// The last 32 bits that say something, as eight nibbles in either order, hyphens and dots left out; or the groups of
// the address as people write it. ("0000..." says nothing: ::1 would be in every name with a zero.)
bool holds_v6(std::string_view host, IpAddress address) {
  std::string nibbles = fmt::format("{:016x}{:016x}", address.high, address.low),
              backwards(nibbles.rbegin(), nibbles.rend());
  const std::string plain = joined(runs(host, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }));
  constexpr std::size_t kTelling = 16;
  const auto contains = [&](const std::string& text) { return plain.find(text) != std::string::npos; };
  if (contains(nibbles.substr(0, kTelling)) || contains(nibbles.substr(kTelling)) ||
      contains(backwards.substr(0, kTelling)) || contains(backwards.substr(kTelling)))
    return true;
  std::string groups = address.text();
  std::replace(groups.begin(), groups.end(), ':', '-');
  std::string doubled = groups;
  if (const auto gap = doubled.find("--"); gap != std::string::npos) doubled.erase(gap, 1);
  return host.find(groups) != std::string_view::npos || host.find(doubled) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> generic_name_reason(std::string_view name, IpAddress address) {
  const std::string_view host = host_part(name);
  if (address.is_v4() ? holds_v4(host, address.v4_bits()) : holds_v6(host, address))
    return "contains the address itself";
  for (const std::string_view word : runs(host, is_letter))
    if (std::find(kWords.begin(), kWords.end(), word) != kWords.end())
      return fmt::format("contains the word '{}'", word);
  return std::nullopt;
}

}  // namespace mailweir
