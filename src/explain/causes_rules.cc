// Where the rules themselves make the line.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "explain/causes.h"

namespace mailweir::rules::causes {
namespace {

bool is_own_address(const LineCase& c, Field field) {
  if (!c.values().is_known(field)) return false;
  const IpAddress address = c.values().address(field);
  return address.is_v4() ? address.v4_bits() >> 24 == 127 : address.high == 0 && address.low == 1;
}

}  // namespace

std::optional<Judgement> established_too_late(const LineCase& c) {
  if (!c.rule() || !c.established_later || !c.can_be(ConnectionState::Established) || !c.may_be_reply())
    return std::nullopt;
  Judgement judgement;
  judgement.probability = 0.97;
  judgement.text = fmt::format(
      "An ordinary packet of an open connection. {} accepts those ({}), but stands behind {}, which logs every one of "
      "them{}.",
      name_of(*c.established_later), text_of(*c.established_later), name_of(c.rule()->place),
      c.is_stopped() && end_of(c.rule()->fate).number < c.established_later->number
          ? " and the packet never comes to it"
          : "");
  return judgement;
}

std::optional<Judgement> established_missing(const LineCase& c) {
  if (!c.rule() || c.established_accepted || !c.can_be(ConnectionState::Established) || !c.may_be_reply())
    return std::nullopt;
  Judgement judgement;
  judgement.probability = 0.85;
  judgement.text =
      "It looks like a reply, and no rule on its way accepts packets of connections that are open (state ESTABLISHED): "
      "every "
      "reply is logged.";
  return judgement;
}

std::optional<Judgement> loopback(const LineCase& c) {
  const bool interface = c.line().in == "lo" || c.line().out == "lo";
  const bool addresses = is_own_address(c, Field::SourceAddress) || is_own_address(c, Field::DestinationAddress);
  if (!interface && !addresses) return std::nullopt;
  Judgement judgement;
  if (interface) {
    judgement.probability = 0.97;
    judgement.text =
        "Programs on this machine talk to each other over the interface lo. Resolvers, mail servers and databases need "
        "it; no "
        "rule before the one that logs accepts it.";
  } else {
    judgement.probability = 0.9;
    judgement.text = fmt::format(
        "An address of the loopback network came by {}: it never leaves an honest machine, so it is forged, or a badly "
        "written "
        "NAT rule here.",
        c.line().in.empty() ? c.line().out : c.line().in);
  }
  return judgement;
}

std::optional<Judgement> logs_what_passes(const LineCase& c) {
  // Words people and ufw put into the prefixes of such rules.
  const bool said =
      std::ranges::any_of(std::array<std::string_view, 4>{"AUDIT", "ALLOW", "ACCEPT", "PASS"},
                          [&](std::string_view word) { return c.line().prefix.find(word) != std::string::npos; });
  if (!said || (c.rule() && c.is_stopped())) return std::nullopt;
  Judgement judgement;
  judgement.probability = 0.8;
  judgement.text =
      "The line tells of a packet that passes; nothing is wrong with it. Such rules fill logs quickly: ufw writes "
      "these at `ufw logging "
      "high` and above, and stops at `ufw logging low`.";
  return judgement;
}

std::optional<Judgement> log_limit(const LineCase& c) {
  if (!c.rule() || c.rule()->limit == nullptr) return std::nullopt;
  const Limit& limit = *c.rule()->limit;
  Judgement judgement;
  judgement.probability = 0.1;  // why there are so few lines, not why there is one
  judgement.text = fmt::format(
      "{} logs at most {} packets at once and then {} in {} ({}): the true number of such packets is higher than the "
      "{} line{} here.",
      name_of(c.rule()->place), limit.burst, limit.rate,
      limit.per_s == 1      ? "a second"
      : limit.per_s == 60   ? "a minute"
      : limit.per_s == 3600 ? "an hour"
                            : fmt::format("{} s", limit.per_s),
      part_text(RulePart{limit}), c.group->lines, c.group->lines == 1 ? "" : "s");
  return judgement;
}

}  // namespace mailweir::rules::causes
