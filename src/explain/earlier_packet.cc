#include "explain/earlier_packet.h"

#include <algorithm>
#include <array>

#include "record/packet_sighting.h"

namespace mailweir::rules {
namespace {

using namespace tcp_flag;

struct Probe {
  std::string_view kind;
  std::uint8_t flags;
};
// RFC 9293 section 3.10.7.1: a reset without ACK answers a segment that had it, one with ACK a segment without.
constexpr std::array<Probe, 4> kWithAck{
    {{"SYN/ACK", kSyn | kAck}, {"ACK", kAck}, {"PSH/ACK", kPsh | kAck}, {"FIN/ACK", kFin | kAck}}};
constexpr std::array<Probe, 4> kWithoutAck{
    {{"SYN", kSyn}, {"FIN", kFin}, {"segment without flags", 0}, {"FIN, PSH, URG", kFin | kPsh | kUrg}}};

const std::pair<Field, Field> kTurned[] = {{Field::SourceAddress, Field::DestinationAddress},
                                           {Field::DestinationAddress, Field::SourceAddress},
                                           {Field::SourcePort, Field::DestinationPort},
                                           {Field::DestinationPort, Field::SourcePort}};

// A packet the other way, with what is known of the line's.
PartialPacket turned(const LoggedPacket& line, std::uint8_t protocol) {
  const PacketValues& seen = line.seen.packet.values;
  PartialPacket packet;
  packet.packet = packet_of(
      protocol,
      seen.is_known(Field::DestinationAddress) || !line.seen.packet.is_v4() ? seen.address(Field::DestinationAddress)
                                                                            : IpAddress::v4(0),
      seen.is_known(Field::SourceAddress) || !line.seen.packet.is_v4() ? seen.address(Field::SourceAddress)
                                                                       : IpAddress::v4(0));
  for (const auto& [to, from] : kTurned) packet.packet.values.copy(to, seen, from);
  for (const auto& [field, possible] : line.seen.possible)
    for (const auto& [to, from] : kTurned)
      if (from == field) packet.possible.emplace_back(to, possible);
  packet.packet.values.set(Field::InputInterface, interface_value(line.out));
  return packet;
}

void add_resets(const LoggedPacket& line, std::vector<EarlierPacket>& all) {
  const PacketValues& seen = line.seen.packet.values;
  const bool acknowledges = (seen.value(Field::TcpFlags) & kAck) != 0;
  for (const Probe& probe : acknowledges ? kWithoutAck : kWithAck) {
    EarlierPacket earlier;
    earlier.kind = probe.kind;
    earlier.packet = turned(line, kTcp);
    PacketValues& values = earlier.packet.packet.values;
    values.set(Field::TcpFlags, probe.flags);
    if (!acknowledges) values.copy(Field::TcpAcknowledgement, seen, Field::TcpSequence);
    if (!values.is_known(Field::TcpAcknowledgement)) values.set(Field::TcpAcknowledgement, 1);
    all.push_back(earlier);
    if ((probe.flags & kAck) == 0 || (probe.flags & (kSyn | kFin)) != 0) continue;
    earlier.loose = false;  // only a bare ACK is told apart by it
    all.push_back(earlier);
  }
}

void add_of_error(const LoggedPacket& line, std::vector<EarlierPacket>& all) {
  const auto& quoted = line.seen.packet.quoted;
  EarlierPacket earlier;
  if (quoted) {
    earlier.packet.packet = packet_of(quoted->protocol, quoted->source, quoted->destination);
    PacketValues& values = earlier.packet.packet.values;
    if (values.knowledge_of(Field::SourcePort) == Knowledge::Known) {
      values.set(Field::SourcePort, quoted->source_port);
      values.set(Field::DestinationPort, quoted->destination_port);
    }
    if (quoted->protocol == kTcp) values.set(Field::TcpFlags, kSyn);
    values.set(Field::InputInterface, interface_value(line.out));
  } else {
    earlier.packet = turned(line, kUdp);
    earlier.packet.packet.values.set_unknown(Field::SourcePort);
    earlier.packet.packet.values.set_unknown(Field::DestinationPort);
  }
  const std::uint8_t protocol = earlier.packet.packet.protocol();
  earlier.kind = protocol == kTcp ? "SYN" : protocol == kUdp ? "UDP datagram" : "packet";
  all.push_back(std::move(earlier));
}

void add_of_reply(const LoggedPacket& line, std::vector<EarlierPacket>& all) {
  EarlierPacket earlier;
  earlier.kind = "echo request";
  earlier.packet = turned(line, line.seen.packet.protocol());
  earlier.packet.packet.values.set(Field::IcmpTypeCode, line.seen.packet.is_v4() ? 8 << 8 : 128 << 8);
  earlier.packet.packet.icmp_id = line.seen.packet.icmp_id;
  all.push_back(std::move(earlier));
}

std::uint8_t icmp_type(const LoggedPacket& line) {
  return static_cast<std::uint8_t>(line.seen.packet.values.number<std::uint32_t>(Field::IcmpTypeCode) >> 8);
}

bool is_reply(const LoggedPacket& line) { return icmp_type(line) == (line.seen.packet.is_v4() ? 0 : 129); }

// Same protocol, ports and flags: the answer is the packet of the line.
bool is_line(const PacketFate& fate, const LoggedPacket& line) {
  if (!fate.cause || fate.packet.protocol() != line.seen.packet.protocol()) return false;
  for (const Field field : {Field::SourcePort, Field::DestinationPort, Field::TcpFlags, Field::IcmpTypeCode}) {
    if (!fate.packet.values.is_known(field)) continue;
    FieldValue value = fate.packet.values.value(field);
    if (!is_possible(line.seen, field, value)) return false;
  }
  return true;
}

// The last rule of a base chain of the packet's own way that it came to.
RulePlace base_place(const PacketFate& fate) {
  for (auto step = fate.notes.steps.rbegin(); step != fate.notes.steps.rend(); ++step)
    if (step->chain->hook && step->chain->hook->type != ChainType::Nat &&
        (step->hook == Hook::Input || step->hook == Hook::Forward))
      return place_of(*step);
  return {};
}

}  // namespace

bool may_be_made_by_kernel(const LoggedPacket& line) {
  if (line.user || line.way != Hook::Output) return false;
  const PacketValues& values = line.seen.packet.values;
  if (line.seen.packet.protocol() == kTcp)
    return values.is_known(Field::TcpFlags) && (values.value(Field::TcpFlags) & kRst) != 0;
  if (!values.is_known(Field::IcmpTypeCode)) return false;
  return is_icmp_error(line.seen.packet.protocol(), icmp_type(line)) || is_reply(line);
}

std::vector<EarlierPacket> candidates_before(const LoggedPacket& line) {
  std::vector<EarlierPacket> all;
  if (!may_be_made_by_kernel(line)) return all;
  if (line.seen.packet.protocol() == kTcp)
    add_resets(line, all);
  else if (is_reply(line))
    add_of_reply(line, all);
  else
    add_of_error(line, all);
  return all;
}

bool is_logged(const std::vector<PacketFate>& fates, const LoggingRule& rule) {
  for (const PacketFate& fate : fates)
    for (const TraceStep& step : fate.notes.steps) {
      const Log* log = logged_by(step);
      if (log != nullptr && log->prefix == rule.log.prefix && step.table->name == rule.place.table->name &&
          step.table->family == rule.place.table->family && step.chain->name == rule.place.chain->name)
        return true;
    }
  return false;
}

std::vector<EarlierPacket> find_earlier(const Scene& scene, const LoggedPacket& line,
                                        std::vector<EarlierPacket> candidates, const LoggingRule& rule) {
  std::vector<EarlierPacket> found;
  for (EarlierPacket& candidate : candidates) {
    bool kept = false;
    scene.follow(candidate.packet, Entry::Receive, candidate.loose, [&](const World& world) {
      for (const PacketFate& fate : world.fates) {
        if (kept || fate.cause != std::optional<std::size_t>(0) || !is_line(fate, line)) continue;
        if (!is_logged({fate}, rule)) continue;
        const PacketFate& own = world.fates.front();
        candidate.maker = fate.maker;
        candidate.maker_rule = end_of(own);
        candidate.taken_by = base_place(own);
        candidate.fate = own.kind;
        candidate.state = own.state;
        candidate.answer_state = fate.state;
        kept = true;
      }
    });
    if (kept) found.push_back(std::move(candidate));
  }
  return found;
}

}  // namespace mailweir::rules
