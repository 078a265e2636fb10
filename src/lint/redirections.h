// Rules that send packets to another address or port before the filter sees them, and what becomes of such packets.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lint/subject.h"

namespace mailweir::rules {

struct Redirection {
  RulePlace place;
  const Nat* nat = nullptr;
  PacketBox box;                      // what the rule takes, before
  std::optional<std::uint16_t> port;  // the one port it sends them to; nothing: theirs, or one of several
  bool elsewhere = false;             // to an address that is not a loopback one: another machine, a container
};

// DNAT and REDIRECT rules for packets that come in, of that family, all of which is understood and alive.
[[nodiscard]] std::vector<Redirection> redirections(LintSubject& subject, bool v4);

// A packet of the box, whose connection is new to conntrack, comes in. Nothing: none fits, or the rules leave it open
// what becomes of it, or it does not come to `by`.
struct Redirected {
  Witness witness;
  bool passes = false;
};
[[nodiscard]] std::optional<Redirected> play_redirected(LintSubject& subject, const PacketBox& box, bool v4,
                                                        const Rule& by);

}  // namespace mailweir::rules
