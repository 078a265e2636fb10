// From "this client spams" to "cut it off on these ports until then": the rules, without memory.
//
// In:  a finding, the policy, what happened to the client before, the time.   Out: a Decision.
// Invariants
//   (1) An exempt client or a registered mail server is never blocked, nor is a prefix that holds one.
//   (2) Only a Spammer is blocked, only on ports it abused, only where the policy watches them. Whom there is a doubt
//   about
//       is at most slowed down, on port 25, where the policy watches that and asks for it.
//   (3) A block's length is `for` doubled once per earlier block, at most `max`.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/mail_ports.h"
#include "base/time.h"
#include "policy/policy.h"
#include "record/client_report.h"
#include "record/decision.h"

namespace mailweir {

// What is known of a client's earlier blocks.
struct ClientHistory {
  std::uint32_t blocks = 0;     // so many, a running one included
  std::optional<Time> until;    // end of the latest
  std::vector<MailRole> roles;  // of the latest
};

enum class Mode : std::uint8_t { Enforce, WatchOnly };

[[nodiscard]] Decision decide(const ClientReport& finding, const Policy& policy, const ClientHistory& history,
                              Mode mode, std::string case_id, Time now);

// The roles whose ports a client abused: those with at least 1 nat of new destinations; if none has, all it used.
[[nodiscard]] std::vector<MailRole> abused_roles(const ClientReport& finding);
// `first` doubled `repeat` times, at most `longest` (but never less than `first`).
[[nodiscard]] Duration block_length(Duration first, Duration longest, std::uint32_t repeat);
// The ports that a decision cuts off, ascending.
[[nodiscard]] std::vector<std::uint16_t> ports_of(const Decision& decision);
[[nodiscard]] inline Time end_of(const Decision& decision) { return decision.since + decision.length; }

}  // namespace mailweir
