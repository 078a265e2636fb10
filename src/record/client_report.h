// Everything known about one client and why: what `analyze` prints, what `decide` acts on, what a case keeps.
// Field names in JSON: interface.md, `analyze` clients[].
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/time.h"

namespace mailweir {

enum class Verdict : std::uint8_t { Spammer, Server, Legitimate, Undecided };
[[nodiscard]] std::string_view name_of(Verdict verdict);  // "spammer", ...

// What is to be asked of a person about a client that is not called a spammer.
enum class Doubt : std::uint8_t {
  None,
  UnregisteredServer,  // sends like a spammer, and is received like a mail server
  SlowSpam,            // ever new mail networks, few a day, for days
  ChangedServer,       // a mail server that does not behave as it used to
  AddressHopper,       // several networks of one IPv6 site behave alike
};
[[nodiscard]] std::string_view name_of(Doubt doubt);  // "", "unregistered-server", ...

// One kind of evidence and what it weighs. The nats of a report's evidence add up to its score_user within 0.05.
struct Evidence {
  std::string kind;  // stable: "new-destinations-25", "new-destinations-submission", "failed", "short", "repeat", ...
  double nats = 0;
  std::string text;  // "9 new mail networks on port 25 in 8 min"
};

struct ClientReport {
  IpPrefix client = IpPrefix::host({});
  Verdict verdict = Verdict::Undecided;
  std::string reason;              // one sentence, readable to a help desk
  double score_user = 0;           // L in nats, against ordinary users; of a spammer: at the moment of the decision
  double score_server = 0;         // M in nats, against mail servers
  std::uint64_t attempts = 0;      // connections opened (5-tuples), retransmissions excluded
  std::uint64_t destinations = 0;  // distinct server addresses
  std::uint64_t groups = 0;        // distinct destination groups
  std::uint64_t failed = 0;        // NoAnswer + Refused
  std::uint64_t established = 0;
  std::uint64_t shorts = 0;
  std::uint64_t delivered = 0;
  struct PortCount {
    std::uint16_t port;
    std::uint64_t connections;
  };
  std::array<PortCount, 3> ports{{{25, 0}, {465, 0}, {587, 0}}};
  Time first_seen, last_seen;
  std::optional<Time> decided_at;
  std::optional<std::uint64_t> decided_after_connections;
  std::array<PortCount, 3> ports_when_decided{{{25, 0}, {465, 0}, {587, 0}}};  // `ports` at decided_at
  std::vector<Evidence> evidence;
  Doubt doubt = Doubt::None;
  bool registered = false;  // in the operator's list of mail servers
};

// Highest score_user first, then by address. Each report is moved once: they are large.
void sort_by_score(std::vector<ClientReport>& reports);

}  // namespace mailweir
