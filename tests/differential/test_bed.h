// The kernel under test: a machine between two neighbours, in network namespaces of this process.
//
//   left neighbour                tested                        right neighbour
//   10.1.0.2, fd01::2 ---- veth ---- left    right ---- veth ---- 198.51.100.2, fd02::2
//                              10.1.0.1, fd01::1    198.51.100.1, fd02::1
//                              routes 172.16.0.0/12, fd16::/16 to the left; everything else to the right
//
// Neighbours are only wires: raw frames are put in and what comes out is read; they never answer. The process is in the
// tested namespace, pinned to one processor, so that frames are worked off in the order in which they were put in.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "simulate/machine.h"
#include "sys/fd.h"
#include "sys/netlink.h"
#include "tests/differential/packet_bytes.h"

namespace mailweir::rules::differential {

enum class Side : std::uint8_t { Left, Right };
[[nodiscard]] inline const char* interface_of(Side side) { return side == Side::Left ? "left" : "right"; }

class TestBed {
 public:
  // REQUIRES: inside run_enclosed. Needs `ip`, `nft`.
  static Result<TestBed> build();

  // The same machine for the simulator.
  [[nodiscard]] static SimulatedMachine machine();

  void inject(Side from, const Octets& ip);
  // Out of a raw socket of a program here (uid 0).
  void send(const Octets& ip);
  // Until everything put in so far has been worked off.
  void settle();
  // What left the machine since the last call, line by line (emitted_line), not in order.
  [[nodiscard]] std::vector<std::string> emitted();
  // Everything conntrack remembers.
  Result<void> forget_connections();
  static Result<void> set(const std::string& setting, long value);

 private:
  TestBed(Fd left, Fd right, Fd tap, Fd raw4, Fd raw6, NetlinkSocket netlink);
  Fd wires_[2], tap_, raw4_, raw6_;
  NetlinkSocket netlink_;
  std::uint32_t marker_ = 0;
};

// Runs a program with text as its input; what it says on failure is the error.
Result<std::string> run_program(const std::vector<std::string>& arguments, const std::string& input = {});

}  // namespace mailweir::rules::differential
