// From what a probe showed to a proof.
//
// In:  the probe, its rule's counters before and after, how the attempts ended.   Out: proven, unproven or inert, and a
// sentence.
// Invariants
//   (1) Proven means: the counter of that very rule moved while the probe was on its way, and what is to be stopped did
//       not arrive.
//   (2) Pure.
// Does not know: whether the packets that moved the counter were the probe's; another program's would too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proof/causes.h"
#include "proof/probe_plan.h"
#include "proof/rule_count.h"
#include "sys/probe.h"

namespace mailweir {

enum class ProofResult : std::uint8_t { Proven, Unproven, Inert, UpstreamBlocked };
[[nodiscard]] std::string_view name_of(ProofResult result);  // "proven", …
[[nodiscard]] std::string_view name_of(RuleHook hook);       // "output", "forward", "input"

struct Proof {
  const RuleInfo* rule = nullptr;
  bool v4 = true;
  Protocol protocol = Protocol::Tcp;
  std::uint16_t port = 0;  // of ICMP: the type
  ProofResult result = ProofResult::Unproven;
  bool withheld = false;  // unproven, and a flag or a privilege would help
  std::uint64_t packets_before = 0, packets_after = 0;
  std::uint64_t bytes = 0;  // that the counter moved by
  int attempts = 0;
  std::string text;  // what was seen, or why nothing could be
  std::vector<Cause> causes;
};

struct ProbeObservation {
  RuleCount before, after;
  std::vector<ProbeEnd> ends;  // of packets that get no answer: one NoAnswer
  bool arrived = false;        // a datagram at the throw-away host at the other end

  [[nodiscard]] std::uint64_t moved() const { return after.packets - std::min(before.packets, after.packets); }
  [[nodiscard]] int count(ProbeEnd end) const;
};

// Of a probe that was not made.
[[nodiscard]] Proof unmade(const Probe& probe);
// Of one that was.
[[nodiscard]] Proof judge(const Probe& probe, const ProbeObservation& seen);
// What let the rule see nothing, or stopped what it had let in: changes the sentence of an inert proof.
void explain(Proof& proof, std::vector<Cause> causes);
// A probe that our rules let pass went to the target; `marked` tells how it ended, `stopped`: our rule saw it all the
// same.
void judge_target(Proof& proof, const std::string& target, ProbeEnd marked, bool stopped);

// "host.transfer (mailweir.toml:4)"
[[nodiscard]] std::string rule_and_line(const RuleInfo& rule);

// Everything that can be proven is: the exit status of `verify`.
[[nodiscard]] bool all_proven(const std::vector<Proof>& proofs);

}  // namespace mailweir
