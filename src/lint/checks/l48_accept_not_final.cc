#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lint/check.h"
#include "lint/packet_kinds.h"

namespace mailweir::rules {
namespace {

bool is_filter(const RulePlace& place) { return place.table->backend == Backend::Nft || place.table->name == "filter"; }

bool look_at(LintSubject& subject, const RulePlace& place, const RulePlace& later, Way way, bool v4) {
  const PacketBox& box = subject.spaces().space_of(*place.rule).box;
  const auto packet = sample_packet(box.intersected(in_state(ConnectionState::New)), way, v4);
  if (!packet) return false;
  const Played played = subject.stage().play(*packet, way, true);
  if (!played.certain() || played.end != Played::End::Stopped || !played.matches(*place.rule)) return false;
  if (played.fate().chain != later.chain) return false;
  Finding& finding = subject.add(Confidence::Replayed, place,
                                 fmt::format("accepts packets that {} stops afterwards: an accept ends one base chain, "
                                             "not the others of its hook",
                                             place_text(later)));
  finding.related.push_back({later, "asked for the same packets too"});
  finding.witness = subject.stage().witness(*packet, way, played);
  finding.fix = "accept them there too, or keep the rules of one hook in one chain";
  return true;
}

void pair(LintSubject& subject, const RulePlace& first, const RulePlace& later, Way way, bool v4) {
  // mailweir stops what others accept: that is what it is for.
  if (first.table == later.table || later.table->name == "mailweir") return;
  if (!is_filter(first) || !is_filter(later)) return;
  for (std::uint32_t i = 0; i != first.chain->rules.size(); ++i) {
    const Rule& rule = first.chain->rules[i];
    if (effect_of(rule) != Effect::Accept || !asks_for(rule, Field::DestinationPort)) continue;
    if (look_at(subject, {first.table, first.chain, &rule, i + 1}, later, way, v4)) return;
  }
}

void run(LintSubject& subject) {
  std::set<std::pair<const Chain*, const Chain*>> told;
  for (const bool v4 : {true, false})
    for (const Way way : {Way::In, Way::Through, Way::Out}) {
      const auto chains = subject.filters_at(v4 ? RuleFamily::Ip4 : RuleFamily::Ip6, filter_hook(way));
      for (std::size_t i = 0; i < chains.size(); ++i)
        for (std::size_t k = i + 1; k < chains.size(); ++k)
          if (told.insert({chains[i].chain, chains[k].chain}).second) pair(subject, chains[i], chains[k], way, v4);
    }
}

}  // namespace

const Check l48{
    .number = "L48",
    .id = "accept-not-final",
    .severity = Severity::Warning,
    .confidence = Confidence::Replayed,
    .meaning = "what one table accepts another one stops at the same hook",
    .why =
        "In nftables every base chain of a hook is asked, by priority. Drop is final, accept is not: a rule in a table "
        "of one's own cannot let in what firewalld's, ufw's or iptables' table drops. At equal priority even the order "
        "depends on who was loaded first.",
    .wrong = {.rules =
                  R"({"nftables": [{"table": {"family": "inet", "name": "mine"}},
{"chain": {"family": "inet", "table": "mine", "name": "input", "type": "filter", "hook": "input", "prio": -5, "policy": "accept"}},
{"rule": {"family": "inet", "table": "mine", "chain": "input", "expr": [
  {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 143}}, {"accept": null}]}},
{"table": {"family": "inet", "name": "theirs"}},
{"chain": {"family": "inet", "table": "theirs", "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}},
{"rule": {"family": "inet", "table": "theirs", "chain": "input", "expr": [
  {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"range": [1, 1023]}}}, {"drop": null}]}}]}
)"},
    .right = {.rules =
                  R"({"nftables": [{"table": {"family": "inet", "name": "theirs"}},
{"chain": {"family": "inet", "table": "theirs", "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}},
{"rule": {"family": "inet", "table": "theirs", "chain": "input", "expr": [
  {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 143}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "theirs", "chain": "input", "expr": [
  {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"range": [1, 1023]}}}, {"drop": null}]}}]}
)"},
    .run = run,
};

}  // namespace mailweir::rules
