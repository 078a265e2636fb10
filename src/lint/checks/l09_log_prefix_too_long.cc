#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

// Measured: iptables 1.8.9 cuts 30 characters to 29, older ones refuse; nft 1.0.6 refuses 128, newer ones 127.
// NFLOG: NF_LOG_PREFIXLEN is 128 with the zero, iptables' option takes 64 (xt_NFLOG.h).
constexpr std::size_t kIptablesMax = 29, kNflogMax = 63, kNftMax = 126;

void run(LintSubject& subject) {
  for (const RulePlace& place : subject.rules()) {
    const Log* log = log_of(*place.rule);
    if (log == nullptr) continue;
    const bool nft = place.table->backend == Backend::Nft;
    const std::size_t max = nft ? kNftMax : log->group ? kNflogMax : kIptablesMax;
    if (log->prefix.size() <= max) continue;
    Finding& finding = subject.add(
        Confidence::Proved, place,
        fmt::format("the prefix has {} characters; {} {}", log->prefix.size(), max,
                    nft ? "are taken by every nft" : "are kept, what is behind them is cut off in silence or refused"));
    finding.fix = fmt::format("shorten it to {}", max);
    Rule shorter = *place.rule;
    for (RulePart& part : shorter.parts)
      if (auto* its = std::get_if<Log>(&part)) its->prefix = its->prefix.substr(0, max - 2) + ": ";
    finding.edits.push_back(LintSubject::replacement(place, std::move(shorter)));
  }
}

}  // namespace

const Check l09{
    .number = "L09",
    .id = "log-prefix-too-long",
    .severity = Severity::Warning,
    .confidence = Confidence::Proved,
    .meaning = "a log prefix is longer than what is kept of it",
    .why =
        "iptables keeps 29 characters: newer versions cut the rest off without a word, older ones refuse the rule, and "
        "with it the whole file. nft takes 126 everywhere.",
    .wrong = {.rules = "-A OUTPUT -p tcp --dport 25 -m limit --limit 10/min -j LOG --log-prefix \"outgoing mail of "
                       "this machine: \"\n"},
    .right = {.rules = "-A OUTPUT -p tcp --dport 25 -m limit --limit 10/min -j LOG --log-prefix \"outgoing mail: \"\n"},
    .run = run,
};

}  // namespace mailweir::rules
