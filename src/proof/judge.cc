#include "proof/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mailweir {
namespace {

std::string counted(std::uint64_t packets, std::uint64_t bytes) {
  return fmt::format("{} packet{}, {} bytes", packets, packets == 1 ? "" : "s", bytes);
}

std::string_view deed_of(RuleEffect effect) {
  switch (effect) {
    case RuleEffect::Stop:
    case RuleEffect::Limit:
      return "stopped";
    case RuleEffect::Pass:
      return "let in";
    case RuleEffect::Watch:
    case RuleEffect::Log:
      return "seen";
  }
  return "";
}

// What an answer says of a rule that did not see the packet.
std::string unmet(const ProbeObservation& seen) {
  if (seen.arrived || seen.count(ProbeEnd::Established) > 0)
    return "the connection was made and the rule never saw it: something before it lets this traffic pass";
  if (seen.count(ProbeEnd::Refused) > 0) return "the connection was refused, and the rule never saw it";
  return "nothing answered and the rule never saw it";
}

bool went_nowhere(const ProbeObservation& seen) {
  return !seen.ends.empty() && seen.count(ProbeEnd::NoRoute) == static_cast<int>(seen.ends.size());
}

// Somebody at the other end answers, or would: an answer says how far the packet came.
bool is_answered(const Probe& probe) { return probe.kind == ProbeKind::Connection || probe.kind == ProbeKind::Ping; }

void judge_pass(Proof& proof, const Probe& probe, const ProbeObservation& seen) {
  proof.result = ProofResult::Proven;
  if (!is_answered(probe)) return;
  if (seen.count(ProbeEnd::Established) > 0) {
    proof.text += probe.kind == ProbeKind::Ping ? ", and answered" : ", and somebody listens";
  } else if (seen.count(ProbeEnd::Refused) > 0) {
    proof.text += ", and refused: nobody listens";
  } else {
    proof.result = ProofResult::Inert;
    proof.text += ", but nothing answered";
  }
}

void judge_limit(Proof& proof, const ProbeObservation& seen) {
  proof.result = ProofResult::Proven;
  proof.text = fmt::format("{} new connections at once: {}", proof.attempts, proof.text);
  const int made = seen.count(ProbeEnd::Established);
  if (made == proof.attempts) {
    proof.result = ProofResult::Inert;
    proof.text += ", and yet every connection was made";
  }
}

// The first and the last attempt were to the server the client knows.
void judge_throttle(Proof& proof, const ProbeObservation& seen) {
  proof.result = ProofResult::Proven;
  const int fresh = proof.attempts - 2;
  proof.text = fmt::format("{} servers at once, new to a client that is slowed down: {}", fresh, proof.text);
  const bool known =
      !seen.ends.empty() && seen.ends.front() == ProbeEnd::Established && seen.ends.back() == ProbeEnd::Established;
  const int made = seen.count(ProbeEnd::Established);
  if (made == proof.attempts) {
    proof.result = ProofResult::Inert;
    proof.text += ", and yet every connection was made";
  } else if (!known) {
    proof.result = ProofResult::Inert;
    proof.text += ", but the server it knows did not answer either";
  } else {
    proof.text += fmt::format("; the one it knows answered all along, and {} of the new ones", made - 2);
  }
}

}  // namespace

std::string_view name_of(ProofResult result) {
  constexpr std::array<std::string_view, 4> kNames{"proven", "unproven", "inert", "upstream-blocked"};
  return kNames[static_cast<std::size_t>(result)];
}

std::string_view name_of(RuleHook hook) {
  constexpr std::array<std::string_view, 3> kNames{"output", "forward", "input"};
  return kNames[static_cast<std::size_t>(hook)];
}

int ProbeObservation::count(ProbeEnd end) const { return static_cast<int>(std::count(ends.begin(), ends.end(), end)); }

std::string rule_and_line(const RuleInfo& rule) {
  if (rule.line == 0) return rule.id;
  return fmt::format("{} ({}:{})", rule.id, rule.file.substr(rule.file.find_last_of('/') + 1), rule.line);
}

Proof unmade(const Probe& probe) {
  Proof proof;
  proof.rule = probe.rule;
  proof.v4 = probe.packet.is_v4();
  proof.protocol = probe.packet.protocol;
  proof.port = probe.packet.protocol == Protocol::Icmp ? probe.packet.icmp_type : probe.packet.port;
  proof.result = probe.prospect == Prospect::Useless ? ProofResult::Inert : ProofResult::Unproven;
  proof.withheld = probe.prospect == Prospect::Withheld;
  proof.text = probe.reason;
  if (probe.prospect == Prospect::Useless)
    proof.causes.push_back({CauseKind::OneFamily, probe.reason, true, {}, {}, {}, 0});
  return proof;
}

Proof judge(const Probe& probe, const ProbeObservation& seen) {
  Proof proof = unmade(probe);
  proof.attempts = probe.count;
  proof.packets_before = seen.before.packets;
  proof.packets_after = seen.after.packets;
  proof.bytes = seen.after.bytes - std::min(seen.before.bytes, seen.after.bytes);
  if (seen.moved() == 0) {
    const bool nowhere = went_nowhere(seen) && seen.after.rules > 0;
    proof.result = nowhere ? ProofResult::Unproven : ProofResult::Inert;
    proof.text = nowhere ? "this machine knows no way out for it" : unmet(seen);
    return proof;
  }
  proof.text = fmt::format("{} {} by rule {}", counted(seen.moved(), proof.bytes), deed_of(probe.rule->effect),
                           rule_and_line(*probe.rule));
  switch (probe.rule->effect) {
    case RuleEffect::Pass:
      judge_pass(proof, probe, seen);
      break;
    case RuleEffect::Limit:
      if (probe.slow_client) {
        judge_throttle(proof, seen);
      } else {
        judge_limit(proof, seen);
      }
      break;
    case RuleEffect::Stop:
      proof.result = ProofResult::Proven;
      if (seen.arrived || seen.count(ProbeEnd::Established) > 0) {
        proof.result = ProofResult::Inert;
        proof.text =
            fmt::format("the counter of rule {} moved, and yet the probe got through", rule_and_line(*probe.rule));
      }
      break;
    case RuleEffect::Watch:
    case RuleEffect::Log:
      proof.result = ProofResult::Proven;
      break;
  }
  return proof;
}

void explain(Proof& proof, std::vector<Cause> causes) {
  if (proof.result != ProofResult::Inert || causes.empty()) return;
  const bool convicted = std::any_of(causes.begin(), causes.end(), [](const Cause& one) { return one.convicted; });
  proof.text += (convicted ? ": " : "; suspected: ") + causes_text(causes);
  proof.causes = std::move(causes);
}

void judge_target(Proof& proof, const std::string& target, ProbeEnd marked, bool stopped) {
  if (proof.result != ProofResult::Proven) return;
  if (stopped) {
    proof.text += fmt::format(
        "; whether {} answers without the rule cannot be told: something changed the mark of the "
        "probe that the rules would let pass",
        target);
  } else if (marked == ProbeEnd::NoAnswer || marked == ProbeEnd::NoRoute) {
    proof.result = ProofResult::UpstreamBlocked;
    proof.text += fmt::format("; blocked upstream as well: without the rule {} does not answer either", target);
  } else {
    proof.text += fmt::format("; without the rule {} {}", target,
                              marked == ProbeEnd::Established ? "answers" : "refuses, so it can be reached");
  }
}

bool all_proven(const std::vector<Proof>& proofs) {
  return std::none_of(proofs.begin(), proofs.end(), [](const Proof& proof) {
    return proof.result == ProofResult::Inert || (proof.result == ProofResult::Unproven && proof.withheld);
  });
}

}  // namespace mailweir
