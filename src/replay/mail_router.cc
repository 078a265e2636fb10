#include "replay/mail_router.h"

#include "base/mail_ports.h"

namespace mailweir {
namespace {

constexpr std::uint64_t kMajority = 10;  // spoofed packets are a minority; one good packet decides while there are none

bool is_outgoing(const PacketSighting& packet) { return is_sending_port(packet.destination_port); }

}  // namespace

std::uint16_t MailRouter::interface(std::string_view name) {
  for (std::size_t i = 0; i < interfaces_.size(); ++i) {
    if (interfaces_[i].name == name) return static_cast<std::uint16_t>(i);
  }
  Interface interface { .name = std::string(name) };
  for (const char* guest : {"tap", "veth", "vnet"}) {
    if (name.starts_with(guest)) interface.by_name = Side::Inside;
  }
  for (const char* dial : {"ppp", "pppoe", "wan", "wwan"}) {
    if (name.starts_with(dial)) interface.by_name = Side::Outside;
  }
  interfaces_.push_back(std::move(interface));
  return static_cast<std::uint16_t>(interfaces_.size() - 1);
}

std::optional<Way> MailRouter::learn(const PacketSighting& packet, std::uint16_t in, std::uint16_t out) {
  const Scopes scopes{scope_of(packet.source), scope_of(packet.destination)};
  if (!told_) learn_sides(packet, scopes, in, out);
  const Route route{.way = scope_.way_of(packet, scopes.source, scopes.destination)};
  if (!is_settled(route, packet, scopes)) return std::nullopt;
  return route.way;
}

void MailRouter::learn_sides(const PacketSighting& packet, Scopes scopes, std::uint16_t in, std::uint16_t out) {
  const auto [source, destination] = scopes;
  const bool to_public = destination == AddressScope::Public;
  switch (packet.path) {
    case Path::Output:
      if (to_public) ++interfaces_[out].outside;
      return;
    case Path::Input:
      if (source == AddressScope::Public) ++interfaces_[in].outside;
      return;
    case Path::Forward:
      break;
    case Path::Unknown:
      return;
  }
  if (source == AddressScope::Private && to_public) {
    ++interfaces_[in].inside;
    ++interfaces_[out].outside;
  } else if (source == AddressScope::Public && destination == AddressScope::Private) {
    ++interfaces_[in].outside;
    ++interfaces_[out].inside;
  } else if (source == AddressScope::Public && to_public && is_outgoing(packet)) {
    ++opened_[{in, out}];
  }
}

MailRouter::Side MailRouter::side_of(std::uint16_t number) const {
  const Interface& interface = interfaces_[number];
  if (interface.by_name != Side::Unknown) return interface.by_name;
  if (interface.outside > kMajority * interface.inside) return Side::Outside;
  if (interface.inside > kMajority * interface.outside) return Side::Inside;
  return Side::Unknown;
}

Route MailRouter::route(const PacketSighting& packet, std::uint16_t in, std::uint16_t out) const {
  // Of whom a question is matters only if its asker sends mail; then its mail was routed too.
  if (packet.mx_name != 0) return {.way = Way::FromClient};
  const Scopes scopes{scope_of(packet.source), scope_of(packet.destination)};
  Route route{.way = scope_.way_of(packet, scopes.source, scopes.destination)};
  if (is_settled(route, packet, scopes)) return route;

  const bool from_client = route.way == Way::FromClient;
  const std::uint16_t near = from_client ? in : out, far = from_client ? out : in;  // of whoever opened the connection
  const Side near_side = side_of(near), far_side = side_of(far);
  if (near_side != far_side) {
    if (near_side == Side::Outside || far_side == Side::Inside) route.way = Way::Inbound;
    return route;
  }
  const bool both_ways = near == far || opened_.contains({far, near});
  route.unknown_side = both_ways && opened_.contains({near, far});
  route.assumed = !route.unknown_side;
  return route;
}

}  // namespace mailweir
