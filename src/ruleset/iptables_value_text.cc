#include "ruleset/iptables_value_text.h"

#include <fmt/format.h>

#include "base/address_range.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {}  // namespace

std::string range_text(const Interval& interval, char between) {
  return interval.first == interval.last
             ? std::to_string(number(interval.first))
             : fmt::format("{}{}{}", number(interval.first), between, number(interval.last));
}

std::optional<std::string> prefix_text(const IntervalSet& values) {
  if (!values.is_range()) return std::nullopt;
  const IpAddress first = address_of(values.front().first);
  const IpAddress last = address_of(values.front().last);
  if (first.is_v4() != last.is_v4()) return std::nullopt;
  const auto prefixes = prefixes_of(first, last);
  if (prefixes.size() != 1) return std::nullopt;
  return fmt::format("{}/{}", first.text(), prefixes[0].length());
}

std::optional<std::string> interface_text(const IntervalSet& values) {
  if (!values.is_range()) return std::nullopt;
  const std::string name = interface_name(values.front().first);
  if (values == IntervalSet::single(interface_value(name)) && !name.empty()) return name;
  if (values == interfaces_beginning(name)) return name + "+";
  return std::nullopt;
}

std::optional<std::string> state_text(const IntervalSet& values) {
  std::string text;
  IntervalSet said;
  const auto say = [&](const IntervalSet& some, std::string_view word) {
    if (!values.covers(some)) return;
    said = said.united(some);
    if (!text.empty()) text += ',';
    for (const char c : word) text += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  };
  for (int i = 0; i < kConnectionStates; ++i)
    say(values_of(static_cast<ConnectionState>(i)), name_of(static_cast<ConnectionState>(i)));
  for (const FieldValue bit : {8, 16}) {
    std::vector<Interval> some;
    for (FieldValue v = 0; v < 32; ++v)
      if ((v & bit) != 0 && (v & 7) < kConnectionStates) some.push_back({v, v});
    say(IntervalSet::of(std::move(some)), bit == 8 ? "snat" : "dnat");
  }
  if (said != values || text.empty()) return std::nullopt;
  return text;
}

std::string flags_list(FieldValue flags) {
  if (flags == 0) return "NONE";
  return flags_text(static_cast<std::uint8_t>(flags & 255), ",", true);
}

std::string mark_text(const Operand& operand, FieldValue value) {
  if (operand.is_whole()) return fmt::format("0x{:x}", number(value));
  return fmt::format("0x{:x}/0x{:x}", number(value), number(operand.mask));
}

std::string types_text(const IntervalSet& values, std::string (*text_of)(std::uint8_t)) {
  std::string text;
  for (const Interval& interval : values.intervals())
    for (FieldValue v = interval.first; v <= interval.last && v < 256; ++v) {
      if (!text.empty()) text += ',';
      for (const char c : text_of(static_cast<std::uint8_t>(v)))
        text += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  return text;
}

}  // namespace mailweir::rules
