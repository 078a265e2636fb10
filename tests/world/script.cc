#include "tests/world/script.h"

#include <array>

namespace mailweir::world {
namespace {

Time at(double second) { return first_midnight() + std::chrono::microseconds(std::llround(second * 1e6)); }

// How long a connection lasts, in seconds. A source gives up waiting for an answer after 10 (docs/detection.md, 2).
double length_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::NoAnswer:
      return 10;
    case Outcome::Refused:
      return 0.1;
    case Outcome::Short:
      return 2;
    default:
      return 4;
  }
}

// Networks of src/detect/provider_groups.cc: Google, Microsoft, Yahoo, Apple, GMX; eight /24s of each are used.
constexpr std::array<std::uint32_t, 5> kProviderNetworks{0x4a7d'0000, 0x2861'0000, 0x6288'0000, 0x1107'0000,
                                                         0xd4e3'0f00};
constexpr std::uint32_t kClientsV4 = 0x0a00'0000;            // 10.0.0.0/8: 16 addresses for each actor
constexpr std::uint64_t kClientsV6 = 0xfd00'0000'0000'0000;  // a /56 for each
constexpr std::uint64_t kServersV6 = 0x2a0e'0000'0000'0000;  // a /48 for each
constexpr std::uint32_t kServersV4 = 0x2d00'0019;            // 45.0.0.25, 45.0.1.25, ...

}  // namespace

Time first_midnight() {
  static const Time midnight = *parse_time("2026-11-22T00:00:00Z");
  return midnight;
}

Outcome end_of(Random& random, Ends ends) {
  const double u = random.share();
  if (u < ends.failed) return u < ends.failed / 2 ? Outcome::NoAnswer : Outcome::Refused;
  return u < ends.failed + ends.cut_short ? Outcome::Short : Outcome::Delivered;
}

// Seven mailboxes in ten at the first two: a guess.
Host large_provider(Random& random) {
  const double u = random.share();
  return kProviders + (u < .4 ? 0 : u < .7 ? 1 : u < .85 ? 2 : u < .95 ? 3 : 4);
}

Script::Script(std::uint32_t actor, std::uint64_t seed, unsigned days, std::vector<Sight>& sights)
    : random(seed), actor_(actor), days_(days), sights_(sights) {}

IpAddress Script::client() const {
  if (!v6_) return IpAddress::v4(kClientsV4 + actor_ * 16 + address_ % 16);
  return {kClientsV6 | std::uint64_t{actor_} << 8 | address_ % 256, 0x1234};
}

IpAddress Script::server(Host number) {
  if (number >= kProviders) {
    const std::uint32_t base = kProviderNetworks[number - kProviders];
    const std::uint32_t pool = number == kProviders + 4 ? 0 : random.between(0, 7) << 8;
    return IpAddress::v4(base + pool + random.between(1, 20));
  }
  if (v6_) return {kServersV6 | std::uint64_t{number} << 16, 0x19};
  return IpAddress::v4(kServersV4 + (number << 8));
}

Sight& Script::note(double second, Host number) {
  Sight& sight = sights_.emplace_back();
  sight.actor = actor_;
  sight.event.time = at(second);
  sight.event.client = client();
  sight.event.server = server(number);
  return sight;
}

void Script::connect(double second, Host number, std::uint16_t port, Outcome outcome, Sizes sizes) {
  ConnectionEvent& opened = note(second, number).event;
  opened.client_port = next_port_++;
  opened.server_port = port;
  opened.hardware = hardware_;
  Sight next = sights_.back();
  if (outcome != Outcome::NoAnswer && outcome != Outcome::Refused) {
    next.event.kind = ConnectionEvent::Kind::Established;
    next.event.time = at(second + 0.05);
    sights_.push_back(next);
  }
  next.event.kind = ConnectionEvent::Kind::Judged;
  next.event.outcome = outcome;
  next.event.time = at(second + length_of(outcome));
  if (outcome == Outcome::Short) next.event.payload = random.between(40, 300);
  if (outcome == Outcome::Delivered) {
    const double bytes = std::exp2(sizes.log2_median + sizes.deviation * random.normal());
    next.event.payload = static_cast<std::uint32_t>(std::clamp(bytes, 800.0, 1e8));
  }
  sights_.push_back(next);
}

void Script::ask_mx(double second, Host number) {
  Sight& sight = note(second, number);
  sight.kind = Sight::Kind::MxQuery;
  sight.event.kind = ConnectionEvent::Kind::AskedMx;
  sight.event.payload = static_cast<std::uint32_t>(Random(number).next() | 1);  // a hash of the domain's name, never 0
}

void Script::accept_inbound(double second, Host from) {
  Sight& sight = note(second, from);
  sight.kind = Sight::Kind::Inbound;
  sight.event.kind = ConnectionEvent::Kind::LetIn;
  sight.event.server_port = 25;
}

std::uint32_t actor_of(IpAddress client) {
  if (client.is_v4()) return (client.v4_bits() - kClientsV4) / 16;
  return static_cast<std::uint32_t>(client.high >> 8) & 0xf'ffff;
}

std::array<IpPrefix, 2> prefixes_of(std::uint32_t actor) {
  return {IpPrefix::of(IpAddress::v4(kClientsV4 + actor * 16), 28),
          IpPrefix::of({kClientsV6 | std::uint64_t{actor} << 8, 0}, 56)};
}

}  // namespace mailweir::world
