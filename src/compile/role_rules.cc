#include "compile/role_rules.h"

#include <fmt/format.h>

namespace mailweir {

std::array<RoleAnswer, 3> roles_of(const MailAnswers& answers) {
  return {RoleAnswer{MailRole::Transfer, kTransferPorts, &answers.transfer},
          RoleAnswer{MailRole::Submission, kSubmissionPorts, &answers.submission},
          RoleAnswer{MailRole::Retrieval, kRetrievalPorts, &answers.retrieval}};
}

void add_answer(RuleWriter& writer, const TrafficClass& of, const RoleAnswer& role, const MailAnswers& answers) {
  Rule rule = writer.rule(of.chain, fmt::format("{}.{}", of.name, name_of(role.role)), writer.place(*role.answer));
  rule.ports = tcp_ports(role.ports);
  rule.from = of.from;
  switch (role.answer->value) {
    case Answer::Allow:
    case Answer::Watch:
      return;
    case Answer::Log:
      rule.state = Rule::State::New;
      return writer.log(std::move(rule));
    case Answer::Limit: {
      rule.state = Rule::State::New;
      Rule over = rule;
      over.chain = of.over_chain;
      rule.over = {of.from ? name_of(role.role) : std::string_view{}, answers.limit_per_minute.value,
                   answers.limit_burst.value};
      rule.action = Rule::Action::Jump;
      rule.target = of.over_chain;
      rule.effect = RuleEffect::Limit;
      writer.add(std::move(rule));
      return writer.stop_over(std::move(over));
    }
    case Answer::Block:
      return writer.stop(std::move(rule));
  }
}

}  // namespace mailweir
