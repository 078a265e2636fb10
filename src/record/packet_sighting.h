// One TCP packet of a mail port, or a question for mail servers (MX), as a capture, a kernel log or NFLOG showed it.
#pragma once

#include <cstdint>

#include "base/ip.h"
#include "base/time.h"

namespace mailweir {

// What a source can see at all.
enum class View : std::uint8_t {
  FirstPackets,  // only the packet that opens a connection: a log rule with `ct state new` or `--syn`
  OneSided,      // packets of the client only: a log rule without that
  TwoSided,      // both directions: a capture, or conntrack
};

// The way through the machine, as far as the source tells.
enum class Path : std::uint8_t { Unknown, Input, Output, Forward };

namespace tcp_flag {  // RFC 9293 section 3.1
inline constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10, kUrg = 0x20;
}

struct PacketSighting {
  Time time;
  IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint32_t payload = 0;   // TCP payload bytes, from the IP lengths: a snap length does not shorten it
  std::uint32_t sequence = 0;  // 0 in logs without --log-tcp-sequence
  std::uint32_t mx_name = 0;   // of a question for the mail servers of a domain: a hash of its name; 0: no question
  std::uint16_t ip_id = 0;     // tells a packet logged twice from a retransmission; 0 in IPv6
  std::uint16_t rule = 0;      // which log rule wrote it (an interned log prefix); 0: none
  std::uint16_t hardware = 0;  // a hash of the hardware address it came from; 0: the source does not show one
  std::uint8_t flags = 0;      // tcp_flag
  Path path = Path::Unknown;
  View view = View::TwoSided;
  // The packet did not pass: the rule that logged it also drops or rejects it (prefix says so), or cannot be trusted to
  // show every packet (rate limit). What follows of this connection then says nothing about its end.
  bool stopped_or_sampled = false;
};

}  // namespace mailweir
