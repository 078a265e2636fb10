#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "ruleset/iptables_rule.h"
#include "ruleset/number_names.h"
#include "ruleset/reject_names.h"

namespace mailweir::rules {
namespace {

void bad_value(RuleDraft& draft, const SpokenOption& option, std::string_view wanted) {
  const Word& word = option.arguments.empty() ? option.word : option.arguments[0];
  draft.error(word, "ruleset.bad-value", fmt::format("'{}' is not {}", escape(word.text, 60), wanted));
}

const std::string& value(const SpokenOption& option) { return option.arguments[0].text; }

std::uint64_t number(RuleDraft& draft, const SpokenOption& option, std::uint64_t max) {
  const auto read = whole_number(value(option), max);
  if (!read) bad_value(draft, option, fmt::format("a number up to {}", max));
  return read.value_or(0);
}

bool log(RuleDraft& draft, const SpokenModule& target) {
  Log log;
  for (const SpokenOption& option : target.options) {
    if (option.name == "log-level") {
      const auto level = log_level_number(value(option));
      if (!level) bad_value(draft, option, "a log level");
      if (level != 4) log.level = level;  // warning: the default
    }
    if (option.name == "log-prefix") {
      log.prefix = value(option);
      if (log.prefix.find('\n') != std::string::npos) bad_value(draft, option, "a prefix on one line");
    }
    if (option.name == "log-tcp-sequence") log.flags |= 1;
    if (option.name == "log-tcp-options") log.flags |= 2;
    if (option.name == "log-ip-options") log.flags |= 4;
    if (option.name == "log-uid") log.flags |= 8;
    if (option.name == "log-macdecode") log.flags |= 32;
  }
  draft.add(std::move(log));
  return true;
}

bool nflog(RuleDraft& draft, const SpokenModule& target) {
  Log log;
  log.group = 0;
  for (const SpokenOption& option : target.options) {
    if (option.name == "nflog-group") log.group = static_cast<std::uint16_t>(number(draft, option, 65535));
    if (option.name == "nflog-prefix") log.prefix = value(option);
    if (option.name == "nflog-size") log.bytes_max = static_cast<std::uint32_t>(number(draft, option, 0xffffffff));
    if (option.name == "nflog-threshold")
      log.queue_threshold = static_cast<std::uint32_t>(number(draft, option, 65535));
    if (option.name == "nflog-range") return false;
  }
  draft.add(std::move(log));
  return true;
}

bool reject(RuleDraft& draft, const SpokenModule& target) {
  const bool v6 = draft.site().v6;
  Reject reject{v6 ? Reject::Kind::Icmp6 : Reject::Kind::Icmp, static_cast<std::uint8_t>(v6 ? 4 : 3)};
  if (const auto* option = target.find("reject-with")) {
    const auto said = reject_of_iptables(value(*option), v6);
    if (!said) {
      bad_value(draft, *option, "a way to reject");
      return true;
    }
    reject = *said;
    if (reject.kind == Reject::Kind::TcpReset && draft.protocol != kProtocolTcp)
      draft.error(option->arguments[0], "ruleset.needs-protocol", "tcp-reset needs '-p tcp' in the same rule",
                  "the kernel refuses it otherwise");
  }
  draft.add(reject);
  return true;
}

// xt_mark.c and xt_connmark.c: new = (old & ~mask) ^ value.
bool assign_mark(RuleDraft& draft, const SpokenModule& target, Field field) {
  if (target.options.size() != 1) {
    draft.error(target.word, "ruleset.missing-value",
                fmt::format("{} does one thing: --set-xmark or another", target.name));
    return true;
  }
  for (const SpokenOption& option : target.options) {
    const auto said = mark_argument(value(option));
    if (!said) {
      bad_value(draft, option, "a mark such as 0x1/0xff");
      return true;
    }
    Assign assign{field, said->mask, said->value};
    if (option.name == "set-mark") assign.mask = said->mask | said->value;
    if (option.name == "and-mark") assign = {field, static_cast<std::uint32_t>(~said->value), 0};
    if (option.name == "or-mark") assign = {field, said->value, said->value};
    if (option.name == "xor-mark") assign = {field, 0, said->value};
    draft.add(assign);
  }
  return true;
}

bool connection_mark(RuleDraft& draft, const SpokenModule& target) {
  const bool save = target.find("save-mark") != nullptr;
  if (!save && target.find("restore-mark") == nullptr) return assign_mark(draft, target, Field::ConnectionMark);
  CopyMark copy{save ? Field::PacketMark : Field::ConnectionMark, save ? Field::ConnectionMark : Field::PacketMark,
                0xffffffff, 0xffffffff};
  for (const SpokenOption& option : target.options) {
    if (option.name != "nfmask" && option.name != "ctmask" && option.name != "mask") continue;
    const auto mask = static_cast<std::uint32_t>(number(draft, option, 0xffffffff));
    if (option.name == "mask" || (option.name == "nfmask") == save) copy.from_mask = mask;
    if (option.name == "mask" || (option.name == "ctmask") == save) copy.to_mask = mask;
  }
  draft.add(copy);
  return true;
}

// "192.0.2.1-192.0.2.9:1024-2047", "[2001:db8::1]:80", ":25"
bool nat_place(std::string_view text, bool v6, Nat& nat) {
  std::string_view addresses = text;
  std::string_view ports;
  if (v6) {
    if (text.starts_with('[')) {
      const auto end = text.find(']');
      if (end == std::string_view::npos) return false;
      addresses = text.substr(1, end - 1);
      ports = text.substr(end + 1);
      if (!ports.empty() && ports[0] != ':') return false;
      if (!ports.empty()) ports.remove_prefix(1);
      // "[a]-[b]:port"
      if (text.substr(end + 1).starts_with('-')) return false;
    }
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    addresses = text.substr(0, colon);
    ports = text.substr(colon + 1);
    if (ports.empty()) return false;
  }
  if (!addresses.empty()) {
    const auto dash = addresses.find('-');
    nat.first_address = IpAddress::parse(addresses.substr(0, dash));
    nat.last_address =
        dash == std::string_view::npos ? nat.first_address : IpAddress::parse(addresses.substr(dash + 1));
    if (!nat.first_address || !nat.last_address || nat.first_address->is_v4() == v6 ||
        nat.last_address->is_v4() == v6 || *nat.last_address < *nat.first_address)
      return false;
  }
  if (ports.empty()) return !addresses.empty();
  const auto dash = ports.find('-');
  const auto first = port_number(ports.substr(0, dash), "tcp");
  const auto last = dash == std::string_view::npos ? first : port_number(ports.substr(dash + 1), "tcp");
  if (!first || !last || *first > *last) return false;
  nat.first_port = first;
  nat.last_port = last;
  return true;
}

bool nat(RuleDraft& draft, const SpokenModule& target, Nat::Kind kind) {
  Nat nat;
  nat.kind = kind;
  bool place = kind == Nat::Kind::Masquerade || kind == Nat::Kind::Redirect;
  for (const SpokenOption& option : target.options) {
    if (option.name == "random") nat.random = true;
    if (option.name == "random-fully") nat.fully_random = true;
    if (option.name == "persistent") nat.persistent = true;
    if (option.name == "to-source" || option.name == "to-destination") {
      // The forms with shifted ports and several ranges are kept as they are.
      if (value(option).find('/') != std::string::npos) return false;
      if (!nat_place(value(option), draft.site().v6, nat)) {
        bad_value(draft, option, "an address, a range, or one with ports");
        return true;
      }
      if (place) return false;
      place = true;
    }
    if (option.name == "to-ports" && !nat_place(":" + value(option), false, nat)) {
      bad_value(draft, option, "a port or a range such as 1024-2047");
      return true;
    }
  }
  if (!place)
    draft.error(
        target.word, "ruleset.missing-value",
        fmt::format("{} needs where to: --to-{}", target.name, kind == Nat::Kind::Source ? "source" : "destination"));
  if (nat.first_port && !(draft.protocol && has_ports(*draft.protocol)))
    draft.error(target.word, "ruleset.needs-protocol", "ports need '-p tcp' or '-p udp' in the same rule");
  draft.add(std::move(nat));
  return true;
}

bool tcp_mss(RuleDraft& draft, const SpokenModule& target) {
  TcpMss mss;
  if (const auto* option = target.find("set-mss"))
    mss.size = static_cast<std::uint16_t>(number(draft, *option, 65535));
  else if (target.find("clamp-mss-to-pmtu") == nullptr)
    draft.error(target.word, "ruleset.missing-value", "TCPMSS needs --clamp-mss-to-pmtu or --set-mss");
  draft.add(mss);
  return true;
}

bool queue(RuleDraft& draft, const SpokenModule& target) {
  Verdict verdict{Verdict::Kind::Queue, {}, 0, 0, false, false};
  for (const SpokenOption& option : target.options) {
    if (option.name == "queue-num")
      verdict.queue_first = verdict.queue_last = static_cast<std::uint16_t>(number(draft, option, 65535));
    if (option.name == "queue-balance") {
      const std::string_view text = value(option);
      const auto colon = text.find(':');
      const auto first = whole_number(text.substr(0, colon), 65535);
      const auto last = colon == std::string_view::npos ? std::nullopt : whole_number(text.substr(colon + 1), 65535);
      if (!first || !last || *first >= *last) bad_value(draft, option, "a range of queues such as 0:3");
      verdict.queue_first = static_cast<std::uint16_t>(first.value_or(0));
      verdict.queue_last = static_cast<std::uint16_t>(last.value_or(0));
    }
    if (option.name == "queue-bypass") verdict.queue_bypass = true;
    if (option.name == "queue-cpu-fanout") verdict.queue_fanout = true;
  }
  draft.add(std::move(verdict));
  return true;
}

bool set_field(RuleDraft& draft, const SpokenModule& target, Field field) {
  const int width = width_of(field);
  for (const SpokenOption& option : target.options) {
    if (option.name == "inc" || option.name == "dec") return false;
    std::optional<std::uint64_t> read;
    if (field == Field::Dscp) read = dscp_number(value(option));
    if (field == Field::Ttl) read = whole_number(value(option), 255);
    if (field == Field::Priority) {
      const auto colon = value(option).find(':');
      if (colon == std::string::npos) {
        read = std::nullopt;
      } else {
        const auto major = whole_number("0x" + value(option).substr(0, colon), 65535);
        const auto minor = whole_number("0x" + value(option).substr(colon + 1), 65535);
        if (major && minor) read = *major << 16 | *minor;
      }
    }
    if (!read) {
      bad_value(draft, option, "a value for it");
      return true;
    }
    draft.add(Assign{field, largest_value(width), *read});
  }
  return true;
}

}  // namespace

bool convert_target(RuleDraft& draft, const SpokenModule& target) {
  const std::string& name = target.name;
  const auto verdict = [&](Verdict::Kind kind) {
    draft.add(Verdict{kind, {}, 0, 0, false, false});
    return true;
  };
  if (name == "ACCEPT") return verdict(Verdict::Kind::Accept);
  if (name == "DROP") return verdict(Verdict::Kind::Drop);
  if (name == "RETURN") return verdict(Verdict::Kind::Return);
  if (name == "QUEUE") return verdict(Verdict::Kind::Queue);
  if (name == "LOG") return log(draft, target);
  if (name == "NFLOG") return nflog(draft, target);
  if (name == "REJECT") return reject(draft, target);
  if (name == "MARK") return assign_mark(draft, target, Field::PacketMark);
  if (name == "CONNMARK") return connection_mark(draft, target);
  if (name == "SNAT") return nat(draft, target, Nat::Kind::Source);
  if (name == "DNAT") return nat(draft, target, Nat::Kind::Destination);
  if (name == "MASQUERADE") return nat(draft, target, Nat::Kind::Masquerade);
  if (name == "REDIRECT") return nat(draft, target, Nat::Kind::Redirect);
  if (name == "TCPMSS") return tcp_mss(draft, target);
  if (name == "DSCP") return set_field(draft, target, Field::Dscp);
  if (name == "TTL" || name == "HL") return set_field(draft, target, Field::Ttl);
  if (name == "CLASSIFY") return set_field(draft, target, Field::Priority);
  if (name == "NFQUEUE") return queue(draft, target);
  if (name == "NOTRACK" || (name == "CT" && target.find("notrack") != nullptr && target.options.size() == 1)) {
    draft.add(Notrack{});
    return true;
  }
  return false;
}

}  // namespace mailweir::rules
