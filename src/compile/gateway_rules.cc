// Traffic this machine forwards for its clients.
#include <fmt/format.h>

#include <algorithm>

#include "compile/build_rules.h"
#include "compile/role_rules.h"

namespace mailweir {
namespace {

class GatewayRules {
 public:
  GatewayRules(const Policy& policy, Rules& rules)
      : policy_(policy), gateway_(*policy.gateway), rules_(rules), writer_(policy, rules) {}

  void add() {
    rules_.clients.prefixes = merged(gateway_.clients.value);
    rules_.exempt.prefixes = merged(gateway_.exempt.value);
    everybody_ = gateway_.clients.value;
    for (const GatewayGroup& group : gateway_.groups)
      everybody_.insert(everybody_.end(), group.clients.value.begin(), group.clients.value.end());
    everybody_ = merged(std::move(everybody_));
    find_watched();
    rules_.gateway = true;
    // Traffic that is not mail is let go by this one comparison.
    add_jump(Chain::Forward, "gateway.mail", Chain::Mail, ports_asked_about());
    add_exemption();
    add_blocks();
    add_throttle();
    add_questions();
    add_jump(Chain::Mail, "gateway.clients", Chain::Clients, {});
    for (const GatewayGroup& group : gateway_.groups) add_group(group);
    const Addresses clients = rules_.clients;
    add_class({"gateway", Chain::Clients, Chain::ClientsOver, clients}, gateway_);
    add_to_clients();
  }

 private:
  template <typename Each>
  void for_every_role(Each each) const {
    for (const GatewayGroup& group : gateway_.groups) {
      for (const RoleAnswer& role : roles_of(group)) each(role);
    }
    for (const RoleAnswer& role : roles_of(gateway_)) each(role);
  }

  void find_watched() {
    auto& watched = rules_.watched_ports;
    for_every_role([&](const RoleAnswer& role) {
      if (role.is(Answer::Watch)) watched.insert(watched.end(), role.ports.begin(), role.ports.end());
    });
    std::sort(watched.begin(), watched.end());
    watched.erase(std::unique(watched.begin(), watched.end()), watched.end());
  }

  [[nodiscard]] std::vector<PortRange> to_clients_ports() const {
    if (gateway_.to_clients.value == Answer::Allow) return {};
    std::vector<PortRange> ports = tcp_ports(kTransferPorts);
    ports.insert(ports.end(), gateway_.to_clients_also.value.begin(), gateway_.to_clients_also.value.end());
    return merged(std::move(ports));
  }

  // The sending ports always: somebody may be blocked on them, whatever the policy answers to others.
  [[nodiscard]] std::vector<PortRange> ports_asked_about() const {
    std::vector<PortRange> ports = to_clients_ports();
    for (const PortRange& range : tcp_ports(kTransferPorts)) ports.push_back(range);
    for (const PortRange& range : tcp_ports(kSubmissionPorts)) ports.push_back(range);
    for_every_role([&](const RoleAnswer& role) {
      if (role.is(Answer::Allow)) return;
      for (const PortRange& range : tcp_ports(role.ports)) ports.push_back(range);
    });
    return merged(std::move(ports));
  }

  void add_jump(Chain from, std::string id, Chain to, std::vector<PortRange> ports) {
    Rule jump = writer_.rule(from, std::move(id), {});
    jump.ports = std::move(ports);
    jump.action = Rule::Action::Jump;
    jump.target = to;
    writer_.add(std::move(jump));
  }

  void add_exemption() {
    if (rules_.exempt.prefixes.empty()) return;
    Rule rule = writer_.rule(Chain::Mail, "gateway.exempt", writer_.place(gateway_.exempt));
    rule.from = rules_.exempt;
    rule.action = Rule::Action::Return;
    writer_.add(std::move(rule));
  }

  // Before anything that looks at the state of a connection: a block also stops what is open.
  void add_blocks() {
    for (const RoleAnswer& role : roles_of(gateway_)) {
      if (role.role == MailRole::Retrieval) continue;
      Rule rule =
          writer_.rule(Chain::Mail, fmt::format("blocks.{}", name_of(role.role)), writer_.place(policy_.block.how));
      rule.ports = tcp_ports(role.ports);
      rule.blocked = true;
      rule.action = policy_.block.how.value == BlockHow::Reject ? Rule::Action::Reject : Rule::Action::Drop;
      rule.effect = RuleEffect::Stop;
      writer_.add(std::move(rule));
    }
  }

  // Behind the blocks: who is blocked is slowed down no more. Servers are remembered of everybody, so that whoever is
  // slowed down keeps those it had. The chain sends all others back first, with a question that counts nothing, so that
  // an element's counter counts only what is stopped.
  void add_throttle() {
    const auto& watched = rules_.watched_ports;
    const bool transfer = std::find(watched.begin(), watched.end(), kTransferPorts.front()) != watched.end();
    if (gateway_.suspects.value != SuspectAnswer::Throttle || !transfer) return;
    Rule jump = writer_.rule(Chain::Mail, "throttle.new", writer_.place(gateway_.suspects));
    jump.ports = tcp_ports(kTransferPorts);
    jump.state = Rule::State::New;
    jump.action = Rule::Action::Jump;
    jump.target = Chain::Slowed;
    writer_.add(std::move(jump));
    Rule others = writer_.rule(Chain::Slowed, "throttle.transfer.others", writer_.place(gateway_.suspects));
    others.not_slowed = true;
    others.action = Rule::Action::Return;
    writer_.add(std::move(others));
    Rule slow = writer_.rule(Chain::Slowed, "throttle.transfer", writer_.place(gateway_.suspects));
    slow.ports = tcp_ports(kTransferPorts);
    slow.state = Rule::State::New;
    slow.new_servers_over = gateway_.new_servers_per_hour.value;
    slow.action = policy_.block.how.value == BlockHow::Reject ? Rule::Action::Reject : Rule::Action::Drop;
    slow.effect = RuleEffect::Limit;
    writer_.add(std::move(slow));
    Rule remember = writer_.rule(Chain::Mail, "throttle.transfer.known", writer_.place(gateway_.suspects));
    remember.ports = tcp_ports(kTransferPorts);
    remember.state = Rule::State::New;
    remember.from = Addresses{"", everybody_};
    remember.remembers_servers = true;
    writer_.add(std::move(remember));
  }

  // Wherever the name server is: clients may ask this machine.
  void add_questions() {
    if (!gateway_.mx_queries.value || rules_.watched_ports.empty()) return;
    Rule show = writer_.rule(Chain::Queries, "gateway.queries", writer_.place(gateway_.mx_queries));
    show.ports.push_back({Transport::Udp, 53, 53});
    show.from = Addresses{"", everybody_};
    show.question = true;
    show.action = Rule::Action::Show;
    show.effect = RuleEffect::Watch;
    writer_.add(std::move(show));
  }

  void add_group(const GatewayGroup& group) {
    const Addresses clients{"", merged(group.clients.value)};
    add_class({group.name.value, Chain::Clients, Chain::ClientsOver, clients}, group);
    // What follows is for the clients of no group.
    Rule done = writer_.rule(Chain::Clients, group.name.value + ".done", writer_.place(group.name));
    done.from = clients;
    done.action = Rule::Action::Return;
    writer_.add(std::move(done));
  }

  void add_class(const TrafficClass& of, const MailAnswers& answers) {
    bool hinders = false;
    for (const RoleAnswer& role : roles_of(answers)) {
      if (role.is(Answer::Watch)) {
        Rule show = writer_.rule(Chain::Clients, fmt::format("{}.{}", of.name, name_of(role.role)),
                                 writer_.place(*role.answer));
        show.ports = tcp_ports(role.ports);
        show.from = of.from;
        show.state = Rule::State::New;
        show.action = Rule::Action::Show;
        show.effect = RuleEffect::Watch;
        writer_.add(std::move(show));
      }
      hinders = hinders || role.is(Answer::Limit) || role.is(Answer::Block);
    }
    if (hinders) add_exceptions(of);
    for (const RoleAnswer& role : roles_of(answers)) add_answer(writer_, of, role, answers);
  }

  void add_exceptions(const TrafficClass& of) {
    const auto exception = [&](std::string_view what, const Asked& asked) {
      Rule rule = writer_.rule(Chain::Clients, fmt::format("{}.{}", of.name, what), asked);
      rule.from = of.from;
      rule.action = Rule::Action::Return;
      return rule;
    };
    Rule replies = exception("replies", {});
    replies.state = Rule::State::Reply;
    writer_.add(std::move(replies));
    if (!gateway_.except_to.value.empty()) {
      Rule rule = exception("except_to", writer_.place(gateway_.except_to));
      rule.to = {"", merged(gateway_.except_to.value)};
      writer_.add(std::move(rule));
    }
    const auto servers = common(of.from->prefixes, gateway_.mail_servers.value);
    if (!servers.empty()) {
      Rule rule = exception("mail_servers", writer_.place(gateway_.mail_servers));
      rule.from = {"", servers};
      writer_.add(std::move(rule));
    }
  }

  void add_to_clients() {
    const std::vector<PortRange> ports = to_clients_ports();
    if (ports.empty()) return;
    Rule jump = writer_.rule(Chain::Mail, "gateway.towards", writer_.place(gateway_.to_clients));
    jump.ports = ports;
    jump.to = {"", everybody_};
    jump.action = Rule::Action::Jump;
    jump.target = Chain::ToClients;
    writer_.add(std::move(jump));
    Rule replies = writer_.rule(Chain::ToClients, "to_clients.replies", {});
    replies.state = Rule::State::Reply;
    replies.action = Rule::Action::Return;
    writer_.add(std::move(replies));

    const auto receiver = [&](std::string id, const Setting<std::vector<IpPrefix>>& setting) {
      if (setting.value.empty()) return;
      Rule rule = writer_.rule(Chain::ToClients, std::move(id), writer_.place(setting));
      rule.ports = tcp_ports(kTransferPorts);
      rule.to = {"", merged(setting.value)};
      rule.action = Rule::Action::Return;
      writer_.add(std::move(rule));
    };
    receiver("to_clients.mail_servers", gateway_.mail_servers);
    receiver("to_clients.inbound_to", gateway_.inbound_to);

    const auto protect = [&](std::string id, const Asked& asked, std::vector<PortRange> protected_ports) {
      if (protected_ports.empty()) return;
      Rule rule = writer_.rule(Chain::ToClients, std::move(id), asked);
      rule.ports = std::move(protected_ports);
      if (gateway_.to_clients.value == Answer::Block) return writer_.stop(std::move(rule));
      rule.state = Rule::State::New;
      writer_.log(std::move(rule));
    };
    protect("gateway.to_clients", writer_.place(gateway_.to_clients), tcp_ports(kTransferPorts));
    protect("to_clients.also", writer_.place(gateway_.to_clients_also), merged(gateway_.to_clients_also.value));
  }

  const Policy& policy_;
  const GatewayPolicy& gateway_;
  Rules& rules_;
  RuleWriter writer_;
  std::vector<IpPrefix> everybody_;
};

}  // namespace

void add_gateway_rules(const Policy& policy, Rules& rules) { GatewayRules(policy, rules).add(); }

}  // namespace mailweir
