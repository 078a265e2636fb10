// The thresholds and limits of detection, one struct. Defaults: docs/detection.md.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ip.h"
#include "base/time.h"

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
  // The kernel counts bytes: an end can be told short from delivered. Else one more kind of evidence is asked for.
  bool bytes_counted = true;
  // Questions for mail servers (MX) are seen: to ask none speaks, a little, for a client.
  bool mx_seen = false;
  // Learn how far this site's ordinary clients go, within bounds (detect/hazard_learning.h).
  bool learning = false;
  // The source shows answers: nobody is remembered before one, or a third SYN. A flood of forged sources costs nothing.
  bool doorkeeper = false;
  int v6_client_length = 64;  // at most 64
  // Nobody keeps an address unused for longer: who comes back after that may be somebody else (a lease's usual length).
  Duration lease = std::chrono::hours(24);
  std::uint32_t clients_max = 1'000'000;
  std::uint32_t wide_clients_max = 131'072;      // of them with more than four destination groups, or suspicious ones
  std::uint32_t clients_per_v6_network = 4'096;  // of one /48
  // Count destinations exactly up to a limit, at the price of memory: for recordings.
  bool exact_destinations = false;
  // Reports say why of everybody; otherwise only of registered servers and of those under suspicion, the few that a
  // person reads about.
  bool explain_everybody = true;
};

}  // namespace mailweir
