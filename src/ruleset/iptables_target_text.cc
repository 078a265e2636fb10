#include "ruleset/iptables_target_text.h"

#include <fmt/format.h>

#include "ruleset/reject_names.h"
#include "ruleset/words.h"

namespace mailweir::rules {
namespace {

using Text = std::optional<std::string>;

}  // namespace

Text iptables_target_text(const Log& log, bool) {
  if (log.audit) return std::nullopt;
  std::string text = log.group ? "-j NFLOG" : "-j LOG";
  if (log.group) {
    if (!log.prefix.empty()) text += " --nflog-prefix " + quoted_word(log.prefix);
    if (*log.group != 0) text += fmt::format(" --nflog-group {}", *log.group);
    if (log.bytes_max) text += fmt::format(" --nflog-size {}", *log.bytes_max);
    if (log.queue_threshold) text += fmt::format(" --nflog-threshold {}", *log.queue_threshold);
    return text;
  }
  if (!log.prefix.empty()) text += " --log-prefix " + quoted_word(log.prefix);
  if (log.level) text += fmt::format(" --log-level {}", *log.level);
  if ((log.flags & 1) != 0) text += " --log-tcp-sequence";
  if ((log.flags & 2) != 0) text += " --log-tcp-options";
  if ((log.flags & 4) != 0) text += " --log-ip-options";
  if ((log.flags & 8) != 0) text += " --log-uid";
  if ((log.flags & 32) != 0) text += " --log-macdecode";
  return text;
}

Text iptables_target_text(const Assign& assign, bool v6) {
  switch (assign.field) {
    case Field::PacketMark:
    case Field::ConnectionMark:
      return fmt::format("-j {} --set-xmark 0x{:x}/0x{:x}", assign.field == Field::PacketMark ? "MARK" : "CONNMARK",
                         number(assign.value), number(assign.mask));
    case Field::Dscp:
      return fmt::format("-j DSCP --set-dscp 0x{:02x}", number(assign.value));
    case Field::Ttl:
      return fmt::format("-j {} --{}-set {}", v6 ? "HL" : "TTL", v6 ? "hl" : "ttl", number(assign.value));
    case Field::Priority:
      return fmt::format("-j CLASSIFY --set-class {:x}:{:x}", number(assign.value) >> 16,
                         number(assign.value) & 0xffff);
    default:
      return std::nullopt;
  }
}

Text iptables_target_text(const CopyMark& copy, bool) {
  const bool save = copy.to == Field::ConnectionMark;
  return fmt::format("-j CONNMARK --{}-mark --nfmask 0x{:x} --ctmask 0x{:x}", save ? "save" : "restore",
                     save ? copy.from_mask : copy.to_mask, save ? copy.to_mask : copy.from_mask);
}

Text iptables_target_text(const Notrack&, bool) { return "-j CT --notrack"; }

Text iptables_target_text(const TcpMss& mss, bool) {
  return mss.size ? fmt::format("-j TCPMSS --set-mss {}", *mss.size) : "-j TCPMSS --clamp-mss-to-pmtu";
}

Text iptables_target_text(const SetUpdate&, bool) { return std::nullopt; }

Text iptables_target_text(const OpaqueStatement& opaque, bool) {
  if (opaque.nft || !opaque.complete) return std::nullopt;
  return opaque.text;
}

Text iptables_target_text(const Nat& nat, bool v6) {
  if (!nat.text.empty()) return std::nullopt;
  std::string place;
  if (nat.first_address) {
    place = nat.first_address->text();
    if (*nat.last_address != *nat.first_address) place += "-" + nat.last_address->text();
    if (v6 && nat.first_port) place = "[" + place + "]";
  }
  std::string ports;
  if (nat.first_port) {
    ports = std::to_string(*nat.first_port);
    if (*nat.last_port != *nat.first_port) ports += "-" + std::to_string(*nat.last_port);
  }
  std::string text;
  switch (nat.kind) {
    case Nat::Kind::Source:
    case Nat::Kind::Destination:
      text = nat.kind == Nat::Kind::Source ? "-j SNAT --to-source " : "-j DNAT --to-destination ";
      text += place + (ports.empty() ? "" : ":" + ports);
      break;
    case Nat::Kind::Masquerade:
    case Nat::Kind::Redirect:
      text = nat.kind == Nat::Kind::Masquerade ? "-j MASQUERADE" : "-j REDIRECT";
      if (!ports.empty()) text += " --to-ports " + ports;
      break;
  }
  if (nat.random) text += " --random";
  if (nat.fully_random) text += " --random-fully";
  if (nat.persistent) text += " --persistent";
  return text;
}

Text iptables_target_text(const Reject& reject, bool v6) {
  const auto word = iptables_word(reject, v6);
  if (!word) return std::nullopt;
  return "-j REJECT --reject-with " + *word;
}

Text iptables_target_text(const Verdict& verdict, bool) {
  switch (verdict.kind) {
    case Verdict::Kind::Accept:
      return "-j ACCEPT";
    case Verdict::Kind::Drop:
      return "-j DROP";
    case Verdict::Kind::Return:
      return "-j RETURN";
    case Verdict::Kind::Jump:
      return "-j " + quoted_word(verdict.chain);
    case Verdict::Kind::Goto:
      return "-g " + quoted_word(verdict.chain);
    case Verdict::Kind::Continue:
      return "";
    case Verdict::Kind::Queue:
      break;
  }
  std::string text = verdict.queue_first == verdict.queue_last
                         ? fmt::format("-j NFQUEUE --queue-num {}", verdict.queue_first)
                         : fmt::format("-j NFQUEUE --queue-balance {}:{}", verdict.queue_first, verdict.queue_last);
  if (verdict.queue_bypass) text += " --queue-bypass";
  if (verdict.queue_fanout) text += " --queue-cpu-fanout";
  return text;
}

Text iptables_target_text(const VerdictMap&, bool) { return std::nullopt; }

}  // namespace mailweir::rules
