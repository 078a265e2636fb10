// A rule between policy and text: what it matches and does, for both families at once. nft_text.cc and
// iptables_text.cc write it; nothing outside this room sees it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/port_range.h"
#include "record/compiled_table.h"

namespace mailweir {

// Output, Queries, Forward and Input hang on hooks; the others are jumped to.
enum class Chain : std::uint8_t {
  Output,
  Host,
  HostOver,
  Queries,
  Forward,
  Mail,
  Slowed,
  Clients,
  ClientsOver,
  ToClients,
  Input
};
inline constexpr Chain kChains[] = {Chain::Output,      Chain::Host,      Chain::HostOver, Chain::Queries,
                                    Chain::Forward,     Chain::Mail,      Chain::Slowed,   Chain::Clients,
                                    Chain::ClientsOver, Chain::ToClients, Chain::Input};

[[nodiscard]] RuleHook hook_of(Chain chain);
[[nodiscard]] constexpr bool is_hooked(Chain chain) {
  return chain == Chain::Output || chain == Chain::Queries || chain == Chain::Forward || chain == Chain::Input;
}

// Addresses of a rule. With `set`, a set of that name in the table holds them, else the rule itself does.
struct Addresses {
  std::string_view set;
  std::vector<IpPrefix> prefixes;

  [[nodiscard]] bool has(bool v4) const;
};

// More than `per_minute` new connections: of one client (role names the meter), or of everybody together (role empty).
struct Rate {
  std::string_view role;
  std::uint32_t per_minute = 0, burst = 0;
};

struct Rule {
  using State = PacketState;
  enum class Action : std::uint8_t { Return, Accept, Count, Log, Show, Reject, Drop, Jump };

  std::string id;
  std::string file;
  int line = 0;
  Chain chain = Chain::Output;

  // All of what is set must match.
  std::vector<PortRange> ports;  // destination; sorted, not overlapping
  std::optional<PortRange> source_port;
  std::optional<Addresses> from, to;
  std::vector<std::uint32_t> users, groups;  // of the socket's owner; one of the two
  State state = State::Any;
  bool loopback = false, broadcast = false;
  std::vector<std::uint8_t> icmp4, icmp6;  // types
  bool one_hop = false;                    // hop limit 255: sent by a neighbour (RFC 4861 section 7.1)
  bool link_local = false;                 // from fe80::/10
  bool blocked = false;                    // the client is in the sets of blocks, for the role of `ports`
  bool not_slowed = false;                 // the client is not in the sets of those that are slowed down
  std::optional<std::uint32_t> mark;
  bool question = false;  // asks a name server (a query of DNS)
  // The client is slowed down, and has not written to that server lately: more than so many new ones an hour.
  std::optional<std::uint32_t> new_servers_over;
  [[nodiscard]] std::uint32_t new_servers_burst() const;  // so many at once are not over
  bool remembers_servers = false;  // the servers of everybody are remembered, for when somebody is slowed down
  std::optional<Rate> over;

  Action action = Action::Count;
  Chain target = Chain::Host;  // of Jump
  std::string log_prefix;      // of Log
  RuleEffect effect = RuleEffect::Pass;

  // Whether a packet of that family can match.
  [[nodiscard]] bool matches(bool v4) const;
};

// Everything a policy asks for.
struct Rules {
  std::vector<Rule> list;  // of a chain: in order of evaluation
  bool gateway = false;    // the sets of clients and blocks are needed
  Addresses clients{"clients", {}}, exempt{"exempt", {}};
  std::vector<std::uint16_t> watched_ports;
  bool to_kernel_log = false;

  // Has rules, or is jumped to.
  [[nodiscard]] bool uses(Chain chain) const;
};

}  // namespace mailweir
