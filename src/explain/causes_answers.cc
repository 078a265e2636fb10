// What the kernel sends by itself: resets, ICMP errors, replies.
//
// Sources: measured on Linux 6.18 (docs/sources.md#kernel-packets); RFC 9293 section 3.10.7.1 for the form of resets;
// iptables-extensions(8), REJECT, on why INVALID packets must not be answered.
#include <fmt/format.h>

#include <algorithm>

#include "explain/causes.h"
#include "record/packet_sighting.h"

namespace mailweir::rules::causes {
namespace {

using namespace tcp_flag;
using Maker = KernelAnswer::Maker;

const EarlierPacket* made_by(const std::vector<EarlierPacket>& all, Maker maker) {
  const auto found = std::ranges::find(all, maker, &EarlierPacket::maker);
  return found == all.end() ? nullptr : &*found;
}

bool is_reset(const LineCase& c) { return c.flags() && (*c.flags() & kRst) != 0; }
bool has_ack(const LineCase& c) { return c.flags() && (*c.flags() & kAck) != 0; }

// "SYN/ACK, ACK (nf_conntrack_tcp_loose=0), FIN/ACK"
std::string kinds_of(const std::vector<EarlierPacket>& all, Maker maker) {
  std::string text;
  for (const EarlierPacket& one : all) {
    if (one.maker != maker) continue;
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", one.kind,
                        one.loose ? "" : " (where nf_conntrack_tcp_loose is 0)");
  }
  return text;
}

std::string seen_in_capture(const LineCase& c) {
  if (c.captured == nullptr) return {};
  std::string text = " The capture shows it";
  if (c.captured_before_s >= 0) text += fmt::format(", {:.6f} s before the answer", c.captured_before_s);
  return text + ".";
}

std::string shape_words(const LineCase& c) {
  const bool window = c.values().is_known(Field::TcpWindow) && c.values().value(Field::TcpWindow) == 0;
  return fmt::format("A reset {} ACK{}, without a program's user: the kernel made it, as an answer to a packet {} ACK.",
                     has_ack(c) ? "with" : "without", window ? " and with window 0" : "",
                     has_ack(c) ? "without" : "with");
}

Judgement made(const EarlierPacket& earlier, double probability) {
  Judgement judgement;
  judgement.probability = probability;
  judgement.before = partial_text(earlier.packet);
  judgement.simulated = true;
  return judgement;
}

}  // namespace

std::optional<Judgement> reset_by_reject(const LineCase& c) {
  if (!is_reset(c)) return std::nullopt;
  const EarlierPacket* earlier = made_by(c.earlier, Maker::RejectRule);
  if (earlier == nullptr) return std::nullopt;
  Judgement judgement = made(*earlier, 0.95);
  judgement.text = fmt::format(
      "{} {} ({}) answered a {} that came in on {} and is {} to conntrack. The reset inherits that: it is {}, so no "
      "rule "
      "for established connections takes it on its way out. The same comes of: {}.{}",
      shape_words(c), name_of(earlier->maker_rule), text_of(earlier->maker_rule), earlier->kind, c.line().out,
      name_of(earlier->state), name_of(earlier->answer_state), kinds_of(c.earlier, Maker::RejectRule),
      seen_in_capture(c));
  return judgement;
}

std::optional<Judgement> reset_by_closed_port(const LineCase& c) {
  if (!is_reset(c)) return std::nullopt;
  if (const EarlierPacket* earlier = made_by(c.earlier, Maker::ClosedPort)) {
    const bool also_reject = made_by(c.earlier, Maker::RejectRule) != nullptr;
    Judgement judgement = made(*earlier, also_reject ? 0.3 : 0.9);
    judgement.text = fmt::format(
        "{} The rules let a {} to port {} in{}, and nobody here had such a connection open, so TCP itself answers with "
        "a "
        "reset that is {} to conntrack.{}",
        shape_words(c), earlier->kind, c.own_port(),
        earlier->taken_by.chain == nullptr ? "" : fmt::format(" ({})", name_of(earlier->taken_by)),
        name_of(earlier->answer_state), seen_in_capture(c));
    return judgement;
  }
  if (const EarlierPacket* earlier = made_by(c.without_reject, Maker::ClosedPort)) {
    Judgement judgement = made(*earlier, 0.25);
    judgement.text = fmt::format(
        "The other possible maker: the closed port {} itself. Its reset looks the same and is {} too, so the line "
        "alone "
        "cannot tell; these rules can: {} takes the packet first. Taking that rule away would not end the lines.",
        c.own_port(), name_of(earlier->answer_state), name_of(c.earlier.front().maker_rule));
    return judgement;
  }
  if (c.scene != nullptr || !may_be_made_by_kernel(c.line())) return std::nullopt;
  Judgement judgement;
  judgement.probability = 0.6;
  judgement.text = shape_words(c) + " A REJECT rule with tcp-reset makes such a reset, and so does a closed port.";
  const auto candidates = candidates_before(c.line());
  if (!candidates.empty()) judgement.before = partial_text(candidates.front().packet);
  return judgement;
}

std::optional<Judgement> backscatter(const LineCase& c) {
  const auto flags = c.flags();
  if (!flags || c.is_to_many()) return std::nullopt;
  const bool from_server = is_service_port(c.other_port()) && !is_service_port(c.own_port());
  Judgement judgement;
  if (!c.arrives()) {
    // Ours is the answer to an answer: a reset without ACK, from a port nobody listens on, to a service.
    if (*flags != kRst || !may_be_made_by_kernel(c.line()) || !from_server || c.group->scan) return std::nullopt;
    judgement.probability = c.captured != nullptr ? 0.9 : 0.75;
    judgement.text = fmt::format(
        "Nothing here opened a connection to {}. Somebody sent SYNs there with this machine's address forged as their "
        "sender (a SYN flood); the server answers you with SYN/ACK, and that is what is being reset.",
        c.other_end());
    for (const EarlierPacket& earlier : c.earlier)
      if (earlier.kind == "SYN/ACK") judgement.simulated = true, judgement.before = partial_text(earlier.packet);
    if (judgement.before.empty()) judgement.before = partial_text(candidates_before(c.line()).front().packet);
    return judgement;
  }
  const bool answer = *flags == (kSyn | kAck) || *flags == (kRst | kAck) || *flags == kRst;
  if (!answer || !from_server) return std::nullopt;
  if (!c.can_be(ConnectionState::Invalid)) return std::nullopt;
  judgement.probability = *flags == (kSyn | kAck) ? 0.7 : 0.35;
  judgement.text = fmt::format(
      "An answer from {} to something this machine never asked: somebody sends SYNs there with your address forged as "
      "their sender (a SYN flood). conntrack knows no such connection, so the answer is INVALID.",
      c.other_end());
  return judgement;
}

std::optional<Judgement> error_sent(const LineCase& c) {
  if (c.arrives() || !c.is_icmp() ||
      !is_icmp_error(c.line().seen.packet.protocol(), static_cast<std::uint8_t>(c.icmp_type())))
    return std::nullopt;
  Judgement judgement;
  judgement.probability = 0.8;
  if (!c.earlier.empty()) {
    const EarlierPacket& earlier = c.earlier.front();
    judgement = made(earlier, 0.95);
    judgement.text = fmt::format(
        "This machine answered a {} with an ICMP error; it was made by {}. It is {} to conntrack.", earlier.kind,
        earlier.maker == Maker::RejectRule
            ? fmt::format("{} ({})", name_of(earlier.maker_rule), text_of(earlier.maker_rule))
            : std::string(name_of(earlier.maker)),
        name_of(earlier.answer_state));
    return judgement;
  }
  judgement.text =
      "This machine answers a packet with an ICMP error: a REJECT rule does that, a closed UDP port does, and routing "
      "does "
      "where it knows no way.";
  if (const auto candidates = candidates_before(c.line()); !candidates.empty())
    judgement.before = partial_text(candidates.front().packet);
  return judgement;
}

std::optional<Judgement> ping_answered(const LineCase& c) {
  if (c.arrives() || !c.is_icmp()) return std::nullopt;
  if (c.icmp_type() != (c.line().seen.packet.is_v4() ? 0 : 129)) return std::nullopt;
  Judgement judgement;
  judgement.probability = 0.9;
  judgement.text =
      "The reply to a ping. It belongs to the request's connection, so a rule for ESTABLISHED would take it.";
  if (const auto candidates = candidates_before(c.line()); !candidates.empty())
    judgement.before = partial_text(candidates.front().packet);
  judgement.simulated = !c.earlier.empty();
  return judgement;
}

}  // namespace mailweir::rules::causes
