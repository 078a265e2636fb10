// Who is the client of a mail packet, and is it ours to judge? One rule for captures, logs and NFLOG.
//
// In:  a PacketSighting, perhaps with its path through the machine; the operator's client prefixes, if any.   Out: a
// Way. The client is the side that talks to a mail port. Whether its mail leaves or crosses the machine:
//   prefixes known    the client's address is in them
//   otherwise         by scope: private or public to anywhere it can reach, but public to private is mail that comes in
// A packet addressed to the machine itself (Path::Input) belongs to mail that comes in; one that the machine itself
// sends (Path::Output) belongs to mail that leaves.
// Does not know: which public address is the machine's own, unless prefixes or paths say so; NAT.
// Threads: immutable, may be shared.   Sources: IANA special-purpose address registries (RFC 6890 and updates).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/address_scope.h"
#include "base/ip.h"
#include "base/prefix_set.h"
#include "record/packet_sighting.h"

namespace mailweir {

enum class Way : std::uint8_t {
  FromClient,  // a client's packet to a mail server: judged
  ToClient,    // a mail server's answer to it
  Inbound,     // of mail that comes in, either direction: counted, never judged
  Foreign,     // of mail between two others, where client prefixes are known
  Local,       // within one machine (loopback)
  Impossible,  // no mail connection has such an address (multicast, unspecified, reserved) or such ports
  Unclear,     // both ports are mail ports, and no SYN tells who asks
};
[[nodiscard]] std::string_view name_of(Way way);

class ClientScope {
 public:
  explicit ClientScope(std::span<const IpPrefix> clients = {}) : clients_(clients) {}

  [[nodiscard]] Way way_of(const PacketSighting& packet) const {
    return way_of(packet, scope_of(packet.source), scope_of(packet.destination));
  }
  // The same for who knows already where both addresses belong.
  [[nodiscard]] Way way_of(const PacketSighting& packet, AddressScope source, AddressScope destination) const;

 private:
  PrefixSet clients_;
};

}  // namespace mailweir
