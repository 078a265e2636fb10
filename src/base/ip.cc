#include "base/ip.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstring>

namespace mailweir {
namespace {

std::uint64_t read_big_endian(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | bytes[i];
  return value;
}

// The first `length` bits of the 128-bit form, the others cleared.
IpAddress masked(IpAddress address, int length) {
  const auto mask = [](int bits) { return bits <= 0 ? 0 : bits >= 64 ? ~0ULL : ~0ULL << (64 - bits); };
  return {address.high & mask(length), address.low & mask(length - 64)};
}

}  // namespace

IpAddress IpAddress::v4(std::span<const std::uint8_t, 4> b) {
  return v4(std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3]);
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> bytes) {
  return {read_big_endian(bytes.data()), read_big_endian(bytes.data() + 8)};
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.empty() || text.size() >= terminated.size()) return std::nullopt;
  std::memcpy(terminated.data(), text.data(), text.size());
  std::array<std::uint8_t, 16> bytes{};
  if (text.find(':') != std::string_view::npos) {
    if (inet_pton(AF_INET6, terminated.data(), bytes.data()) != 1) return std::nullopt;
    return v6(bytes);
  }
  if (inet_pton(AF_INET, terminated.data(), bytes.data()) != 1) return std::nullopt;
  return v4(std::span(bytes).first<4>());
}

void IpAddress::write(std::span<std::uint8_t, 16> bytes) const {
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<std::uint8_t>(low >> (56 - 8 * i));
  }
}

std::string IpAddress::text() const {
  std::array<std::uint8_t, 16> bytes{};
  write(bytes);
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? 12 : 0), text.data(), text.size());
  return text.data();
}

IpPrefix IpPrefix::of(IpAddress address, int length) {
  const int bits = address.is_v4() ? length + 96 : length;
  return {masked(address, bits), static_cast<std::uint8_t>(bits)};
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return host(*address);
  const std::string_view digits = text.substr(slash + 1);
  int length = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (length < 0 || length > (address->is_v4() ? 32 : 128)) return std::nullopt;
  const IpPrefix prefix = of(*address, length);
  if (prefix.base() != *address) return std::nullopt;
  return prefix;
}

bool IpPrefix::contains(IpAddress address) const {
  return masked(address, length_) == base_ && address.is_v4() == base_.is_v4();
}

std::string IpPrefix::text() const {
  if (length_ == 128) return base_.text();
  return fmt::format("{}/{}", base_.text(), length());
}

}  // namespace mailweir
