#include "explain/line_case.h"

#include <fmt/format.h>

#include <algorithm>

#include "record/packet_sighting.h"
#include "ruleset/edit.h"

namespace mailweir::rules {
namespace {

constexpr std::size_t kPortsTried = 32;  // of those rules single out
constexpr double kBeforeMax_s = 3;       // a kernel answers at once; a capture's clock and a line's differ by less

void each_port(const Rule& rule, std::vector<std::uint16_t>& ports) {
  for (const RulePart& part : rule.parts) {
    const auto* match = std::get_if<Match>(&part);
    if (match == nullptr || match->operand.field != Field::DestinationPort || match->negated) continue;
    for (const Interval& range : match->values.intervals()) {
      const auto port = static_cast<std::uint16_t>(range.first);
      if (ports.size() < kPortsTried && std::ranges::find(ports, port) == ports.end()) ports.push_back(port);
    }
  }
}

// Ports that rules of the table where the earlier packets end speak of.
std::vector<std::uint16_t> singled_out(const RulePlace& place) {
  std::vector<std::uint16_t> ports;
  if (place.table == nullptr) return ports;
  for (const Chain& chain : place.table->chains)
    if (!chain.hook || chain.hook->hook == Hook::Input || chain.hook->hook == Hook::Forward)
      for (const Rule& rule : chain.rules) each_port(rule, ports);
  return ports;
}

void find_elsewhere(LineCase& open) {
  if (open.earlier.empty()) return;
  const FieldValue own = open.values().value(Field::SourcePort);
  for (const std::uint16_t port : singled_out(open.earlier.front().taken_by)) {
    if (port == own) continue;
    LoggedPacket other = open.line();
    other.seen.packet.values.set(Field::SourcePort, port);
    auto found = find_earlier(*open.scene, other, candidates_before(other), *open.rule());
    std::ranges::move(found, std::back_inserter(open.elsewhere));
  }
}

// Would there be a line without the rules that reject?
void find_without_reject(LineCase& open) {
  std::vector<RuleEdit> edits;
  for (const EarlierPacket& earlier : open.earlier) {
    if (earlier.maker != KernelAnswer::Maker::RejectRule || earlier.maker_rule.rule == nullptr) continue;
    const RuleEdit edit = removal(earlier.maker_rule);
    if (std::ranges::find(edits, edit) == edits.end()) edits.push_back(edit);
  }
  if (edits.empty()) return;
  const auto changed = apply_edits(*open.rules, edits);
  if (!changed) return;
  const Program program(*changed);
  const Scene scene{&program, open.scene->machine};
  open.without_reject = find_earlier(scene, open.line(), candidates_before(open.line()), *open.rule());
  // Their places are in a ruleset that ends here.
  for (EarlierPacket& earlier : open.without_reject) earlier.maker_rule = earlier.taken_by = {};
}

bool accepts_established(const Rule& rule) {
  const auto* verdict = rule.target() == nullptr ? nullptr : std::get_if<Verdict>(rule.target());
  if (verdict == nullptr || verdict->kind != Verdict::Kind::Accept) return false;
  bool asks = false;
  for (const RulePart& part : rule.parts) {
    if (!is_match(part)) continue;
    const auto* match = std::get_if<Match>(&part);
    if (match == nullptr || match->operand.field != Field::ConnectionState) return false;
    const auto values = whole_values(*match);
    asks = values && values->covers(values_of(ConnectionState::Established));
  }
  return asks;
}

void find_established(LineCase& open) {
  const LoggingRule& rule = *open.rule();
  bool behind = false;
  for (std::size_t i = 0; i != rule.place.chain->rules.size(); ++i) {
    const Rule& each = rule.place.chain->rules[i];
    if (&each == rule.place.rule) behind = true;
    if (!accepts_established(each)) continue;
    open.established_accepted = true;
    if (behind && !open.established_later)
      open.established_later = RulePlace{rule.place.table, rule.place.chain, &each, static_cast<std::uint32_t>(i + 1)};
  }
  for (const TraceStep& step : rule.before)
    if (step.rule != nullptr && accepts_established(*step.rule)) open.established_accepted = true;
}

// The packet of the capture that goes the other way between the same ends.
void find_captured(LineCase& open) {
  const PartialPacket& line = open.line().seen;
  for (const CapturedPacket& packet : open.pasted->captured) {
    const PartialPacket& seen = packet.seen;
    if (!seen.may_be(Field::Protocol, line, Field::Protocol)) continue;
    if (!seen.may_be(Field::SourceAddress, line, Field::DestinationAddress) ||
        !seen.may_be(Field::DestinationAddress, line, Field::SourceAddress))
      continue;
    if (open.is_tcp() || open.is_udp()) {
      if (!seen.may_be(Field::SourcePort, line, Field::DestinationPort) ||
          !seen.may_be(Field::DestinationPort, line, Field::SourcePort))
        continue;
    }
    if (open.captured == nullptr) open.captured = &packet;
  }
  if (open.captured == nullptr || !open.captured->time_s) return;
  for (const CapturedPacket& packet : open.pasted->captured) {
    if (&packet <= open.captured || !packet.time_s) continue;
    if (!packet.seen.may_be(Field::SourcePort, line, Field::SourcePort) ||
        !packet.seen.may_be(Field::DestinationPort, line, Field::DestinationPort))
      continue;
    const double between = *packet.time_s - *open.captured->time_s;
    if (between >= 0 && between <= kBeforeMax_s) open.captured_before_s = between;
    return;
  }
}

}  // namespace

bool LineCase::can_be(ConnectionState state) const { return std::ranges::find(states, state) != states.end(); }
bool LineCase::is_tcp() const { return values().is_known(Field::Protocol) && line().seen.packet.protocol() == kTcp; }
bool LineCase::is_udp() const { return values().is_known(Field::Protocol) && line().seen.packet.protocol() == kUdp; }
bool LineCase::is_icmp() const {
  const std::uint8_t protocol = line().seen.packet.protocol();
  return values().is_known(Field::Protocol) && (protocol == kIcmp || protocol == kIcmp6);
}
std::optional<std::uint8_t> LineCase::flags() const {
  if (!is_tcp() || !values().is_known(Field::TcpFlags)) return std::nullopt;
  return static_cast<std::uint8_t>(values().number<unsigned>(Field::TcpFlags) & 0x37U);
}
int LineCase::icmp_type() const {
  if (!is_icmp() || !values().is_known(Field::IcmpTypeCode)) return -1;
  return static_cast<int>(values().number<unsigned>(Field::IcmpTypeCode) >> 8);
}
std::uint32_t LineCase::port(Field field) const {
  return values().is_known(field) ? values().number<std::uint32_t>(field) : 0;
}
std::uint32_t LineCase::other_port() const { return port(arrives() ? Field::SourcePort : Field::DestinationPort); }
std::uint32_t LineCase::own_port() const { return port(arrives() ? Field::DestinationPort : Field::SourcePort); }
bool LineCase::is_to_many() const {
  if (line().broadcast_frame) return true;
  if (!values().is_known(Field::DestinationAddress)) return false;
  const IpAddress to = values().address(Field::DestinationAddress);
  return is_multicast(to) || is_broadcast(to);
}
bool LineCase::may_be_reply() const {
  if (is_tcp()) return flags() && (*flags() & (tcp_flag::kAck | tcp_flag::kRst)) == tcp_flag::kAck;
  return is_udp() && is_service_port(other_port()) && !is_service_port(own_port()) && !is_to_many();
}
bool LineCase::is_stopped() const { return rule() && rules::is_stopped(rule()->fate); }
std::string LineCase::other_end() const {
  const std::string host = address_words(line().seen, arrives() ? Field::SourceAddress : Field::DestinationAddress);
  const std::uint32_t port = other_port();
  return port == 0 ? host : fmt::format("{} {}", host, port_words(port));
}

LineCase open_case(const LineGroup& group, const PastedText& pasted, const Scene* scene) {
  LineCase open;
  open.group = &group;
  open.pasted = &pasted;
  open.scene = scene;
  find_captured(open);
  if (scene == nullptr) {
    const Ruleset none;
    const Program program(none);
    open.states = first_states({&program, machine_of(group.first, nullptr)}, group.first);
    return open;
  }
  open.rules = &scene->program->ruleset();
  open.search = find_logging_rule(*scene, group.first);
  if (!open.rule()) {
    open.states = first_states(*scene, group.first);
    return open;
  }
  open.states = open.rule()->states;
  open.earlier = find_earlier(*scene, group.first, candidates_before(group.first), *open.rule());
  // What the kernel makes has its state from what it answers; where replies of open connections come to the rule, they
  // are most of what it sees.
  std::optional<ConnectionState> likeliest;
  if (!open.earlier.empty())
    likeliest = open.earlier.front().answer_state;
  else if (open.can_be(ConnectionState::Established) && open.may_be_reply())
    likeliest = ConnectionState::Established;
  if (likeliest && *likeliest != open.state()) {
    RuleSearch again = find_logging_rule(*scene, group.first, likeliest);
    if (again.found && again.found->place.rule == open.rule()->place.rule) open.search = std::move(again);
    open.states = open.rule()->states;
  }
  find_without_reject(open);
  find_elsewhere(open);
  find_established(open);
  return open;
}

}  // namespace mailweir::rules
