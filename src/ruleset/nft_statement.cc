#include "ruleset/nft_statement.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ruleset/nft_json.h"
#include "ruleset/nft_operand.h"
#include "ruleset/number_names.h"
#include "ruleset/reject_names.h"

namespace mailweir::rules {
namespace {

using nlohmann::json;

bool has_word(const json& flags, std::string_view wanted) {
  if (flags.is_string()) return flags.get<std::string>() == wanted;
  return flags.is_array() && std::any_of(flags.begin(), flags.end(), [wanted](const json& each) {
           return each.is_string() && each.get<std::string>() == wanted;
         });
}

std::optional<std::uint64_t> seconds_of(std::string_view unit) {
  if (unit == "second") return 1;
  if (unit == "minute") return 60;
  if (unit == "hour") return 3600;
  if (unit == "day") return 86400;
  if (unit == "week") return 604800;
  return std::nullopt;
}

std::uint64_t unit_bytes(std::string_view unit) { return unit == "kbytes" ? 1024 : unit == "mbytes" ? 1024 * 1024 : 1; }

bool port_range(const json& said, Nat& nat) {
  const auto values = nft_values({Field::DestinationPort}, said, false);
  if (!values || !values->is_range()) return false;
  nat.first_port = static_cast<std::uint16_t>(values->front().first);
  nat.last_port = static_cast<std::uint16_t>(values->front().last);
  return true;
}

// new = (old & ~mask) ^ value, of "5", "mark | 5", "mark & 0xff ^ 5" in any nesting.
bool assignment(Field field, const json& value, Assign& assign, int depth) {
  if (depth > 8) return false;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() <= 0xffffffff) {
    if (depth > 0) return false;
    assign.mask = largest_value(32);
    assign.value = value.get<std::uint64_t>();
    return true;
  }
  if (const auto self = nft_operand(value); self && self->operand.field == field) {
    if (self->operand.is_whole()) return true;
    assign.mask = ~self->operand.mask & largest_value(32);
    return true;
  }
  if (!value.is_object() || value.size() != 1) return false;
  const auto& [op, sides] = *value.get_ref<const json::object_t&>().begin();
  if ((op != "|" && op != "&" && op != "^") || !sides.is_array() || sides.size() != 2 ||
      !sides[1].is_number_unsigned() || sides[1].get<std::uint64_t>() > 0xffffffff)
    return false;
  if (!assignment(field, sides[0], assign, depth + 1)) return false;
  const FieldValue bits = sides[1].get<std::uint64_t>();
  if (op == "^") assign.value ^= bits;
  if (op == "&") {
    assign.mask |= ~bits & largest_value(32);
    assign.value &= bits;
  }
  if (op == "|") {
    assign.mask |= bits;
    assign.value |= bits;
  }
  return true;
}

}  // namespace

Counter nft_counter(const json& c) {
  Counter counter;
  if (c.is_string()) counter.name = c.get<std::string>();
  if (c.is_object()) {
    counter.packets = number(c, "packets");
    counter.bytes = number(c, "bytes");
  }
  return counter;
}

std::optional<Log> nft_log(const json& l) {
  Log log;
  if (l.is_object()) {
    log.prefix = word(l, "prefix");
    if (const auto group = number(l, "group")) log.group = static_cast<std::uint16_t>(*group);
    if (const auto bytes = number(l, "snaplen")) log.bytes_max = static_cast<std::uint32_t>(*bytes);
    if (const auto queue = number(l, "queue-threshold")) log.queue_threshold = static_cast<std::uint32_t>(*queue);
    if (const std::string level = word(l, "level"); level == "audit") {
      log.audit = true;
    } else if (!level.empty()) {
      log.level = log_level_number(level);
      if (!log.level) return std::nullopt;
      if (log.level == 4) log.level = std::nullopt;  // the default
    }
    if (const auto flags = l.find("flags"); flags != l.end()) {
      if (has_word(*flags, "all")) log.flags = 0x2f;
      if (has_word(*flags, "tcp sequence")) log.flags |= 1;
      if (has_word(*flags, "tcp options")) log.flags |= 2;
      if (has_word(*flags, "ip options")) log.flags |= 4;
      if (has_word(*flags, "skuid")) log.flags |= 8;
      if (has_word(*flags, "ether")) log.flags |= 32;
    }
  }
  return log;
}

std::optional<TcpMss> nft_tcp_mss(const json& option, const json& value) {
  if (!option.is_object() || word(option, "name") != "maxseg" || word(option, "field") != "size") return std::nullopt;
  TcpMss mss;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() <= 65535)
    mss.size = static_cast<std::uint16_t>(value.get<std::uint64_t>());
  else if (!(value.is_object() && value.contains("rt") && value["rt"].is_object() && word(value["rt"], "key") == "mtu"))
    return std::nullopt;
  return mss;
}

std::optional<Reject> nft_reject(const json& r, RuleFamily family) {
  std::string type = family == RuleFamily::Ip4 ? "icmp" : family == RuleFamily::Ip6 ? "icmpv6" : "icmpx";
  std::string code = "port-unreachable";
  if (r.is_object()) {
    if (const std::string said = word(r, "type"); !said.empty()) type = said;
    if (const std::string said = word(r, "expr"); !said.empty()) code = said;
    if (const auto said = number(r, "expr")) code = std::to_string(*said);
  }
  return reject_of_nft(type, code);
}

Nat::Kind nft_nat_kind(const std::string& kind) {
  return kind == "snat"         ? Nat::Kind::Source
         : kind == "dnat"       ? Nat::Kind::Destination
         : kind == "masquerade" ? Nat::Kind::Masquerade
                                : Nat::Kind::Redirect;
}

std::optional<Nat> nft_nat(const std::string& kind, const json& n) {
  Nat nat;
  nat.kind = nft_nat_kind(kind);
  bool known = true;
  if (n.is_object()) {
    if (const auto address = n.find("addr"); address != n.end()) {
      const auto values = nft_values({Field::SourceAddress}, *address, false);
      known = values && values->is_range();
      if (known) {
        nat.first_address = address_of(values->front().first);
        nat.last_address = address_of(values->front().last);
      }
    }
    if (const auto port = n.find("port"); port != n.end()) known = port_range(*port, nat) && known;
    if (const auto flags = n.find("flags"); flags != n.end()) {
      nat.random = has_word(*flags, "random");
      nat.fully_random = has_word(*flags, "fully-random");
      nat.persistent = has_word(*flags, "persistent");
    }
    // "netmap" and what newer versions add.
    if (n.contains("type_flags")) known = false;
  }
  if (known) return nat;
  return std::nullopt;
}

std::optional<Verdict> nft_queue(const json& q) {
  Verdict verdict{Verdict::Kind::Queue, {}, 0, 0, false, false};
  if (q.is_object()) {
    if (const auto num = q.find("num"); num != q.end()) {
      const auto values = nft_values({Field::DestinationPort}, *num, false);
      if (!values || !values->is_range()) return std::nullopt;
      verdict.queue_first = static_cast<std::uint16_t>(values->front().first);
      verdict.queue_last = static_cast<std::uint16_t>(values->front().last);
    }
    if (const auto flags = q.find("flags"); flags != q.end()) {
      verdict.queue_bypass = has_word(*flags, "bypass");
      verdict.queue_fanout = has_word(*flags, "fanout");
    }
  }
  return verdict;
}

std::optional<Verdict> nft_verdict(const json& statement) {
  if (!statement.is_object() || statement.size() != 1) return std::nullopt;
  const auto& [kind, s] = *statement.get_ref<const json::object_t&>().begin();
  Verdict verdict{Verdict::Kind::Accept, {}, 0, 0, false, false};
  if (kind == "accept") return verdict;
  verdict.kind = kind == "drop"       ? Verdict::Kind::Drop
                 : kind == "return"   ? Verdict::Kind::Return
                 : kind == "continue" ? Verdict::Kind::Continue
                 : kind == "jump"     ? Verdict::Kind::Jump
                 : kind == "goto"     ? Verdict::Kind::Goto
                                      : Verdict::Kind::Accept;
  if (verdict.kind == Verdict::Kind::Accept) return std::nullopt;
  if (verdict.kind == Verdict::Kind::Jump || verdict.kind == Verdict::Kind::Goto) {
    if (!s.is_object()) return std::nullopt;
    verdict.chain = word(s, "target");
    if (verdict.chain.empty()) return std::nullopt;
  }
  return verdict;
}

std::optional<Limit> nft_limit(const json& l) {
  if (!l.is_object()) return std::nullopt;
  Limit limit;
  const auto rate = number(l, "rate");
  const auto per = seconds_of(word(l, "per"));
  if (!rate || !per || *rate > (std::uint64_t{1} << 40)) return std::nullopt;
  const std::string unit = word(l, "rate_unit");
  limit.bytes = !unit.empty() && unit != "packets";
  limit.rate = *rate * unit_bytes(unit);
  limit.per_s = *per;
  const std::uint64_t burst = number(l, "burst").value_or(limit.bytes ? 0 : 5);
  if (burst > (std::uint64_t{1} << 40)) return std::nullopt;
  limit.burst = burst * unit_bytes(word(l, "burst_unit"));
  limit.over = l.value("inv", false);
  return limit;
}

std::optional<Assign> nft_assignment(Field field, const json& value) {
  Assign assign{field, 0, 0};
  if (!assignment(field, value, assign, 0)) return std::nullopt;
  return assign;
}

}  // namespace mailweir::rules
