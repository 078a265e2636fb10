#include "explain/causes.h"

#include <algorithm>

namespace mailweir::rules {
namespace {

constexpr CauseKind kCauses[] = {
    {"reset-by-reject", "a REJECT rule answered a packet that belongs to no connection", causes::reset_by_reject},
    {"reset-by-closed-port", "a closed port answered", causes::reset_by_closed_port},
    {"backscatter", "answers to packets somebody sent in your name", causes::backscatter},
    {"icmp-error-sent", "an ICMP error of this machine's own", causes::error_sent},
    {"ping-answered", "the answer to a ping", causes::ping_answered},
    {"late-packet", "a late packet of a connection that has ended", causes::late_packet},
    {"asymmetric-routing", "only one direction comes by here", causes::asymmetric_routing},
    {"conntrack-table-full", "the table of connections is full", causes::table_full},
    {"port-scan", "a port scan", causes::port_scan},
    {"icmp-error", "an ICMP error about another packet", causes::icmp_error},
    {"broadcast-noise", "broadcasts of neighbours", causes::broadcast_noise},
    {"multicast-noise", "multicasts of neighbours", causes::multicast_noise},
    {"neighbour-discovery", "IPv6 looking for its neighbours", causes::neighbour_discovery},
    {"ping", "somebody pings", causes::ping},
    {"mail-retry", "mail tried again and again at a blocked port", causes::mail_retry},
    {"dns-over-tcp", "DNS asked again over TCP", causes::dns_over_tcp},
    {"late-dns-answer", "a DNS answer that came too late", causes::late_dns_answer},
    {"not-allowed", "a new connection that no rule allows", causes::not_allowed},
    {"established-too-late", "replies are accepted only behind the rule that logs", causes::established_too_late},
    {"established-missing", "no rule accepts replies", causes::established_missing},
    {"loopback", "the machine talks to itself", causes::loopback},
    {"log-limit", "the log's limit hides the rest", causes::log_limit},
};

}  // namespace

std::span<const CauseKind> cause_kinds() { return kCauses; }

std::vector<LineCause> judge_causes(const LineCase& line_case) {
  std::vector<LineCause> fitting;
  for (const CauseKind& kind : kCauses)
    if (auto judgement = kind.judge(line_case)) fitting.push_back({kind.id, kind.title, std::move(*judgement)});
  std::ranges::stable_sort(fitting, [](const LineCause& a, const LineCause& b) {
    return a.judgement.probability > b.judgement.probability;
  });
  return fitting;
}

}  // namespace mailweir::rules
