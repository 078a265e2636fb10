// Writes packets into the client's end of a Road as fast as one core can, or at a given rate.
//
// On veth the whole way through the gateway runs on the sending core, inside the call that sends: what the thread's
// processor time grows by is the cost of generating and of forwarding. Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "bench/support/road.h"
#include "sys/fd.h"

namespace mailweir::bench {

struct Traffic {
  enum class Kind : std::uint8_t { Udp, TcpSyn, TcpAck };
  Kind kind = Kind::TcpSyn;
  std::uint16_t port = 443;
  std::uint32_t clients = 10'000;  // from 172.16.0.2 on
  // Distinct (client, client's port, server); then the same again, with higher sequence numbers. 0: never again.
  std::uint32_t flows = 10'000;
  bool imix = false;  // frames of 64, 594 and 1518 bytes (with their checksum) as 7:4:1, otherwise the smallest
  std::uint32_t servers = 10'000;  // from 198.18.0.1 on, 256 apart in part: many networks
};

class PacketGenerator {
 public:
  static Result<PacketGenerator> open(const Road& road, Traffic traffic);
  ~PacketGenerator();
  PacketGenerator(PacketGenerator&&) noexcept;

  // For that long; `per_second` 0: as fast as it goes. Answers how many were sent.
  std::uint64_t run(double seconds, double per_second = 0);
  // That many at once.
  void send(std::uint64_t packets);

 private:
  struct State;
  explicit PacketGenerator(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mailweir::bench
