#include "ingest/mx_query.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <functional>
#include <string>

#include "packet/bytes.h"

namespace mailweir {

std::optional<std::uint32_t> mx_query(const UdpPacket& packet) {
  const auto& message = packet.payload;
  if (packet.destination_port != kDnsPort || message.size() < NS_HFIXEDSZ + NS_QFIXEDSZ) return std::nullopt;
  const bool is_query = (message[2] & 0xf8) == 0;  // QR and OPCODE
  const unsigned questions = read_u16(message, 4);
  if (!is_query || questions != 1) return std::nullopt;
  const std::uint8_t* const name = message.data() + NS_HFIXEDSZ;
  const std::uint8_t* const end = message.data() + message.size();
  const int length = dn_skipname(name, end);
  if (length < 1 || length > NS_MAXCDNAME || end - name - length < NS_QFIXEDSZ) return std::nullopt;
  const auto question = message.subspan(static_cast<std::size_t>(NS_HFIXEDSZ + length));
  if (read_u16(question, 0) != ns_t_mx || read_u16(question, 2) != ns_c_in) return std::nullopt;
  std::string text(name, name + length);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return std::max(1U, static_cast<std::uint32_t>(std::hash<std::string>{}(text)));
}

PacketSighting mx_sighting(const UdpPacket& packet, std::uint32_t name, Time time) {
  return {.time = time,
          .source = packet.source,
          .destination = packet.destination,
          .source_port = packet.source_port,
          .destination_port = packet.destination_port,
          .mx_name = name,
          .view = View::FirstPackets};
}

ConnectionEvent asked_mx(const PacketSighting& packet) {
  return {.time = packet.time,
          .client = packet.source,
          .server = packet.destination,
          .client_port = packet.source_port,
          .server_port = packet.destination_port,
          .payload = packet.mx_name,
          .kind = ConnectionEvent::Kind::AskedMx,
          .view = packet.view};
}

}  // namespace mailweir
