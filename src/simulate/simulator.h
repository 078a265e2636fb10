// A packet's way through the machine: hooks, routing, connections, translation, and the packets the kernel makes on it.
//
// In:  a ruleset, a machine, packets with their times.   Out: what becomes of each, and of those it brings about.
// Invariants
//   (1) Same ruleset, machine and packets give the same answers; no clock, no chance.
//   (2) Counters in memory() are those the kernel would show for the same packets (tests/netns/simulate_*).
//   (3) Ends: at most kPacketsMax packets come of one.
// A value: copy it to go on from the same state twice.  Threads: one at a time.
// Sources: hook order and states measured on Linux 6.18; docs/sources.md#netfilter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "simulate/kernel_answers.h"
#include "simulate/machine.h"
#include "simulate/walk.h"

namespace mailweir::rules {

struct PacketFate {
  enum class Kind : std::uint8_t {
    Delivered,  // to this machine
    Sent,       // left by an interface
    Dropped,    // by `rule`, or by the policy of `chain`
    Rejected,   // likewise, and perhaps answered
    NotRouted,  // forwarding is off, or there is no route
    Expired,    // its hop limit was used up
    Unknown,    // ended by something nobody here understands
    TooLong,    // a limit of the simulation: `limit`
  };
  SimulatedPacket packet;  // as it was at its end: translated, marked
  Kind kind = Kind::Delivered;
  Hook hook = Hook::Input;  // where it ended
  ConnectionState state = ConnectionState::Invalid;
  const Rule* rule = nullptr;  // that ended it
  const Chain* chain = nullptr;
  std::optional<std::size_t> cause;                             // the packet (index) that brought it about
  KernelAnswer::Maker maker = KernelAnswer::Maker::RejectRule;  // where there is a cause
  // Another connection has the address and port it would be translated to: the kernel draws another source port by
  // lot, and this is one that is free.
  bool guessed = false;
  std::string_view limit;  // of TooLong: "more than 64 chains deep (jumps_max)"
  Notebook notes;          // empty unless asked for
};
[[nodiscard]] std::string_view name_of(PacketFate::Kind kind);

class Simulator {
 public:
  static constexpr std::size_t kPacketsMax = 32;

  // REQUIRES: `program` and its ruleset outlive the simulator.
  // `from_rest`: nothing happened before the first packet; else lists that rules keep are unknown.
  Simulator(const Program& program, SimulatedMachine machine, bool from_rest = true);

  // A packet arrives by its InputInterface. The first fate is its own; causes come before what they bring about.
  std::vector<PacketFate> receive(const SimulatedPacket& packet, Time now, Choices& choices, bool trace = false);
  // A program here sends it; the OutputInterface follows from routing unless it is set.
  std::vector<PacketFate> send(const SimulatedPacket& packet, Time now, Choices& choices, bool trace = false);

  [[nodiscard]] const RuleMemory& memory() const { return memory_; }
  [[nodiscard]] const ConnectionTable& connections() const { return connections_; }
  [[nodiscard]] const SimulatedMachine& machine() const { return machine_; }
  // What was read as a redacted or partly known field of every packet simulated from here on.
  void narrow(Field field, const IntervalSet& possible) { narrowings_[field] = possible; }

 private:
  struct Passage;
  class Run;

  const Program* program_;
  SimulatedMachine machine_;
  RuleMemory memory_;
  ConnectionTable connections_;
  Narrowings narrowings_;
};

}  // namespace mailweir::rules
