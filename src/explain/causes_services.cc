// New connections, by what they are for.
#include <fmt/format.h>

#include "base/mail_ports.h"
#include "explain/causes.h"
#include "record/packet_sighting.h"

namespace mailweir::rules::causes {
namespace {

constexpr std::uint32_t kDns = 53;

bool opens(const LineCase& c) {
  if (c.is_tcp())
    return c.flags() && (*c.flags() & (tcp_flag::kSyn | tcp_flag::kAck | tcp_flag::kRst)) == tcp_flag::kSyn;
  return c.is_udp() && !c.is_to_many() &&
         (is_service_port(c.own_port()) || !is_service_port(c.other_port()) || !c.arrives());
}

std::string sender_words(const LineCase& c) {
  if (c.line().user) return fmt::format("A program of user {}", *c.line().user);
  if (c.line().way == Hook::Output) return "A program here";
  return c.values().is_known(Field::SourceAddress) ? c.values().address(Field::SourceAddress).text() : "Somebody";
}

}  // namespace

std::optional<Judgement> mail_retry(const LineCase& c) {
  const std::uint32_t port = c.port(Field::DestinationPort);
  if (!c.is_tcp() || !opens(c) || !is_sending_port(static_cast<std::uint16_t>(port)) || c.line().way == Hook::Input)
    return std::nullopt;
  Judgement judgement;
  judgement.probability = c.is_stopped() || !c.rule() ? 0.95 : 0.6;
  const bool forwarded = c.line().way == Hook::Forward;
  judgement.text = fmt::format(
      "{} tries to send mail at {}{}. {}", sender_words(c), port_words(port),
      c.is_stopped() ? ", which these rules stop" : "",
      c.group->destinations > 10
          ? fmt::format(
                "{} different servers in these lines: mail servers and spam programs look like that, one person's mail "
                "program does not.",
                c.group->destinations)
      : c.is_stopped() ? "What cannot be delivered is tried again for days, and every try is a line."
      : forwarded      ? "`mailweir analyze` tells whether it is spam."
                       : "`mailweir observe` tells which program it is.");
  return judgement;
}

std::optional<Judgement> dns_over_tcp(const LineCase& c) {
  if (!c.is_tcp() || !opens(c) || c.port(Field::DestinationPort) != kDns || c.line().way == Hook::Input)
    return std::nullopt;
  Judgement judgement;
  judgement.probability = 0.95;
  judgement.text = fmt::format(
      "{} asks a name server over TCP: the answer did not fit into UDP (large TXT, MX or DNSSEC answers), and the "
      "rules know "
      "DNS over UDP only. Without it those names cannot be looked up; mail servers need them.",
      sender_words(c));
  return judgement;
}

std::optional<Judgement> late_dns_answer(const LineCase& c) {
  if (!c.is_udp() || !c.arrives() || c.port(Field::SourcePort) != kDns || is_service_port(c.own_port()))
    return std::nullopt;
  Judgement judgement;
  judgement.probability = 0.85;
  judgement.text = fmt::format(
      "An answer of the name server {} that came after conntrack had forgotten the question (30 s), or a second answer "
      "to "
      "it: the resolver had asked another server meanwhile. Harmless where it is rare.",
      c.values().is_known(Field::SourceAddress) ? c.values().address(Field::SourceAddress).text() : "");
  const PacketValues& values = c.values();
  if (values.is_known(Field::SourceAddress) && values.is_known(Field::DestinationAddress))
    judgement.before = packet_text(udp_packet(values.address(Field::DestinationAddress),
                                              values.number<std::uint16_t>(Field::DestinationPort),
                                              values.address(Field::SourceAddress), kDns));
  return judgement;
}

std::optional<Judgement> not_allowed(const LineCase& c) {
  if (!opens(c) || c.port(Field::DestinationPort) == 0 || c.group->scan) return std::nullopt;
  if (c.rule() && !c.can_be(ConnectionState::New)) return std::nullopt;
  Judgement judgement;
  judgement.probability = 0.5;
  judgement.text =
      fmt::format("{} opens a connection to {}{}{}, and no rule before the one that logs takes it.", sender_words(c),
                  port_words(c.port(Field::DestinationPort)), c.is_udp() ? " over UDP" : "",
                  c.line().way == Hook::Input     ? " of this machine"
                  : c.line().way == Hook::Forward ? " through this machine"
                                                  : " elsewhere");
  return judgement;
}

}  // namespace mailweir::rules::causes
