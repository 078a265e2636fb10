#include <algorithm>
#include <set>

#include "lint/check.h"
#include "lint/invalid_drop.h"
#include "lint/packet_kinds.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

void run(LintSubject& subject) {
  std::set<const Chain*> told;
  for (const RulePlace& place : subject.rules()) {
    if (effect_of(*place.rule) != Effect::Reject || told.contains(place.chain)) continue;
    const auto hooks = subject.hooks_of(*place.chain);
    if (std::ranges::none_of(hooks, [](Hook hook) { return hook == Hook::Input || hook == Hook::Forward; })) continue;
    const auto witness = subject.packet_reaching(place, tcp_packets(ConnectionState::Invalid, Way::In));
    if (!witness || witness->way == Way::Out) continue;
    told.insert(place.chain);
    Finding& finding =
        subject.add(Confidence::Replayed, place,
                    "answers packets that belong to no connection: the answer is INVALID too, passes no rule for "
                    "established traffic, and can end a healthy connection");
    finding.witness = witness;
    propose_invalid_drop(subject, place, finding);
  }
}

}  // namespace

const Check l12{
    .number = "L12",
    .id = "invalid-not-dropped",
    .severity = Severity::Warning,
    .confidence = Confidence::Replayed,
    .meaning = "REJECT answers packets that belong to no connection",
    .why =
        "A SYN-ACK nobody asked for (backscatter of somebody else's flood), a late duplicate: conntrack calls them "
        "INVALID, and so it calls the reset that REJECT answers with. That reset passes no rule for established "
        "traffic, so it is logged or dropped on its way out; and one that answers a late duplicate ends a healthy "
        "connection, which is why iptables' own manual says not to reject INVALID packets. One finding per chain.",
    .wrong = {.rules = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 25 -j ACCEPT\n"
                       "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"},
    .right = {.rules = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -m conntrack --ctstate INVALID -j DROP\n"
                       "-A INPUT -p tcp --dport 25 -j ACCEPT\n"
                       "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"},
    .run = run,
};

}  // namespace mailweir::rules
