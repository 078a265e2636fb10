// Whose mail a logged packet is: the rule of ingest/client_scope.h, and for forwarded mail between two public addresses
// (all of IPv6) what the log has shown of the interfaces.
//
// An interface is outside when private addresses send to public ones through it, or the machine itself does, or public
// ones come in through it; inside when private addresses come in through it. Ten times as much evidence for one side as
// for the other decides; ports of guests (tap*, veth*, vnet*) are inside and dial-up links (ppp*, wan*) outside by
// name. Between public addresses mail towards the outside is a client's and mail from it is inbound. Where nothing is
// known and mail runs both ways, nothing is judged; where it runs one way only, that is taken for the way out.
//
// In:  learn() for every packet of a stretch of log, then route() for each.
// Invariants: the same packets, learned in the same stretches, give the same routes.  Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/client_scope.h"

namespace mailweir {

struct Route {
  Way way = Way::Unclear;
  bool unknown_side = false;  // forwarded both ways between public addresses: whose mail it is cannot be told
  bool assumed = false;       // forwarded one way between public addresses: taken for the way out
  [[nodiscard]] bool judged() const { return !unknown_side && (way == Way::FromClient || way == Way::ToClient); }
};

class MailRouter {
 public:
  explicit MailRouter(std::span<const IpPrefix> clients) : scope_(clients), told_(!clients.empty()) {}

  // A number for an interface's name.
  std::uint16_t interface(std::string_view name);
  // The way, if that is all of the route and nothing that is still to be learned can change it: so it is of most.
  std::optional<Way> learn(const PacketSighting& packet, std::uint16_t in, std::uint16_t out);
  [[nodiscard]] Route route(const PacketSighting& packet, std::uint16_t in, std::uint16_t out) const;

 private:
  struct Scopes {
    AddressScope source, destination;
    [[nodiscard]] bool both_public() const {
      return source == AddressScope::Public && destination == AddressScope::Public;
    }
  };
  void learn_sides(const PacketSighting& packet, Scopes scopes, std::uint16_t in, std::uint16_t out);
  // Of this route interfaces have no say.
  [[nodiscard]] bool is_settled(const Route& route, const PacketSighting& packet, Scopes scopes) const {
    return told_ || packet.path != Path::Forward || !route.judged() || !scopes.both_public();
  }
  enum class Side : std::uint8_t { Unknown, Inside, Outside };
  struct Interface {
    std::string name;
    Side by_name = Side::Unknown;
    std::uint64_t inside = 0, outside = 0;  // packets that said so
  };
  [[nodiscard]] Side side_of(std::uint16_t number) const;

  ClientScope scope_;
  bool told_;  // the operator named the clients
  std::vector<Interface> interfaces_;
  // Interfaces by which public addresses opened mail connections to public ones.
  std::map<std::pair<std::uint16_t, std::uint16_t>, std::uint64_t> opened_;
};

}  // namespace mailweir
