// What is tried to prove a table: for each rule, family and port one packet that must get to that rule, from a place
// that may send it.
//
// In:  the compiled table, what this machine is, which addresses nobody uses, what the operator allows.
// Out: probes, in the order of the rules; also those that cannot be made, with the reason and how to get them.
// Invariants
//   (1) No probe reaches a mail server: own traffic goes to addresses nobody has (RFC 5737, RFC 3849) or, without a way
//       there, to an unused one of a connected network; all else goes from one throw-away host to another, or to us.
//   (2) Of a wide range of ports its first and last stand for all.
//   (3) A probe does not use up what real traffic shares, unless it is allowed to.
// Threads: any.  Does not know: other people's rules.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "proof/packet_path.h"
#include "record/compiled_table.h"
#include "sys/machine.h"

namespace mailweir {

// Where a probe starts. Client and Outside are throw-away hosts.
enum class ProbeFrom : std::uint8_t { Machine, Client, Outside };
enum class ProbeKind : std::uint8_t { Connection, Datagram, StrayAnswer, Ping, Icmp6 };

enum class Prospect : std::uint8_t {
  Try,
  Withheld,    // not without a flag or a privilege: the reason says which
  Impossible,  // nothing on this machine shows it
  Useless,     // known without a try: the rule cannot do what it is for
};

struct Probe {
  const RuleInfo* rule = nullptr;
  Prospect prospect = Prospect::Try;
  std::string reason;  // unless Try
  ProbeKind kind = ProbeKind::Connection;
  ProbeFrom from = ProbeFrom::Machine;
  TestPacket packet;
  int count = 1;              // attempts, begun together
  bool borrow_owner = false;  // the socket is to belong to packet.user and packet.group
  bool block_client = false;  // the sender is put into the set of blocks for as long as this takes
  bool slow_client = false;   // or into that of clients that are slowed down
  // Of such a one: addresses of the throw-away host outside, packet.to first, which is the server the client knows; the
  // others are new to it, one more than are let through at once.
  std::vector<IpAddress> servers;
  bool to_outside = false;  // of the machine: needs the throw-away host all the same, as somebody who answers
  bool to_target = false;   // the address the operator named
};

struct NamedTarget {
  std::string text;  // as it was given
  std::vector<IpAddress> addresses;
  std::uint16_t port = 0;
};

struct PlanSettings {
  std::string no_throw_away;  // why there can be no throw-away hosts, and how to get them; empty: there can
  bool limits_too = false;    // use up limits that real traffic shares
  std::optional<NamedTarget> target;
  // More attempts at once are not made, and bursts that need them not proven.
  int attempts_max = 500;
  int servers_max = 64;  // likewise, of addresses the throw-away host takes
};

// What this machine is.
struct Surroundings {
  std::vector<OwnAddress> own;
  bool forwards4 = false, forwards6 = false;
  std::uint32_t user = 0, group = 0;  // who we are
  // Asked for as few addresses as possible: each may take a second.
  std::function<bool(IpAddress)> has_way_to, is_unused;
  std::function<bool(const IpPrefix&)> is_unused_network;

  [[nodiscard]] bool forwards(bool v4) const { return v4 ? forwards4 : forwards6; }
};

[[nodiscard]] std::vector<Probe> plan_probes(const CompiledTable& table, const Surroundings& here,
                                             const PlanSettings& settings);

// Addresses of a network that are tried as a client's, most likely unused first.
[[nodiscard]] std::vector<IpAddress> candidates_in(const IpPrefix& network);

}  // namespace mailweir
