// Traffic this machine starts.
#include <fmt/format.h>

#include "compile/build_rules.h"
#include "compile/role_rules.h"

namespace mailweir {
namespace {

using Ask = std::optional<std::uint32_t> (Accounts::*)(const std::string&) const;

Result<std::vector<std::uint32_t>> numbers_of(const Setting<std::vector<Account>>& setting, const Asked& asked,
                                              const Accounts& accounts, Ask ask, std::string_view what) {
  std::vector<std::uint32_t> numbers;
  for (const Account& account : setting.value) {
    const auto number = account.number ? account.number : (accounts.*ask)(account.name);
    if (!number) {
      return fail(ErrorCode::BadInput, fmt::format("{}:{}:{}: this machine has no {} '{}'", asked.file, account.line,
                                                   account.column, what, account.name));
    }
    numbers.push_back(*number);
  }
  return numbers;
}

class HostRules {
 public:
  HostRules(const Policy& policy, Rules& rules) : host_(*policy.host), writer_(policy, rules) {}

  Result<void> add(const Accounts& accounts) {
    const std::vector<PortRange> ports = ports_asked_about();
    if (ports.empty()) return {};
    Rule jump = writer_.rule(Chain::Output, "host.mail", {});
    jump.ports = ports;
    jump.action = Rule::Action::Jump;
    jump.target = Chain::Host;
    writer_.add(std::move(jump));
    if (auto added = add_exceptions(accounts); !added) return added;
    const TrafficClass own{"host", Chain::Host, Chain::HostOver, std::nullopt};
    for (const RoleAnswer& role : roles_of(host_)) add_answer(writer_, own, role, host_);
    if (!host_.also_block.value.empty()) {
      Rule also = writer_.rule(Chain::Host, "host.also_block", writer_.place(host_.also_block));
      also.ports = merged(host_.also_block.value);
      writer_.stop(std::move(also));
    }
    return {};
  }

 private:
  [[nodiscard]] std::vector<PortRange> ports_asked_about() const {
    std::vector<PortRange> ports = host_.also_block.value;
    for (const RoleAnswer& role : roles_of(host_)) {
      if (role.is(Answer::Allow)) continue;
      for (const PortRange& range : tcp_ports(role.ports)) ports.push_back(range);
    }
    return merged(std::move(ports));
  }

  Rule exception(std::string id, const Asked& asked) {
    Rule rule = writer_.rule(Chain::Host, std::move(id), asked);
    rule.action = Rule::Action::Return;
    return rule;
  }

  Result<void> add_exceptions(const Accounts& accounts) {
    // Only who may set marks (root) gets here, and marks do not travel: decision 0009.
    Rule probe = exception("host.probe", {});
    probe.mark = kProbeMark;
    writer_.add(std::move(probe));
    // Programs that hand their mail to this machine's own mail server.
    Rule loopback = exception("host.loopback", {});
    loopback.loopback = true;
    writer_.add(std::move(loopback));
    // Answers to connections that others began: the port asked about is then theirs, not a service.
    Rule replies = exception("host.replies", {});
    replies.state = Rule::State::Reply;
    writer_.add(std::move(replies));

    const auto users =
        numbers_of(host_.except_users, writer_.place(host_.except_users), accounts, &Accounts::user, "user");
    if (!users) return fail(users.error());
    const auto groups =
        numbers_of(host_.except_groups, writer_.place(host_.except_groups), accounts, &Accounts::group, "group");
    if (!groups) return fail(groups.error());
    if (!users->empty()) {
      Rule rule = exception("host.except_users", writer_.place(host_.except_users));
      rule.users = *users;
      writer_.add(std::move(rule));
    }
    if (!groups->empty()) {
      Rule rule = exception("host.except_groups", writer_.place(host_.except_groups));
      rule.groups = *groups;
      writer_.add(std::move(rule));
    }
    if (!host_.except_to.value.empty()) {
      Rule rule = exception("host.except_to", writer_.place(host_.except_to));
      rule.to = {"", merged(host_.except_to.value)};
      writer_.add(std::move(rule));
    }
    return {};
  }

  const HostPolicy& host_;
  RuleWriter writer_;
};

}  // namespace

Result<void> add_host_rules(const Policy& policy, const Accounts& accounts, Rules& rules) {
  return HostRules(policy, rules).add(accounts);
}

}  // namespace mailweir
