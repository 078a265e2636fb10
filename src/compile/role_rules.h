// The rules of one answer: what becomes of the mail ports of a role.
#pragma once

#include <span>
#include <string_view>

#include "base/mail_ports.h"
#include "compile/rule_writer.h"

namespace mailweir {

struct RoleAnswer {
  MailRole role;
  std::span<const std::uint16_t> ports;
  const Setting<Answer>* answer;

  [[nodiscard]] bool is(Answer asked) const { return answer->value == asked; }
};

// In the order transfer, submission, retrieval. REQUIRES: `answers` outlives the list.
[[nodiscard]] std::array<RoleAnswer, 3> roles_of(const MailAnswers& answers);

// Some sort of traffic with answers of its own: this machine's, a group's, that of all other clients.
struct TrafficClass {
  std::string_view name;          // first half of the ids
  Chain chain, over_chain;        // where its rules stand, and where what exceeds a limit goes
  std::optional<Addresses> from;  // nothing: everybody
};

// The rules for log, limit and block. Allow has none, Watch is the gateway's own.
void add_answer(RuleWriter& writer, const TrafficClass& of, const RoleAnswer& role, const MailAnswers& answers);

}  // namespace mailweir
