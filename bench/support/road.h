// client --- gateway --- server: three network namespaces joined by two veth pairs, with nothing in the way.
//
// The calling process is the gateway. The client owns 172.16.0.0/12 and is written to by a PacketGenerator; the server
// owns everything else and throws packets away on arrival, before its own network stack costs anything. Neighbours are
// fixed: no ARP in a measurement.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "sys/namespace.h"

namespace mailweir::bench {

inline constexpr char kClientInterface[] = "uplink";
inline constexpr std::uint8_t kClientMac[] = {2, 0, 0, 0, 0, 1}, kGatewayMac[] = {2, 0, 0, 0, 0, 2};

struct Road {
  NetworkNamespace client, server;

  // REQUIRES: inside run_enclosed. With `masquerade` it is the NAT gateway people have; without, a plain router.
  static Result<Road> build(bool masquerade);
};

// Packets that left the gateway towards the server since the beginning.
[[nodiscard]] std::uint64_t forwarded_packets();

// sh -e, in the namespace of the calling thread; ends the program with the text of the shell when it fails.
void run_shell(const std::string& script);
// The same for a text of nft; answers how long it took, in seconds.
double run_nft(const std::string& text);
void forget_tracked_connections();

}  // namespace mailweir::bench
