// The thresholds and limits of detection, one struct. Defaults: docs/detection.md.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ip.h"

namespace mailweir {

struct DetectSettings {
  double user_threshold = 15.4;   // hL, nats: bound 2e-7 false alarms per fresh test
  double server_threshold = 7.0;  // hM, nats: trades missed bots for blocked mail servers
  // The operator has listed every mail server: M is not asked ("registered-servers mode").
  bool servers_registered = false;
  std::vector<IpPrefix> mail_servers;  // registered: scored, never a spammer
  // A recording blocks nobody, so it may convict on a weaker return path and on first packets alone.
  bool recorded = false;
  // What one client meets tells something about what another meets: a failure common to several is no evidence, and
  // what registered servers send to a destination says how small deliveries to it are. Off where clients are dealt out
  // to several detectors, none of which sees all: they would depend on who sits where.
  bool clients_compared = true;
  // Sources cannot be spoofed here (strict reverse path filter, PPPoE, WireGuard): one established contact is enough.
  bool sources_bound = false;
  int v6_client_length = 64;
  std::uint32_t clients_max = 1'000'000;
  // Count destinations exactly up to a limit, at the price of memory: for recordings.
  bool exact_destinations = false;
  // Reports say why of everybody; otherwise only of registered servers and of those under suspicion, the few that a
  // person reads about.
  bool explain_everybody = true;
};

}  // namespace mailweir
