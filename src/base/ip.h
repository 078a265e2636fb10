// IP addresses and prefixes; IPv4 and IPv6 share one representation and one code path.
//
// An IPv4 address a.b.c.d is held as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). That form is not valid on the wire
// (RFC 5156 section 2.2): decoders refuse an IPv6 packet that carries it, so the two can never be confused.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mailweir {

struct IpAddress {
  std::uint64_t high = 0;  // the first 64 bits, most significant first
  std::uint64_t low = 0;

  static constexpr IpAddress v4(std::uint32_t host_order) { return {0, 0xffff'0000'0000ULL | host_order}; }
  static IpAddress v4(std::span<const std::uint8_t, 4> network_order);
  static IpAddress v6(std::span<const std::uint8_t, 16> network_order);
  // Dotted quad or RFC 4291 text, no zone, no prefix length. ::ffff:a.b.c.d reads as the IPv4 address.
  static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] constexpr bool is_v4() const { return high == 0 && (low >> 32) == 0xffff; }
  [[nodiscard]] constexpr std::uint32_t v4_bits() const { return static_cast<std::uint32_t>(low); }
  [[nodiscard]] constexpr bool is_unspecified() const { return (high | low) == 0 || low == 0xffff'0000'0000ULL; }
  // Network order: 16 bytes, an IPv4 address in the last 4.
  void write(std::span<std::uint8_t, 16> bytes) const;
  [[nodiscard]] std::string text() const;  // canonical: dotted quad or RFC 5952

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// Invariant: no bit of `base` past `length` is set.
class IpPrefix {
 public:
  // `length` counts as people do: 0-32 for IPv4, 0-128 for IPv6. Host bits of `address` are cleared.
  static IpPrefix of(IpAddress address, int length);
  static IpPrefix host(IpAddress address) { return of(address, address.is_v4() ? 32 : 128); }
  // "172.16.0.0/12", "fd16::/32" or a single address. Host bits set, as in 172.16.0.1/12, are an error.
  static std::optional<IpPrefix> parse(std::string_view text);

  [[nodiscard]] IpAddress base() const { return base_; }
  [[nodiscard]] int length() const { return base_.is_v4() ? length_ - 96 : length_; }
  // Never across families: ::/0 holds no IPv4 address.
  [[nodiscard]] bool contains(IpAddress address) const;
  [[nodiscard]] bool contains(const IpPrefix& other) const { return other.length_ >= length_ && contains(other.base_); }
  [[nodiscard]] std::string text() const;  // "172.16.0.0/12"; a single address without a length

  friend auto operator<=>(const IpPrefix&, const IpPrefix&) = default;

 private:
  IpPrefix(IpAddress base, std::uint8_t length) : base_(base), length_(length) {}
  IpAddress base_;
  std::uint8_t length_ = 128;  // in bits of the 128-bit form
};

}  // namespace mailweir

template <>
struct std::hash<mailweir::IpAddress> {
  // Good mixing, not keyed: for tables whose keys an adversary cannot choose freely use base/keyed_hash.h.
  std::size_t operator()(const mailweir::IpAddress& address) const noexcept {
    std::uint64_t x = address.high * 0x9e3779b97f4a7c15ULL ^ address.low;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;  // finaliser of the "rrmxmx" family by P. Evensen (2018)
    return x ^ (x >> 32);
  }
};
