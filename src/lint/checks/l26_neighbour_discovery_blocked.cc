#include <fmt/format.h>

#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "lint/subject.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

struct Needed {
  std::uint8_t type;
  Way way;
  ConnectionState state;
  std::string_view what;
};
// RFC 4890. Neighbour discovery is UNTRACKED (nf_conntrack_proto_icmpv6.c).
constexpr Needed kNeeded[] = {
    {135, Way::In, ConnectionState::Untracked, "neighbours' questions (type 135)"},
    {136, Way::In, ConnectionState::Untracked, "neighbours' answers (type 136)"},
    {135, Way::Out, ConnectionState::Untracked, "questions for neighbours (type 135)"},
    {136, Way::Out, ConnectionState::Untracked, "answers to neighbours (type 136)"},
    {2, Way::In, ConnectionState::Related, "packet too big (type 2)"},
    {2, Way::Through, ConnectionState::Related, "packet too big (type 2)"},
};

SimulatedPacket linked(const Needed& needed, const char* source, const char* destination, const SimulatedPacket& base) {
  SimulatedPacket packet = base;
  packet.values.set(Field::SourceAddress, *IpAddress::parse(source));
  packet.values.set(Field::DestinationAddress, *IpAddress::parse(destination));
  if (needed.type != 2) packet.values.set(Field::Ttl, 255);  // RFC 4861 section 7.1
  return packet;
}

void run(LintSubject& subject) {
  for (const Way way : {Way::In, Way::Through, Way::Out}) {
    if (!subject.filters(way, false)) continue;
    // Where nothing of IPv6 is to pass anyhow, nothing needs neighbours, or errors about it.
    const auto passes = [&](ConnectionState state) {
      return subject.packet_that(Played::End::Passes, tcp_packets(state, way), way, false).has_value();
    };
    if (!passes(ConnectionState::Established) && (way == Way::Through || !passes(ConnectionState::New))) continue;
    std::string blocked;
    std::optional<Witness> witness;
    for (const Needed& needed : kNeeded) {
      if (needed.way != way) continue;
      const auto base = sample_packet(icmp_packets(false, needed.type, 0, needed.state, way), way, false);
      if (!base) continue;
      // To and from addresses of the link, and others: rules may let some pass, and that is enough here.
      bool some_pass = false;
      std::optional<Witness> stopped;
      for (const auto& [source, destination] :
           {std::pair{"fe80::1", "fe80::2"}, std::pair{"fe80::1", "ff02::1:ff00:10"},
            std::pair{"2001:db8:1::1", "2001:db8:1::10"}, std::pair{"2001:db8:9::1", "2001:db8:1::10"}}) {
        const SimulatedPacket packet = linked(needed, source, destination, *base);
        const Played played = subject.stage().play(packet, way);
        if (played.end == Played::End::Stopped)
          stopped = subject.stage().witness(packet, way, played);
        else
          some_pass = true;
      }
      if (some_pass || !stopped) continue;
      blocked += fmt::format("{}{}", blocked.empty() ? "" : ", ", needed.what);
      if (!witness) witness = stopped;
    }
    const auto chain = subject.main_chain(way, false);
    if (blocked.empty() || !chain) continue;
    Finding& finding =
        subject.add(Confidence::Replayed, *chain, fmt::format("stops ICMPv6 that IPv6 cannot do without: {}", blocked));
    finding.witness = witness;
    finding.fix = "accept ICMPv6 near the top: -p ipv6-icmp -j ACCEPT";
    Rule accept;
    accept.parts = {Match{.operand = {Field::Protocol}, .values = IntervalSet::single(kIcmp6)}, Counter{},
                    Verdict{.kind = Verdict::Kind::Accept, .chain = {}}};
    RulePlace first = *chain;
    first.number = 1;
    finding.edits.push_back(insertion(first, std::move(accept)));
    PacketBox meant;
    meant.constrain(FieldValues{Field::Protocol, IntervalSet::single(kIcmp6), false});
    finding.may_change.push_back(std::move(meant));
  }
}

}  // namespace

const Check l26{
    .number = "L26",
    .id = "neighbour-discovery-blocked",
    .severity = Severity::Error,
    .confidence = Confidence::Replayed,
    .meaning = "ICMPv6 that IPv6 cannot do without is stopped",
    .why =
        "What ARP is to IPv4, neighbour discovery is to IPv6, and it is made of ICMPv6; routers do not fragment, so "
        "senders must hear \"packet too big\". Rules copied from IPv4 stop both: the machine is unreachable minutes "
        "later, or large mails stall.",
    .wrong = {.rules = "iptables -A INPUT -i lo -j ACCEPT\n",
              .rules_v6 = "-A INPUT -i lo -j ACCEPT\n"
                          "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                          "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                          "-A INPUT -j DROP\n"},
    .right = {.rules = "iptables -A INPUT -i lo -j ACCEPT\n",
              .rules_v6 = "-A INPUT -i lo -j ACCEPT\n"
                          "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                          "-A INPUT -p ipv6-icmp -j ACCEPT\n"
                          "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                          "-A INPUT -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
