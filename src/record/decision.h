// What we do about a client, and everything needed to explain and undo it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/mail_ports.h"
#include "base/time.h"
#include "record/client_report.h"

namespace mailweir {

struct Decision {
  enum class Action : std::uint8_t {
    Block,      // cut off on the ports of `roles`
    WatchOnly,  // would have been a block; the operator asked only to watch
    Exempt,     // would have been a block; the client is exempt or a registered mail server
    Throttle,   // undecided: keeps the servers it knows on port 25, and gets new ones at a bounded rate
    Notice,     // undecided ("unregistered mail server?"): told, not blocked
  };
  Action action = Action::Notice;
  std::string case_id;  // "mw-20261122-0001"; also the element's comment in the kernel
  ClientReport finding;
  std::vector<MailRole> roles;  // whose ports are cut: those that were abused
  Time since;
  Duration length{};         // of the block
  std::uint32_t repeat = 0;  // how often this client was blocked before
  int policy_line = 0;       // line of the policy that asked for it; 0: a default
  std::string policy_file;   // where that line is, when it is not the policy's main file
};

}  // namespace mailweir
