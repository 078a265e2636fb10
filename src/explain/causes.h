// Why such a line is written: the causes people meet, one row each.
//
// In:  a case.   Out: how likely the cause plays a part, in a sentence, with the packet that came before.
// The likelihoods rank; they are ours, from what the line, the rules and the simulator say, and are not measured
// frequencies. They do not add up to 1: "a REJECT rule made the reset" and "it answers backscatter" are both true at
// once.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "explain/line_case.h"

namespace mailweir::rules {

struct Judgement {
  double probability = 0;  // 0 to 1
  std::string text;        // sentences; may hold words of the line, not escaped
  std::string before;      // the packet that must have come before, as packet_text(); empty: none needed
  bool simulated = false;  // the simulator sent it through the rules, and the line's packet came of it
};

struct CauseKind {
  std::string_view id;     // stable
  std::string_view title;  // for lists
  std::optional<Judgement> (*judge)(const LineCase&);
};
[[nodiscard]] std::span<const CauseKind> cause_kinds();

struct LineCause {
  std::string_view id, title;
  Judgement judgement;
};
// Those that fit, the likeliest first; equal ones in the order of the table.
[[nodiscard]] std::vector<LineCause> judge_causes(const LineCase& line_case);

namespace causes {

// What the kernel answers
std::optional<Judgement> reset_by_reject(const LineCase& c);
std::optional<Judgement> reset_by_closed_port(const LineCase& c);
std::optional<Judgement> backscatter(const LineCase& c);
std::optional<Judgement> error_sent(const LineCase& c);
std::optional<Judgement> ping_answered(const LineCase& c);
// Packets that belong to nothing
std::optional<Judgement> late_packet(const LineCase& c);
std::optional<Judgement> asymmetric_routing(const LineCase& c);
std::optional<Judgement> table_full(const LineCase& c);
std::optional<Judgement> port_scan(const LineCase& c);
std::optional<Judgement> icmp_error(const LineCase& c);
// Noise
std::optional<Judgement> broadcast_noise(const LineCase& c);
std::optional<Judgement> multicast_noise(const LineCase& c);
std::optional<Judgement> neighbour_discovery(const LineCase& c);
std::optional<Judgement> ping(const LineCase& c);
// Services
std::optional<Judgement> mail_retry(const LineCase& c);
std::optional<Judgement> dns_over_tcp(const LineCase& c);
std::optional<Judgement> late_dns_answer(const LineCase& c);
std::optional<Judgement> not_allowed(const LineCase& c);
// The rules themselves
std::optional<Judgement> established_too_late(const LineCase& c);
std::optional<Judgement> established_missing(const LineCase& c);
std::optional<Judgement> loopback(const LineCase& c);
std::optional<Judgement> log_limit(const LineCase& c);

}  // namespace causes
}  // namespace mailweir::rules
