// What sources tell the detector: things that happened to mail connections, and signs around them, in event-time order.
//
// Rules every source keeps
//   (1) `client` is the side whose mail we judge; traffic towards clients is never turned round.
//   (2) Opened comes once per 5-tuple and connection: retransmitted SYNs are not attempts.
//   (3) Judged comes at most once per Opened, after it; never for a connection we refused, dropped or deleted
//   ourselves.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ip.h"
#include "base/time.h"
#include "record/packet_sighting.h"

namespace mailweir {

// How a connection ended (detection.md section 2, "Outcome classes").
enum class Outcome : std::uint8_t {
  Unknown,    // not Judged yet, or nobody can know
  NoAnswer,   // no SYN-ACK: FAIL_TIMEOUT
  Refused,    // reset before it was established: FAIL_RST
  Short,      // established, too few client bytes for a message: rejected at banner, HELO or RCPT
  Grey,       // between Short and Delivered: no evidence
  Delivered,  // enough client bytes for a message
};

struct ConnectionEvent {
  enum class Kind : std::uint8_t {
    Opened,       // the client's first packet
    Established,  // the handshake was completed by both sides
    Judged,       // the outcome is known
    AskedMx,      // no connection: the client asked for the mail servers of a domain; `payload` is a hash of its name
    LetIn,        // no connection of the client's: it accepted a mail connection from `server`
  };

  Time time;
  IpAddress client, server;
  std::uint16_t client_port = 0, server_port = 0;
  std::uint16_t hardware = 0;  // with Opened: a hash of the hardware address the client uses; 0: unknown
  std::uint32_t payload = 0;   // client's TCP payload bytes, with Judged when known
  Kind kind = Kind::Opened;
  Outcome outcome = Outcome::Unknown;
  View view = View::TwoSided;
};

[[nodiscard]] std::string_view name_of(Outcome outcome);

}  // namespace mailweir
