#include "simulate/tcp_tracking.h"

#include <algorithm>

#include "record/packet_sighting.h"

namespace mailweir::rules {

namespace {

enum Next : std::uint8_t {
  NO,
  SS,
  SR,
  ES,
  FW,
  CW,
  LA,
  TW,
  CL,
  S2,
  IV,
  IG
};  // IV: invalid; IG: let pass, believe nothing

// tcp_conntracks[direction][event][state], linux/net/netfilter/nf_conntrack_proto_tcp.c.
constexpr std::uint8_t kTransitions[2][6][kTcpStates] = {
    {                                            //  NO  SS  SR  ES  FW  CW  LA  TW  CL  S2     the side that opened
     {SS, SS, IG, IG, IG, IG, IG, SS, SS, S2},   // SYN
     {IV, IV, SR, IV, IV, IV, IV, IV, IV, SR},   // SYN-ACK
     {IV, IV, FW, FW, LA, LA, LA, TW, CL, IV},   // FIN
     {ES, IV, ES, ES, CW, CW, TW, TW, CL, IV},   // ACK
     {IV, CL, CL, CL, CL, CL, CL, CL, CL, CL},   // RST
     {IV, IV, IV, IV, IV, IV, IV, IV, IV, IV}},  // none of them
    {                                            //                                             the side that answers
     {IV, S2, IV, IV, IV, IV, IV, SS, IV, S2},
     {IV, SR, IG, IG, IG, IG, IG, IG, IG, SR},
     {IV, IV, FW, FW, LA, LA, LA, TW, CL, IV},
     {IV, IG, SR, ES, CW, CW, TW, TW, CL, IG},
     {IV, CL, CL, CL, CL, CL, CL, CL, CL, CL},
     {IV, IV, IV, IV, IV, IV, IV, IV, IV, IV}},
};

// Comparisons of sequence numbers, modulo 2^32 (linux/include/net/tcp.h).
bool before(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }
bool after(std::uint32_t a, std::uint32_t b) { return before(b, a); }

constexpr std::uint32_t kAckWindow = 66000;  // MAXACKWINCONST

}  // namespace

std::string_view name_of(TcpState state) {
  static constexpr std::array<std::string_view, kTcpStates> kNames{"NONE",     "SYN_SENT",   "SYN_RECV", "ESTABLISHED",
                                                                   "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT",
                                                                   "CLOSE",    "SYN_SENT2"};
  return kNames[static_cast<std::size_t>(state)];
}

Duration timeout_of(TcpState state) {
  using namespace std::chrono_literals;
  static constexpr std::array<std::chrono::seconds, kTcpStates> kTimeouts{0s,  120s, 60s,  432000s, 120s,
                                                                          60s, 30s,  120s, 10s,     120s};
  return kTimeouts[static_cast<std::size_t>(state)];
}

bool are_valid_tcp_flags(std::uint8_t flags) {
  using namespace tcp_flag;
  switch (flags & (kFin | kSyn | kRst | kAck | kUrg)) {
    case kSyn:
    case kSyn | kUrg:
    case kSyn | kAck:
    case kRst:
    case kRst | kAck:
    case kFin | kAck:
    case kFin | kAck | kUrg:
    case kAck:
    case kAck | kUrg:
      return true;
    default:
      return false;
  }
}

TcpSegment TcpSegment::of(const SimulatedPacket& packet) {
  const PacketValues& values = packet.values;
  return {.sequence = values.number<std::uint32_t>(Field::TcpSequence),
          .acknowledgement = values.number<std::uint32_t>(Field::TcpAcknowledgement),
          .payload = packet.payload,
          .window = values.number<std::uint16_t>(Field::TcpWindow),
          .flags = values.number<std::uint8_t>(Field::TcpFlags),
          .options = packet.options};
}

TcpEvent TcpSegment::event() const {
  if ((flags & tcp_flag::kRst) != 0) return TcpEvent::Rst;
  if ((flags & tcp_flag::kSyn) != 0) return (flags & tcp_flag::kAck) != 0 ? TcpEvent::SynAck : TcpEvent::Syn;
  if ((flags & tcp_flag::kFin) != 0) return TcpEvent::Fin;
  return (flags & tcp_flag::kAck) != 0 ? TcpEvent::Ack : TcpEvent::None;
}

std::uint32_t TcpSegment::end() const {
  return sequence + payload + ((flags & tcp_flag::kSyn) != 0 ? 1 : 0) + ((flags & tcp_flag::kFin) != 0 ? 1 : 0);
}

bool TcpTracking::open(const TcpSegment& segment, const TcpTrackingSettings& settings) {
  const std::uint8_t next = kTransitions[0][static_cast<std::size_t>(segment.event())][NO];
  if (next >= IV || (next != SS && !settings.loose)) return false;
  *this = {};
  Side& sender = sides_[0];
  sender.end = segment.end();
  sender.window_max = std::max<std::uint32_t>(segment.window, 1);
  sender.window_end = sender.end;
  if (next == SS) {
    sender.scales = segment.options.window_scale.has_value();
    sender.scale = std::min<std::uint8_t>(segment.options.window_scale.value_or(0), 14);  // RFC 7323 section 2.3
    sender.selective_ack = segment.options.selective_ack;
  } else {
    // Picked up in the middle: how windows are scaled was said before we looked.
    sender.window_end += sender.window_max;
    for (Side& side : sides_) side.selective_ack = side.liberal = true;
  }
  return true;
}

// tcp_init_sender()
void TcpTracking::begin(Side& sender, Side& receiver, const TcpSegment& segment, bool reply) const {
  sender.end = sender.window_end = segment.end();
  sender.window_max = std::max<std::uint32_t>(segment.window, 1);
  // Without any option nothing is changed of what was said before (tcp_options() returns at once).
  if (segment.options.window_scale || segment.options.selective_ack) {
    sender.scales = segment.options.window_scale.has_value();
    sender.scale = std::min<std::uint8_t>(segment.options.window_scale.value_or(0), 14);
    sender.selective_ack = segment.options.selective_ack;
    sender.close_begun = sender.has_acknowledged = false;
  }
  if (reply && !(sender.scales && receiver.scales)) sender.scale = receiver.scale = 0;
}

// tcp_in_window()
TcpTracking::Window TcpTracking::fit(const TcpSegment& segment, bool reply, const TcpTrackingSettings& settings) {
  Side& sender = sides_[reply ? 1 : 0];
  Side& receiver = sides_[reply ? 0 : 1];
  const bool has_ack = (segment.flags & tcp_flag::kAck) != 0;
  const bool is_reset = (segment.flags & tcp_flag::kRst) != 0;
  std::uint32_t sequence = segment.sequence, end = segment.end(), ack = segment.acknowledgement;
  std::uint32_t window = segment.window;

  const bool is_syn = (segment.flags & tcp_flag::kSyn) != 0;
  const bool opening = state_ == TcpState::SynSent || state_ == TcpState::SynReceived;
  if (sender.window_max == 0 && !is_syn) {
    // In the middle of a connection: what this segment says is all we know of its sender.
    sender.end = end;
    sender.window_max = std::max<std::uint32_t>(window << sender.scale, 1);
    sender.window_end = end + sender.window_max;
    if (receiver.window_max == 0)
      receiver.end = receiver.window_end = ack;
    else if (ack == receiver.end + 1)
      ++receiver.end;  // probably the answer to a keepalive
  } else if (sender.window_max == 0 || (is_syn && opening && after(end, sender.end))) {
    const bool first = sender.window_max == 0;
    begin(sender, receiver, segment, reply);
    if (!has_ack && (first || reply)) return Window::In;  // both opened at once
  }
  if (!has_ack || (is_reset && ack == 0)) ack = receiver.end;
  if (is_reset && sequence == 0 && state_ == TcpState::SynSent) sequence = end = sender.end;

  const auto refuse = [&](Window how) { return sender.liberal || settings.be_liberal ? Window::In : how; };
  const std::uint32_t ack_low = receiver.end - std::max(sender.window_max, kAckWindow) - 1;
  if (!before(sequence, sender.window_end + 1)) {
    const std::uint32_t overshot = end - sender.window_end + 1;
    const bool received = receiver.window_max != 0 && after(end, sender.end - receiver.window_max - 1);
    if (received && after(ack, ack_low) && overshot <= receiver.window_max && before(ack, receiver.end + 1)) {
      sender.end = end;  // the peer may accept it all the same, and then acknowledges it
      return refuse(Window::Ignore);
    }
    return refuse(Window::Invalid);
  }
  if (!before(ack, receiver.end + 1)) return refuse(Window::Invalid);
  if (receiver.window_max != 0 && !after(end, sender.end - receiver.window_max - 1)) return refuse(Window::Ignore);
  if (!after(ack, ack_low)) return refuse(Window::Ignore);

  if (!is_syn) window <<= sender.scale;
  sender.window_max = std::max(sender.window_max, window);
  if (after(end, sender.end)) sender.end = end;
  if (has_ack && (!sender.has_acknowledged || after(ack, sender.acknowledged))) {
    sender.acknowledged = ack;
    sender.has_acknowledged = true;
  }
  if (receiver.window_max != 0 && after(end, sender.window_end)) receiver.window_max += end - sender.window_end;
  if (after(ack + window, receiver.window_end - 1)) receiver.window_end = ack + std::max<std::uint32_t>(window, 1);
  if (segment.event() == TcpEvent::Ack) {
    last_reply_ = reply;
    last_acknowledgement_ = ack;
    last_end_ = end;
    last_window_ = segment.window;
  }
  return Window::In;
}

// Passes, and nothing is believed: perhaps the two ends know better than we do.
void TcpTracking::ignore(const TcpSegment& segment, bool reply, TcpState old) {
  last_event_ = segment.event();
  last_reply_ = reply;
  last_end_ = segment.end();
  last_window_ = segment.window;
  if (last_event_ == TcpEvent::Syn && !reply) {
    last_scales_ = segment.options.window_scale.has_value();
    last_scale_ = std::min<std::uint8_t>(segment.options.window_scale.value_or(0), 14);
    last_selective_ack_ = segment.options.selective_ack;
    simultaneous_ = false;
    challenge_expected_ = old == TcpState::LastAck;  // RFC 5961 section 4
  }
  if (old == TcpState::SynSent && last_event_ == TcpEvent::Ack && reply)
    last_acknowledgement_ = segment.acknowledgement;
}

TcpTracking::Reset TcpTracking::judge_reset(const TcpSegment& segment, bool reply, bool seen_reply, bool assured,
                                            const TcpTrackingSettings& settings, TcpState& next) const {
  const Side& receiver = sides_[reply ? 0 : 1];
  // tcp_can_early_drop(): what is closing anyway is not looked at closely
  if (state_ == TcpState::FinWait || state_ == TcpState::LastAck || state_ == TcpState::TimeWait ||
      state_ == TcpState::Close || state_ == TcpState::CloseWait)
    return Reset::InWindow;
  const bool established = state_ == TcpState::Established && assured;  // nf_conntrack_tcp_established()
  if (receiver.has_acknowledged && last_event_ != TcpEvent::Syn) {
    if (segment.sequence == 0 && !established) return Reset::Check;
    if (before(segment.sequence, receiver.acknowledged) && !settings.ignore_invalid_rst) return Reset::Invalid;
    if (!established || segment.sequence == receiver.acknowledged) return Reset::Check;
    if (last_event_ == TcpEvent::Ack && last_reply_ == reply && segment.sequence == last_end_) return Reset::Check;
    next = state_;  // not exactly where the peer waits: it may answer with a challenge (RFC 5961 section 3)
  }
  const bool answers_ignored =
      (seen_reply && last_event_ == TcpEvent::Syn) || (!assured && last_event_ == TcpEvent::Ack);
  // Of the other side's segment only (measured on 6.18).
  if (answers_ignored && last_reply_ != reply && segment.acknowledgement == last_end_) return Reset::InWindow;
  // About a challenge that was let pass (RFC 5961 section 4).
  const bool answers_challenge = state_ == TcpState::SynSent && last_event_ == TcpEvent::Ack && last_reply_ &&
                                 segment.sequence == last_acknowledgement_;
  return answers_challenge ? Reset::InWindow : Reset::Check;
}

// nf_tcp_handle_invalid()
void TcpTracking::blame(const TcpSegment& segment, bool reply, bool assured) {
  const TcpEvent event = segment.event();
  if (!assured || (event != TcpEvent::Rst && event != TcpEvent::Fin)) return;
  if (last_reply_ != reply && (last_event_ == TcpEvent::Fin || last_event_ == TcpEvent::Rst)) return;
  last_event_ = event;
  last_reply_ = reply;
}

TcpTracking::Outcome TcpTracking::segment(const TcpSegment& segment, bool reply, bool seen_reply, bool& assured,
                                          const TcpTrackingSettings& settings) {
  const TcpEvent event = segment.event();
  TcpState old = state_;
  const std::uint8_t found =
      kTransitions[reply ? 1 : 0][static_cast<std::size_t>(event)][static_cast<std::size_t>(old)];
  if (found == IV) return Outcome::Invalid;
  TcpState next = found == IG ? old : static_cast<TcpState>(found);
  bool checked = false;

  if (found == SS && old >= TcpState::TimeWait &&
      (sides_[0].close_begun || sides_[1].close_begun || (last_reply_ == reply && last_event_ == TcpEvent::Rst)))
    return Outcome::Repeat;
  if (found == IG || (found == SS && old >= TcpState::TimeWait)) {
    const bool answers_ignored_syn = event == TcpEvent::SynAck && last_event_ == TcpEvent::Syn &&
                                     last_reply_ != reply && segment.acknowledgement == last_end_;
    if (!answers_ignored_syn) {
      ignore(segment, reply, old);
      return Outcome::Accept;
    }
    // Both ends are in step and we are not: begin again from their SYN.
    old = TcpState::SynSent;
    next = TcpState::SynReceived;
    Side& opener = sides_[last_reply_ ? 1 : 0];
    opener = {.end = last_end_,
              .window_end = last_end_,
              .window_max = std::max<std::uint32_t>(last_window_, 1),
              .acknowledged = opener.acknowledged,
              .scale = last_scale_,
              .scales = last_scales_,
              .selective_ack = last_selective_ack_};
    Side& answerer = sides_[reply ? 1 : 0];
    const bool liberal = answerer.liberal;
    answerer = {};
    answerer.liberal = liberal;
    challenge_expected_ = false;
  } else if (found == TW && old == TcpState::LastAck && event == TcpEvent::Ack && last_reply_ != reply &&
             last_event_ == TcpEvent::Syn && challenge_expected_) {
    challenge_expected_ = false;
    return Outcome::Accept;
  } else if (found == S2) {
    simultaneous_ = true;
  } else if (found == SR && reply && event == TcpEvent::Ack && simultaneous_) {
    next = TcpState::Established;
  } else if (found == CL && event == TcpEvent::Rst) {
    switch (judge_reset(segment, reply, seen_reply, assured, settings, next)) {
      case Reset::Invalid:
        return Outcome::Invalid;
      case Reset::InWindow:
        checked = true;
        break;
      case Reset::Check:
        break;
    }
  }
  if (!checked) {
    switch (fit(segment, reply, settings)) {
      case Window::Ignore:
        return Outcome::Accept;
      case Window::Invalid:
        blame(segment, reply, assured);
        return Outcome::Invalid;
      case Window::In:
        break;
    }
  }
  last_event_ = event;
  last_reply_ = reply;
  state_ = next;
  if (old != next && next == TcpState::FinWait) sides_[reply ? 1 : 0].close_begun = true;
  if (!seen_reply) return event == TcpEvent::Rst ? Outcome::Forget : Outcome::Accept;
  if (!assured && (old == TcpState::SynReceived || old == TcpState::Established) && next == TcpState::Established)
    assured = true;
  return Outcome::Accept;
}

}  // namespace mailweir::rules
