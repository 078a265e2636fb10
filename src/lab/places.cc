#include "lab/places.h"

#include "base/must.h"

namespace mailweir::lab {
namespace {

constexpr std::uint32_t kServersV4 = (198u << 24) | (18u << 16);
constexpr std::uint64_t kServersV6 = 0x2001'0db8'0000'0000ULL;
constexpr std::uint32_t kPeopleV4 = (172u << 24) | (20u << 16);  // 172.20.0.0 and up; mail hosts have 172.16.9.0/24
constexpr std::uint64_t kPeopleV6 = 0xfd16'0000'0001'0000ULL;

struct Range {
  std::uint32_t first, count;
};
constexpr Range range_of(Behaviour behaviour) {
  switch (behaviour) {
    case Behaviour::Accept:
      return {1, 127};
    case Behaviour::Greylist:
      return {128, 32};
    case Behaviour::RefuseRecipients:
      return {160, 32};
    case Behaviour::RefuseConnections:
      return {192, 32};
    case Behaviour::Silent:
      return {224, 31};
  }
  return {1, 1};
}

}  // namespace

std::string_view name_of(Behaviour behaviour) {
  switch (behaviour) {
    case Behaviour::Accept:
      return "accept";
    case Behaviour::Greylist:
      return "greylist";
    case Behaviour::RefuseRecipients:
      return "refuse recipients";
    case Behaviour::RefuseConnections:
      return "refuse connections";
    case Behaviour::Silent:
      return "silent";
  }
  return "";
}

Behaviour behaviour_of(IpAddress server) {
  const auto low = static_cast<std::uint8_t>(server.low);
  if (low < 128) return Behaviour::Accept;
  if (low < 160) return Behaviour::Greylist;
  if (low < 192) return Behaviour::RefuseRecipients;
  if (low < 224) return Behaviour::RefuseConnections;
  return Behaviour::Silent;
}

IpAddress server_address(Family family, std::uint32_t group, Behaviour behaviour, std::uint32_t n) {
  MUST(group < kGroups);
  const Range range = range_of(behaviour);
  const std::uint32_t low = range.first + n % range.count;
  if (family == Family::V4) return IpAddress::v4(kServersV4 | (group << 8) | low);
  return IpAddress{kServersV6 | (static_cast<std::uint64_t>(group) << 16), low};
}

IpPrefix servers_prefix(Family family) {
  return family == Family::V4 ? IpPrefix::of(IpAddress::v4(kServersV4), 15) : IpPrefix::of({kServersV6, 0}, 32);
}

IpAddress client_address(Family family, std::uint32_t n) {
  MUST(n < kClientsMax);
  if (family == Family::V4) return IpAddress::v4(kPeopleV4 + 1 + n);
  return IpAddress{kPeopleV6 + n, 1};
}

IpAddress neighbour_address(IpAddress client, std::uint64_t host) { return {client.high, host}; }

IpAddress mail_host_address(std::uint32_t n) {
  MUST(n < 100);
  return IpAddress::v4((172u << 24) | (16u << 16) | (9u << 8) | (25 + n));
}

IpAddress public_address(std::uint32_t n) {
  MUST(n < 100);
  return IpAddress::v4((203u << 24) | (113u << 8) | (25 + n));
}

IpPrefix clients_prefix(Family family) {
  return family == Family::V4 ? IpPrefix::of(IpAddress::v4((172u << 24) | (16u << 16)), 12)
                              : IpPrefix::of({0xfd16'0000'0000'0000ULL, 0}, 32);
}

IpPrefix client_prefix(IpAddress address) { return IpPrefix::of(address, address.is_v4() ? 32 : 64); }

}  // namespace mailweir::lab
