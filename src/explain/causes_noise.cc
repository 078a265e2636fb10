// What neighbours send to everybody.
#include <fmt/format.h>

#include "explain/causes.h"

namespace mailweir::rules::causes {
namespace {

constexpr std::uint32_t kIgmp = 2;  // IANA protocol number

// "NetBIOS name service", by what listens there.
std::string_view noise_of(const LineCase& c) {
  if (c.line().seen.packet.protocol() == kIgmp) return "IGMP: routers asking who listens to which group";
  switch (c.port(Field::DestinationPort)) {
    case 67:
    case 68:
    case 547:
      return "DHCP: somebody asks for an address";
    case 137:
    case 138:
      return "NetBIOS: Windows and Samba machines announce themselves";
    case 1900:
      return "SSDP (UPnP): televisions, routers and browsers look for devices";
    case 3702:
      return "WS-Discovery: Windows looks for printers";
    case 5353:
      return "mDNS: Apple devices, printers and phones announce themselves";
    case 5355:
      return "LLMNR: Windows looks up names";
    case 10001:
      return "Ubiquiti's discovery of access points";
    case 17500:
      return "Dropbox looks for its like in the network";
    case 27036:
      return "Steam looks for its like in the network";
    default:
      return "";
  }
}

std::string sentence(const LineCase& c, std::string_view kind) {
  const std::string_view noise = noise_of(c);
  return fmt::format(
      "A {}: sent to everybody in the network, not to this machine{}{}. Harmless; it is only noise in the log.", kind,
      noise.empty() ? "" : ". ", noise);
}

bool is_multicast_group(const LineCase& c) {
  return c.values().is_known(Field::DestinationAddress) && is_multicast(c.values().address(Field::DestinationAddress));
}

bool is_neighbour_discovery(const LineCase& c) {
  return !c.line().seen.packet.is_v4() && c.icmp_type() >= 133 && c.icmp_type() <= 137;  // RFC 4861
}

}  // namespace

std::optional<Judgement> broadcast_noise(const LineCase& c) {
  if (c.line().way == Hook::Output || is_multicast_group(c)) return std::nullopt;
  const bool known = c.values().is_known(Field::DestinationAddress);
  const IpAddress to = c.values().address(Field::DestinationAddress);
  const bool limited = known && is_broadcast(to);
  // A network's own broadcast address ends in ones; with a frame to everybody it is one.
  const bool directed =
      known && to.is_v4() && (to.v4_bits() & 0xff) == 0xff && (c.is_udp() || c.line().broadcast_frame);
  if (!limited && !c.line().broadcast_frame && !directed) return std::nullopt;
  Judgement judgement;
  judgement.probability = limited || c.line().broadcast_frame ? 0.95 : 0.7;
  judgement.text = sentence(c, "broadcast");
  return judgement;
}

std::optional<Judgement> multicast_noise(const LineCase& c) {
  if (!is_multicast_group(c) || is_neighbour_discovery(c)) return std::nullopt;
  Judgement judgement;
  judgement.probability = 0.95;
  judgement.text = c.arrives()
                       ? sentence(c, "multicast")
                       : fmt::format("A program here sends to a multicast group, not to one machine. {}", noise_of(c));
  return judgement;
}

std::optional<Judgement> neighbour_discovery(const LineCase& c) {
  if (!is_neighbour_discovery(c)) return std::nullopt;
  Judgement judgement;
  judgement.probability = 0.95;
  judgement.text =
      "IPv6 asks for its neighbours' hardware addresses with ICMPv6 (types 133 to 136). It is no attack: where these "
      "packets "
      "are dropped, IPv6 stops working. conntrack does not track them; their state is UNTRACKED.";
  return judgement;
}

std::optional<Judgement> ping(const LineCase& c) {
  if (!c.is_icmp()) return std::nullopt;
  const bool v4 = c.line().seen.packet.is_v4();
  const bool reply = c.icmp_type() == (v4 ? 0 : 129);
  if (c.icmp_type() != (v4 ? 8 : 128) && !(reply && c.arrives())) return std::nullopt;
  Judgement judgement;
  judgement.probability = 0.9;
  judgement.text = !c.arrives() ? "A program here pings another machine."
                   : reply ? "The reply to a ping this machine did not send, or that conntrack has forgotten (30 s)."
                           : "Somebody pings this machine, or one behind it.";
  return judgement;
}

}  // namespace mailweir::rules::causes
