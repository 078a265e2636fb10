// Traffic addressed to this machine: what the policy opens, what a machine on a network cannot do without, and nothing
// else.
#include "compile/build_rules.h"
#include "compile/rule_writer.h"

namespace mailweir {
namespace {

constexpr std::uint16_t kIdent = 113;  // RFC 1413

// RFC 792: destination unreachable, time exceeded, parameter problem.
const std::vector<std::uint8_t> kErrors4{3, 11, 12};
constexpr std::uint8_t kEcho4 = 8;
// RFC 4890 section 4.4.1, by the conditions it gives them.
const std::vector<std::uint8_t> kErrors6{1, 2, 3, 4};
constexpr std::uint8_t kEcho6 = 128;
// Router and neighbour discovery, inverse neighbour discovery, SEND certificates. Redirect (137) is not among them.
const std::vector<std::uint8_t> kNeighbours6{133, 134, 135, 136, 141, 142, 148, 149};
// Listener queries and reports, multicast router discovery.
const std::vector<std::uint8_t> kListeners6{130, 131, 132, 143, 151, 152, 153};

class InboundRules {
 public:
  InboundRules(const Policy& policy, Rules& rules) : inbound_(*policy.inbound), writer_(policy, rules) {
    section_ = {inbound_.file.empty() ? policy.file : inbound_.file, inbound_.line};
  }

  void add() {
    Rule invalid = writer_.rule(Chain::Input, "inbound.invalid", section_);
    invalid.state = Rule::State::Invalid;
    invalid.action = Rule::Action::Drop;
    invalid.effect = RuleEffect::Stop;
    writer_.add(std::move(invalid));
    Rule loopback = accept("inbound.loopback");
    loopback.loopback = true;
    writer_.add(std::move(loopback));
    Rule replies = accept("inbound.replies");
    replies.state = Rule::State::Ongoing;
    writer_.add(std::move(replies));
    add_icmp();
    add_dhcp();
    add_ports();
    Rule noise = writer_.rule(Chain::Input, "inbound.broadcast", section_);
    noise.broadcast = true;
    noise.action = Rule::Action::Drop;
    noise.effect = RuleEffect::Stop;
    writer_.add(std::move(noise));
    writer_.drop(writer_.rule(Chain::Input, "inbound.default", section_));
  }

 private:
  Rule accept(std::string id) const {
    Rule rule = writer_.rule(Chain::Input, std::move(id), section_);
    rule.action = Rule::Action::Accept;
    return rule;
  }

  void add_icmp() {
    Rule errors = accept("inbound.errors");
    errors.icmp4 = kErrors4;
    errors.icmp6 = kErrors6;
    writer_.add(std::move(errors));
    Rule neighbours = accept("inbound.neighbours");
    neighbours.icmp6 = kNeighbours6;
    neighbours.one_hop = true;
    writer_.add(std::move(neighbours));
    Rule listeners = accept("inbound.listeners");
    listeners.icmp6 = kListeners6;
    listeners.link_local = true;
    writer_.add(std::move(listeners));
    if (!inbound_.ping.value) return;
    Rule ping = accept("inbound.ping");
    const Asked asked = writer_.place(inbound_.ping);
    if (asked.line > 0) ping.file = asked.file, ping.line = asked.line;
    ping.icmp4 = {kEcho4};
    ping.icmp6 = {kEcho6};
    writer_.add(std::move(ping));
  }

  // Leases are answered to broadcast and multicast addresses, which conntrack cannot tell as replies.
  void add_dhcp() {
    Rule v4 = accept("inbound.dhcp");
    v4.ports = {{Transport::Udp, 68, 68}};
    v4.source_port = PortRange{Transport::Udp, 67, 67};
    writer_.add(std::move(v4));
    Rule v6 = accept("inbound.dhcp6");
    v6.ports = {{Transport::Udp, 546, 546}};
    v6.source_port = PortRange{Transport::Udp, 547, 547};
    v6.link_local = true;
    writer_.add(std::move(v6));
  }

  void add_ports() {
    bool ident_open = false;
    for (const PortRange& range : inbound_.open.value) ident_open = ident_open || range.holds(Transport::Tcp, kIdent);
    if (!inbound_.open.value.empty()) {
      Rule open = writer_.rule(Chain::Input, "inbound.open", writer_.place(inbound_.open));
      open.ports = merged(inbound_.open.value);
      open.action = Rule::Action::Accept;
      writer_.add(std::move(open));
    }
    if (ident_open) return;
    // Mail and chat servers ask who we are before they talk; silence would cost their time limit.
    Rule ident = writer_.rule(Chain::Input, "inbound.ident", section_);
    ident.ports = {{Transport::Tcp, kIdent, kIdent}};
    ident.action = Rule::Action::Reject;
    ident.effect = RuleEffect::Stop;
    writer_.add(std::move(ident));
  }

  const InboundPolicy& inbound_;
  RuleWriter writer_;
  Asked section_;
};

}  // namespace

void add_inbound_rules(const Policy& policy, Rules& rules) { InboundRules(policy, rules).add(); }

}  // namespace mailweir
