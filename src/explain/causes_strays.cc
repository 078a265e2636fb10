// Packets that conntrack finds no connection for.
//
// Sources: measured on Linux 6.18: without an entry NEW are SYN and (loose) ACK, all other flags INVALID; nf_conntrack
// timeouts (nf_conntrack_proto_tcp.c): 10 s after a reset, 120 s in TIME_WAIT, 30 s UDP.
#include <fmt/format.h>

#include "explain/causes.h"
#include "record/packet_sighting.h"
#include "ruleset/number_names.h"

namespace mailweir::rules::causes {
namespace {

using namespace tcp_flag;

bool has(const LineCase& c, std::uint8_t flags) { return c.flags() && (*c.flags() & flags) != 0; }
// Of the middle or end of a connection.
bool is_midstream(const LineCase& c) {
  const auto flags = c.flags();
  return flags && (*flags & kSyn) == 0 && (*flags & (kAck | kRst)) != 0;
}

}  // namespace

std::optional<Judgement> late_packet(const LineCase& c) {
  if (!is_midstream(c) || c.group->scan) return std::nullopt;
  const bool service = is_service_port(c.other_port()) || is_service_port(c.own_port());
  const bool ours = !c.arrives() && may_be_made_by_kernel(c.line());
  Judgement judgement;
  judgement.probability = ours ? 0.2 : has(c, kFin) ? 0.75 : has(c, kRst) ? 0.6 : 0.6;
  if (!service) judgement.probability /= 2;
  if (c.rule() && !c.can_be(ConnectionState::Invalid) && !c.can_be(ConnectionState::New)) return std::nullopt;
  judgement.text =
      ours ? fmt::format("A packet of an old connection with {} came after conntrack had forgotten it, and was reset.",
                         c.other_end())
           : fmt::format(
                 "The connection with {} is over for conntrack (10 s after a reset, 2 minutes after both sides "
                 "closed), and "
                 "this is its tail: a repeated FIN, ACK or reset. Harmless; browsers, phones and mail servers make "
                 "them all "
                 "day.",
                 c.other_end());
  return judgement;
}

std::optional<Judgement> asymmetric_routing(const LineCase& c) {
  const auto flags = c.flags();
  if (!flags || c.group->scan || !c.arrives()) return std::nullopt;
  const bool forwarded = c.line().way == Hook::Forward;
  Judgement judgement;
  if (*flags == (kSyn | kAck)) {
    judgement.probability = forwarded ? 0.75 : 0.2;
    judgement.text = fmt::format(
        "A SYN/ACK of which this machine never saw the SYN: the way out goes by another router or interface, only the "
        "way "
        "back comes by here{}. conntrack must see both directions.",
        forwarded ? "" : " (with several addresses or uplinks on this machine)");
  } else if (is_midstream(c)) {
    judgement.probability = forwarded ? (c.group->lines > 20 ? 0.55 : 0.35) : 0.1;
    judgement.text =
        "Packets of the middle of connections whose beginning did not come by here: the other direction takes another "
        "way, or "
        "this machine was rebooted or its connections were flushed meanwhile.";
  } else {
    return std::nullopt;
  }
  if (c.rule() && !c.can_be(ConnectionState::Invalid) && !c.can_be(ConnectionState::New)) return std::nullopt;
  return judgement;
}

std::optional<Judgement> table_full(const LineCase& c) {
  if (c.pasted->table_full == 0 && !(c.flags() && c.can_be(ConnectionState::Invalid) && c.group->lines >= 1000))
    return std::nullopt;
  Judgement judgement;
  judgement.probability = c.pasted->table_full != 0 ? 0.9 : 0.1;
  judgement.text = c.pasted->table_full != 0
                       ? fmt::format(
                             "The log says {} times \"nf_conntrack: table full, dropping packet\": connections that "
                             "find no place are not tracked, and what follows of them is INVALID.",
                             c.pasted->table_full)
                       : "Very many INVALID packets: see whether /proc/sys/net/netfilter/nf_conntrack_count is near "
                         "nf_conntrack_max; connections that find no place in the table are INVALID too.";
  return judgement;
}

std::optional<Judgement> port_scan(const LineCase& c) {
  const auto flags = c.flags();
  Judgement judgement;
  if (!c.arrives()) {
    if (!c.group->scan || !has(c, kRst)) return std::nullopt;
    judgement.probability = 0.9;
    judgement.text = fmt::format(
        "Resets from {} of this machine's ports to one other: it is scanning them, and these are the "
        "answers.",
        c.group->ports);
    return judgement;
  }
  if (c.group->scan) {
    judgement.probability = 0.97;
    judgement.text = fmt::format(
        "{} {} tried {} {}port{} in these lines: a scan. The rule does its work; the lines tell "
        "nothing more.",
        c.group->sources, c.group->sources == 1 ? "host" : "hosts", c.group->ports,
        c.group->ports >= kPasteLimits.distinct_max ? "and more " : "", c.group->ports == 1 ? "" : "s");
    return judgement;
  }
  const std::uint8_t protocol = c.line().seen.packet.protocol();
  constexpr std::uint8_t kIgmp = 2;
  if (c.values().is_known(Field::Protocol) && protocol != kTcp && protocol != kUdp && !c.is_icmp() &&
      protocol != kIgmp) {
    judgement.probability = 0.5;
    judgement.text = fmt::format(
        "Protocol {}: a tunnel or VPN tries to reach this machine (GRE, ESP, AH and the like), or a scanner tries "
        "which protocols it answers.",
        value_text(Field::Protocol, protocol));
    return judgement;
  }
  const bool odd = flags && (*flags == 0 || *flags == kFin || *flags == (kFin | kPsh | kUrg) ||
                             (*flags & (kSyn | kFin)) == (kSyn | kFin) || (*flags & (kSyn | kRst)) == (kSyn | kRst) ||
                             *flags == (kFin | kUrg));
  if (odd) {
    judgement.probability = 0.9;
    judgement.text =
        "No TCP stack sends such flags: a scanner does, to tell open ports from closed ones past a firewall.";
    return judgement;
  }
  const bool answers = is_service_port(c.other_port()) && !is_service_port(c.own_port());
  const bool opens = flags ? *flags == kSyn : c.is_udp() && !answers;
  if (opens && !c.is_to_many() && c.line().way == Hook::Input && c.line().in != "lo") {
    // Small windows and no options: masscan, zmap and nmap build their SYNs by hand.
    const bool by_hand = flags && c.values().is_known(Field::Length) && c.values().value(Field::Length) <= 44 &&
                         c.values().is_known(Field::TcpWindow);
    judgement.probability = by_hand ? 0.8 : 0.4;
    judgement.text = fmt::format(
        "Somebody on the net tries {}{}. Every public address is asked so all day.", port_words(c.own_port()),
        by_hand ? ", with a SYN that no operating system sends (no or one TCP option): a scanner's" : "");
    return judgement;
  }
  if (flags && *flags == (kSyn | kAck) && !is_service_port(c.other_port())) {
    judgement.probability = 0.3;
    judgement.text =
        "A SYN/ACK without a SYN, from a port that offers no service: a scanner that looks for hosts behind "
        "firewalls sends such.";
    return judgement;
  }
  return std::nullopt;
}

std::optional<Judgement> icmp_error(const LineCase& c) {
  if (!c.arrives() || !c.is_icmp()) return std::nullopt;
  const int type = c.icmp_type();
  if (type < 0 || !is_icmp_error(c.line().seen.packet.protocol(), static_cast<std::uint8_t>(type))) return std::nullopt;
  Judgement judgement;
  judgement.probability = 0.9;
  const auto& quoted = c.line().seen.packet.quoted;
  const bool related = c.rule() && c.can_be(ConnectionState::Related);
  const bool too_big = c.line().seen.packet.is_v4() ? c.values().value(Field::IcmpTypeCode) == (3 << 8 | 4)  // RFC 1191
                                                    : type == 2;                                             // RFC 8201
  judgement.text = fmt::format(
      "{} tells that a packet{} did not get through. {}{}",
      c.values().is_known(Field::SourceAddress) ? c.values().address(Field::SourceAddress).text() : "Somebody",
      quoted ? fmt::format(" from {} to {} (quoted in brackets)", quoted->source.text(), quoted->destination.text())
             : "",
      related
          ? "If conntrack knows that packet's connection the error is RELATED, and these rules do not accept RELATED."
          : "conntrack knows no connection of the quoted packet: it is over, or somebody forged your address, so the "
            "error "
            "is INVALID.",
      too_big ? " It says how large packets may be: dropping it makes connections hang." : "");
  if (quoted) {
    SimulatedPacket before = packet_of(quoted->protocol, quoted->source, quoted->destination);
    if (before.values.knowledge_of(Field::SourcePort) == Knowledge::Known) {
      before.values.set(Field::SourcePort, quoted->source_port);
      before.values.set(Field::DestinationPort, quoted->destination_port);
    }
    if (quoted->protocol == kTcp) before.values.set(Field::TcpFlags, kSyn);
    judgement.before = packet_text(before);
  }
  return judgement;
}

}  // namespace mailweir::rules::causes
