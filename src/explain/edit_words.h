// Rules made here, and edits as the commands that make them.
#pragma once

#include <string>
#include <vector>

#include "explain/scene.h"
#include "ruleset/edit.h"

namespace mailweir::rules {

// Conditions of a rule to be written; unset ones ask for nothing.
struct RuleWish {
  std::vector<ConnectionState> states;
  std::optional<std::uint8_t> protocol;
  std::optional<std::uint16_t> port;         // destination; with a protocol
  std::optional<std::uint8_t> tcp_flag;      // this one is set
  std::optional<unsigned> destination_type;  // RTN_*: 3 broadcast, 5 multicast
  std::optional<IpAddress> destination;
  std::optional<std::pair<unsigned, unsigned>> icmp_types;  // first, last
  std::string in, out;
  Verdict::Kind verdict = Verdict::Kind::Drop;
  std::optional<Reject> reject;  // instead of the verdict
};
[[nodiscard]] Rule rule_of(const RuleWish& wish, const Table& table);

[[nodiscard]] RuleEdit insertion(const RulePlace& chain, std::size_t number, const RuleWish& wish);
// What a person types. One edit can be two commands.
[[nodiscard]] std::vector<std::string> commands_of(const Ruleset& ruleset, const RuleEdit& edit);

}  // namespace mailweir::rules
