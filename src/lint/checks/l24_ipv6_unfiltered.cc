#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

// Does anything on that way stop packets at all?
bool stops_something(const LintSubject& subject, Way way, bool v4) {
  const Hook hook = filter_hook(way);
  return std::ranges::any_of(
      subject.filters_at(v4 ? RuleFamily::Ip4 : RuleFamily::Ip6, hook), [&](const RulePlace& base) {
        if (base.chain->hook->policy == Verdict::Kind::Drop) return true;
        // In its chains or those of the same table it jumps to.
        const bool jumps =
            std::ranges::any_of(base.chain->rules, [](const Rule& r) { return effect_of(r) == Effect::Jump; });
        const auto stopping = [](const Rule& rule) { return stops(effect_of(rule)); };
        if (std::ranges::any_of(base.chain->rules, stopping)) return true;
        return jumps && std::ranges::any_of(base.table->chains, [&](const Chain& chain) {
                 return !chain.hook && std::ranges::any_of(chain.rules, stopping);
               });
      });
}

bool has_v6_address(const LiveFacts& machine) {
  return std::ranges::any_of(machine.addresses, [](const LiveFacts::Address& own) { return !own.address.is_v4(); });
}

void run(LintSubject& subject) {
  if (!subject.is_complete()) return;
  const LiveFacts* machine = subject.machine();
  const bool given = std::ranges::any_of(subject.ruleset().tables, [](const Table& table) {
    return table.family == RuleFamily::Ip6 || table.family == RuleFamily::Inet;
  });
  std::string ways;
  std::optional<RulePlace> first;
  for (const Way way : {Way::In, Way::Through, Way::Out}) {
    if (!stops_something(subject, way, true) || stops_something(subject, way, false)) continue;
    ways += fmt::format("{}{}", ways.empty() ? "" : " and ",
                        way == Way::In    ? "INPUT"
                        : way == Way::Out ? "OUTPUT"
                                          : "FORWARD");
    if (!first) first = subject.main_chain(way, true);
  }
  if (ways.empty() || !first) return;
  if (machine == nullptr && !given) {
    Finding& finding = subject.add(
        Confidence::Heuristic, *first,
        fmt::format("IPv4 is filtered in {}; the IPv6 side was not given, and without rules everything passes there",
                    ways));
    // iptables-save cannot show the IPv6 side: that it is missing in its file says nothing. A script, or a list of nft,
    // is mostly all there is.
    const bool saved = subject.ruleset().whole && first->table->backend == Backend::Iptables;
    finding.severity = saved ? Severity::Info : Severity::Warning;
    finding.fix = "give the rules of ip6tables too, or write the same rules for IPv6";
    return;
  }
  Finding& finding =
      subject.add(machine == nullptr || has_v6_address(*machine) ? Confidence::Proved : Confidence::Heuristic, *first,
                  fmt::format("IPv4 is filtered in {}, and over IPv6 everything passes there", ways));
  if (machine != nullptr && !has_v6_address(*machine)) finding.severity = Severity::Warning;
  finding.fix = "write the same rules for IPv6, or use an inet table";
}

}  // namespace

const Check l24{
    .number = "L24",
    .id = "ipv6-unfiltered",
    .severity = Severity::Error,
    .confidence = Confidence::Heuristic,
    .meaning = "IPv4 is filtered, and IPv6 is not",
    .why =
        "Most machines have an IPv6 address, and programs prefer it. What iptables stops, ip6tables lets pass until it "
        "has rules of its own. A script for IPv4 alone is a guess, and a warning; a file of iptables-save, which "
        "cannot hold IPv6, only a reminder to give the other file too.",
    .wrong = {.rules = "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n"
                       "-A OUTPUT -p tcp -m multiport --dports 25,465,587 -j DROP\n"
                       "-A FORWARD -p tcp -m multiport --dports 25,465,587 -j DROP\n"
                       "COMMIT\n",
              .rules_v6 = "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n"},
    .right = {.rules = "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n"
                       "-A OUTPUT -p tcp -m multiport --dports 25,465,587 -j DROP\n"
                       "-A FORWARD -p tcp -m multiport --dports 25,465,587 -j DROP\n"
                       "COMMIT\n",
              .rules_v6 = "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n"
                          "-A OUTPUT -p tcp -m multiport --dports 25,465,587 -j DROP\n"
                          "-A FORWARD -p tcp -m multiport --dports 25,465,587 -j DROP\n"
                          "COMMIT\n"},
    .run = run,
};

}  // namespace mailweir::rules
