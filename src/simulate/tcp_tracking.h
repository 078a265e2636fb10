// What the kernel's conntrack makes of TCP segments: states and windows of one connection.
//
// Source: nf_conntrack_proto_tcp.c of Linux 6.18 (behaviour; first-packet classification measured for all 256 flag
// bytes, docs/sources.md#kernel-packets). Older kernels differ where a packet is out of window: before 6.2 everything
// past the upper bound was INVALID; since then what a receiver could have accepted passes without changing anything.
#pragma once

#include <array>
#include <cstdint>

#include "base/time.h"
#include "simulate/packet_values.h"
#include "sys/conntrack_flow.h"

namespace mailweir::rules {

// net.netfilter.nf_conntrack_tcp_*
struct TcpTrackingSettings {
  bool loose = true;        // a connection may be picked up in the middle
  bool be_liberal = false;  // only resets out of window are INVALID
  bool ignore_invalid_rst = false;
};

inline constexpr int kTcpStates = 10;
[[nodiscard]] std::string_view name_of(TcpState state);  // "SYN_SENT", …
[[nodiscard]] Duration timeout_of(TcpState state);       // tcp_timeouts[] as the kernel sets out with

// enum tcp_bit_set.
enum class TcpEvent : std::uint8_t { Syn, SynAck, Fin, Ack, Rst, None };

// May such a segment be part of anything? (tcp_valid_flags[]; PSH, ECE and CWR do not count.)
[[nodiscard]] bool are_valid_tcp_flags(std::uint8_t flags);

struct TcpSegment {
  std::uint32_t sequence = 0, acknowledgement = 0, payload = 0;
  std::uint16_t window = 0;
  std::uint8_t flags = 0;
  TcpOptions options;

  [[nodiscard]] static TcpSegment of(const SimulatedPacket& packet);
  [[nodiscard]] TcpEvent event() const;
  [[nodiscard]] std::uint32_t end() const;  // sequence number behind it
};

class TcpTracking {
 public:
  enum class Outcome : std::uint8_t {
    Accept,
    Invalid,
    Repeat,  // the connection is over and this segment opens another: forget it and look again
    Forget,  // accepted, and the connection is gone: its only answer was a reset
  };

  // Of a connection's first segment. False: it cannot open one (INVALID).
  bool open(const TcpSegment& segment, const TcpTrackingSettings& settings);
  // `reply`: against the direction of the first. `seen_reply`, `assured`: IPS_ bits of the connection; may set the
  // latter.
  Outcome segment(const TcpSegment& segment, bool reply, bool seen_reply, bool& assured,
                  const TcpTrackingSettings& settings);

  // A REJECT rule reset it (nf_conntrack_tcp_set_closing).
  void set_closing() { state_ = TcpState::Close; }

  [[nodiscard]] TcpState state() const { return state_; }

 private:
  struct Side {
    std::uint32_t end = 0, window_end = 0, window_max = 0, acknowledged = 0;
    std::uint8_t scale = 0;
    bool scales = false, selective_ack = false, liberal = false, close_begun = false, has_acknowledged = false;
  };
  enum class Window : std::uint8_t { In, Ignore, Invalid };

  void begin(Side& sender, Side& receiver, const TcpSegment& segment, bool reply) const;
  [[nodiscard]] Window fit(const TcpSegment& segment, bool reply, const TcpTrackingSettings& settings);
  void ignore(const TcpSegment& segment, bool reply, TcpState old);
  // A reset in a state that allows it. Nothing in `state`: INVALID.
  enum class Reset : std::uint8_t { Invalid, Check, InWindow };
  [[nodiscard]] Reset judge_reset(const TcpSegment& segment, bool reply, bool seen_reply, bool assured,
                                  const TcpTrackingSettings& settings, TcpState& next) const;
  void blame(const TcpSegment& segment, bool reply, bool assured);

  TcpState state_ = TcpState::None;
  std::array<Side, 2> sides_{};
  // Of the last segment taken (tcp.last_*).
  TcpEvent last_event_ = TcpEvent::None;
  bool last_reply_ = false;
  std::uint32_t last_acknowledgement_ = 0, last_end_ = 0;
  std::uint16_t last_window_ = 0;
  std::uint8_t last_scale_ = 0;
  bool last_scales_ = false, last_selective_ack_ = false, challenge_expected_ = false, simultaneous_ = false;
};

}  // namespace mailweir::rules
