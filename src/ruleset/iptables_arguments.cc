#include <algorithm>
#include <charconv>
#include <iterator>

#include "ruleset/iptables_rule.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

// "10" is 10.0.0.0, "10.1" is 10.1.0.0, as iptables reads them where a mask follows; alone too.
std::optional<IpAddress> short_v4(std::string_view text) {
  std::uint32_t bits = 0;
  int parts = 0;
  while (true) {
    const auto dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc{} || end != part.data() + part.size() || number > 255 || parts == 4) return std::nullopt;
    bits = bits << 8 | number;
    ++parts;
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  return IpAddress::v4(bits << (8 * (4 - parts)));
}

std::optional<IpAddress> one_address(std::string_view text, bool v6) {
  const auto address = IpAddress::parse(text);
  if (address) return address->is_v4() == v6 ? std::nullopt : address;
  return v6 ? std::nullopt : short_v4(text);
}

IpAddress mask_of_length(int length, bool v6) {
  const int bits = v6 ? length : length + 96;
  const FieldValue mask = bits == 0 ? 0 : ~FieldValue{0} << (128 - bits);
  return address_of(mask);
}

struct RateUnit {
  std::string_view name;
  std::uint32_t seconds;
};
// Any beginning of these words will do (libxt_limit.c, parse_rate).
constexpr RateUnit kRateUnits[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}};
constexpr std::uint64_t kLimitScale = 10000;  // XT_LIMIT_SCALE

// libxt_limit.c, print_rate: from days down to seconds, as long as the finer unit says it as exactly.
bool as_listed(Limit& limit) {
  const std::uint64_t period = kLimitScale * limit.per_s / limit.rate;
  if (period == 0) return false;
  std::size_t best = std::size(kRateUnits) - 1;
  while (best > 0) {
    const std::uint64_t finer = kLimitScale * kRateUnits[best - 1].seconds;
    if (period > finer || finer / period < finer % period) break;
    --best;
  }
  limit.per_s = kRateUnits[best].seconds;
  limit.rate = kLimitScale * limit.per_s / period;
  return limit.rate > 0;
}

}  // namespace

std::optional<IpPrefix> AddressArgument::prefix() const {
  const FieldValue bits = address_value(mask);
  const auto zeros = ~bits;
  if ((zeros & (zeros + 1)) != 0) return std::nullopt;
  int length = 0;
  while (length < 128 && (bits >> (127 - length) & 1U) != 0) ++length;
  return IpPrefix::of(address, address.is_v4() ? std::max(0, length - 96) : length);
}

std::optional<AddressArgument> address_argument(std::string_view text, bool v6) {
  const auto slash = text.find('/');
  const auto address = one_address(text.substr(0, slash), v6);
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return AddressArgument{*address, mask_of_length(v6 ? 128 : 32, v6)};
  const std::string_view mask = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(mask.data(), mask.data() + mask.size(), length);
  if (error == std::errc{} && end == mask.data() + mask.size()) {
    if (length > (v6 ? 128U : 32U)) return std::nullopt;
    return AddressArgument{*address, mask_of_length(static_cast<int>(length), v6)};
  }
  auto bits = IpAddress::parse(mask);
  if (!bits || bits->is_v4() == v6) return std::nullopt;
  // The upper 96 bits say "IPv4" and always count.
  if (!v6) *bits = address_of(address_value(mask_of_length(0, false)) | bits->v4_bits());
  return AddressArgument{*address, *bits};
}

std::optional<Interval> port_argument(std::string_view text, std::string_view protocol) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    const auto port = port_number(text, protocol);
    if (!port) return std::nullopt;
    return Interval{*port, *port};
  }
  const std::string_view first_text = text.substr(0, colon);
  const std::string_view last_text = text.substr(colon + 1);
  const auto first = first_text.empty() ? std::optional<std::uint16_t>(0) : port_number(first_text, protocol);
  const auto last = last_text.empty() ? std::optional<std::uint16_t>(65535) : port_number(last_text, protocol);
  if (!first || !last || *first > *last) return std::nullopt;
  return Interval{*first, *last};
}

std::optional<MarkArgument> mark_argument(std::string_view text) {
  const auto slash = text.find('/');
  const auto value = whole_number(text.substr(0, slash), 0xffffffff);
  if (!value) return std::nullopt;
  MarkArgument mark{static_cast<std::uint32_t>(*value)};
  if (slash == std::string_view::npos) return mark;
  const auto mask = whole_number(text.substr(slash + 1), 0xffffffff);
  if (!mask) return std::nullopt;
  mark.mask = static_cast<std::uint32_t>(*mask);
  return mark;
}

bool rate_argument(std::string_view text, Limit& limit) {
  const auto slash = text.find('/');
  std::uint64_t unit = 1;
  if (slash != std::string_view::npos) {
    const std::string_view word = text.substr(slash + 1);
    const auto found = std::find_if(std::begin(kRateUnits), std::end(kRateUnits),
                                    [word](const RateUnit& u) { return !word.empty() && u.name.starts_with(word); });
    if (found == std::end(kRateUnits)) return false;
    unit = found->seconds;
  }
  const auto rate = whole_number(text.substr(0, slash), 0xffffffff);
  // "Rate too fast" of iptables; slower than a packet in some days overflows and is refused as well.
  if (!rate || *rate == 0 || *rate / unit > kLimitScale) return false;
  // Kept as a period between packets: 60/minute and 1/second are the same to the kernel, and listed as the latter. Said
  // back and read again it may come out in another unit once more.
  limit.rate = *rate;
  limit.per_s = unit;
  for (int i = 0; i < 3; ++i)
    if (!as_listed(limit)) return false;
  return true;
}

}  // namespace mailweir::rules
