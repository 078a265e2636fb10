// Would the new table keep the operator out? Their own connection is sent through the live rules and the new table, on
// the simulator: a new login, and the packets of the session they sit in.
//
// In:  the table that is wanted, all live rules, the machine, who is logged in or what sshd listens on.
// Out: the first way in that our table cuts and other rules leave open; remarks about ways in that others cut, and
//      about those that hang on something nobody here knows.
// Invariants
//   (1) What the rules of others stop without us is not ours to refuse.
//   (2) What nobody knows (a match that is not understood, the contents of a list) counts for the operator where others
//       decide, and against the table where it is ours that stops the packet.
//   (3) Who is logged in from an address that is known gets a packet of that address; of sshd alone it is asked whether
//       anybody at all gets in.
// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "record/compiled_table.h"
#include "ruleset/model.h"
#include "simulate/machine.h"
#include "sys/machine.h"
#include "sys/operator.h"

namespace mailweir {

// One way in.
struct WayIn {
  SshSession session;  // client_port 0: nobody knows who comes, and only server and server_port count
  // Of a session: does conntrack know it? Otherwise its next packet is its first, and tcp_loose decides.
  bool tracked = true;
};

struct Lockout {
  std::string session;  // "198.51.100.7 port 50022 to port 22", "anybody to port 22 (IPv6)"
  std::string rule;     // of ours, that stops it; a chain's name where it is a policy
  std::string file;     // whose line asked for the rule; line 0: none did
  int line = 0;
  bool ongoing = false;  // the session itself, not only the next login
  std::string text;      // one sentence
};

struct AccessReport {
  enum class By : std::uint8_t { Session, Listener, Console };  // Console: nobody comes from outside
  By by = By::Console;
  std::optional<Lockout> lockout;
  std::vector<std::string> remarks;
};
[[nodiscard]] std::string_view name_of(AccessReport::By by);  // "session", "listener", "console"

struct AccessQuestion {
  const CompiledTable& table;
  const rules::Ruleset& wanted;  // the same, as the kernel would list it
  const rules::Ruleset& others;  // all other tables
  rules::SimulatedMachine machine;
  std::vector<WayIn> ways;
};
// Pure: no look at the machine. `report.by` is left as it is by default.
[[nodiscard]] AccessReport judge_access(const AccessQuestion& question, Time now);

// The same for this machine and who sits at it. Errors: the table cannot be tried out here.
[[nodiscard]] Result<AccessReport> check_access(const CompiledTable& table, Time now);

}  // namespace mailweir
