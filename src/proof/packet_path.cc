#include "proof/packet_path.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace mailweir {
namespace {

template <typename Value>
bool lists(const std::vector<Value>& values, Value value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool holds(const std::vector<IpPrefix>& prefixes, IpAddress address) {
  return prefixes.empty() ||
         std::any_of(prefixes.begin(), prefixes.end(), [&](const IpPrefix& one) { return one.contains(address); });
}

bool is_for(const std::optional<PortRange>& range, Protocol protocol, std::uint16_t port) {
  if (!range) return true;
  if (protocol == Protocol::Icmp) return false;
  return range->holds(protocol == Protocol::Tcp ? Transport::Tcp : Transport::Udp, port);
}

bool fits_state(const RuleInfo& rule, const TestPacket& packet) {
  switch (rule.state) {
    case PacketState::Any:
      return true;
    case PacketState::Ongoing:
      return packet.state == PacketState::Ongoing || packet.state == PacketState::Reply;
    default:
      return rule.state == packet.state;
  }
}

bool is_link_local(IpAddress address) { return !address.is_v4() && address.high >> 54 == 0xfe80U >> 6; }

}  // namespace

std::string_view name_of(Protocol protocol) {
  constexpr std::array<std::string_view, 3> kNames{"tcp", "udp", "icmp"};
  return kNames[static_cast<std::size_t>(protocol)];
}

bool matches(const RuleInfo& rule, const TestPacket& packet) {
  if (!(packet.is_v4() ? rule.v4 : rule.v6)) return false;
  if (!rule.ports.empty() && std::none_of(rule.ports.begin(), rule.ports.end(), [&](const PortRange& range) {
        return is_for(range, packet.protocol, packet.port);
      }))
    return false;
  if (!is_for(rule.source_port, packet.protocol, packet.source_port)) return false;
  if (!rule.icmp4.empty() || !rule.icmp6.empty()) {
    if (packet.protocol != Protocol::Icmp) return false;
    if (!lists(packet.is_v4() ? rule.icmp4 : rule.icmp6, packet.icmp_type)) return false;
  }
  if (!holds(rule.from, packet.from) || !holds(rule.to, packet.to) || !fits_state(rule, packet)) return false;
  if (!rule.users.empty() && !lists(rule.users, packet.user)) return false;
  if (!rule.groups.empty() && !lists(rule.groups, packet.group)) return false;
  if (rule.loopback && !packet.loopback) return false;
  if (rule.broadcast && !packet.broadcast) return false;
  if (rule.one_hop && !packet.one_hop) return false;
  if (rule.link_local && !is_link_local(packet.from)) return false;
  if ((rule.blocked && !packet.blocked) || (rule.slowed && !packet.slowed)) return false;
  return !rule.mark;  // of the packets we plan none has one
}

const RuleInfo* taken_before(const CompiledTable& table, const RuleInfo& rule, const TestPacket& packet) {
  std::vector<std::string_view> left;  // chains the packet was sent back from
  for (const RuleInfo& earlier : table.rules) {
    if (&earlier == &rule) return nullptr;
    if (earlier.hook != rule.hook || lists(left, std::string_view(earlier.chain)) || !matches(earlier, packet))
      continue;
    if (earlier.effect == RuleEffect::Stop) return &earlier;
    if (earlier.effect != RuleEffect::Pass) continue;
    // What lets pass ends its own chain alone, and so the chains that one would have jumped to.
    if (earlier.chain == rule.chain || earlier.chain == rule.caller) return &earlier;
    left.emplace_back(earlier.chain);
  }
  return nullptr;
}

}  // namespace mailweir
