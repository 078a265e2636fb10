#include "base/read_prefix.h"

#include <fmt/format.h>

#include <charconv>

#include "base/escape.h"

namespace mailweir {

tl::expected<IpPrefix, PrefixMistake> read_prefix(std::string_view text) {
  if (const auto prefix = IpPrefix::parse(text)) return *prefix;
  const std::string shown = escape(text, 64);
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address || slash == std::string_view::npos)
    return tl::unexpected(PrefixMistake{PrefixMistake::Kind::NotAPrefix,
                                        fmt::format("'{}' is not an address or network", shown),
                                        "examples: 172.16.0.0/12, 172.16.9.25, fd16::/32"});

  const std::string_view digits = text.substr(slash + 1);
  const int longest = address->is_v4() ? 32 : 128;
  int length = -1;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (problem != std::errc() || end != digits.data() + digits.size() || length < 0 || length > longest)
    return tl::unexpected(PrefixMistake{PrefixMistake::Kind::BadLength,
                                        fmt::format("'{}': the length of an {} network is a number from 0 to {}", shown,
                                                    address->is_v4() ? "IPv4" : "IPv6", longest),
                                        fmt::format("write {} for the address alone", address->text())});
  return tl::unexpected(
      PrefixMistake{PrefixMistake::Kind::HostBits,
                    fmt::format("'{}' is not a network: bits are set after the first {}", shown, length),
                    fmt::format("write {} for the network, {} for the address alone",
                                IpPrefix::of(*address, length).text(), address->text())});
}

}  // namespace mailweir
