#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/escape.h"
#include "ruleset/nft_json.h"
#include "ruleset/nft_operand.h"
#include "ruleset/number_names.h"
#include "ruleset/part_text.h"
#include "ruleset/read_ruleset.h"
#include "ruleset/reject_names.h"
#include "ruleset/remarks.h"

namespace mailweir {
namespace {

using nlohmann::json;

std::string word(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::uint64_t> number(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::optional<RuleFamily> family_of(std::string_view text) {
  for (int i = 0; i < 6; ++i)
    if (name_of(static_cast<RuleFamily>(i)) == text) return static_cast<RuleFamily>(i);
  return std::nullopt;
}

bool has_word(const json& flags, std::string_view wanted) {
  if (flags.is_string()) return flags.get<std::string>() == wanted;
  return flags.is_array() && std::any_of(flags.begin(), flags.end(), [wanted](const json& each) {
           return each.is_string() && each.get<std::string>() == wanted;
         });
}

std::optional<Verdict> verdict_of(const json& statement) {
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

std::optional<std::uint64_t> seconds_of(std::string_view unit) {
  if (unit == "second") return 1;
  if (unit == "minute") return 60;
  if (unit == "hour") return 3600;
  if (unit == "day") return 86400;
  if (unit == "week") return 604800;
  return std::nullopt;
}

std::uint64_t unit_bytes(std::string_view unit) { return unit == "kbytes" ? 1024 : unit == "mbytes" ? 1024 * 1024 : 1; }

std::optional<Limit> limit_of(const json& l) {
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

// One rule while it is read.
class RuleReader {
 public:
  RuleReader(Table& table) : table_(table) {
    if (table.family == RuleFamily::Ip4) context_.v4 = true;
    if (table.family == RuleFamily::Ip6) context_.v4 = false;
    context_.family = table.family;
  }

  Rule read(const json& r) {
    rule_.comment = word(r, "comment");
    rule_.handle = number(r, "handle").value_or(0);
    if (const auto list = r.find("expr"); list != r.end() && list->is_array())
      for (const json& statement : *list) part(statement);
    return std::move(rule_);
  }

 private:
  void add(RulePart part) { rule_.parts.push_back(std::move(part)); }

  [[nodiscard]] bool icmp6() const { return context_.protocol == kProtocolIcmp6; }

  // What an expression presupposes, once, before it.
  void imply(Field field, FieldValue value) {
    const Match match{{field}, IntervalSet::single(value), false, false, true};
    if (field == Field::Family && context_.v4.has_value()) return;
    for (const RulePart& part : rule_.parts)
      if (const auto* there = std::get_if<Match>(&part); there != nullptr && *there == match) return;
    context_.learn(match);
    add(match);
  }

  void imply(const NftOperand& said) {
    if (said.family) imply(Field::Family, *said.family);
    if (said.protocol) imply(Field::Protocol, *said.protocol);
  }

  void opaque_match(const json& statement, std::string module, bool pure) {
    auto text = nft_statement_text(statement);
    const bool complete = text.has_value();
    add(OpaqueMatch{std::move(module), complete ? *text : statement.dump(-1, ' ', true, json::error_handler_t::replace),
                    true, complete, pure && complete});
  }

  void opaque_statement(const json& statement, std::string module, bool harmless) {
    auto text = nft_statement_text(statement);
    const bool complete = text.has_value();
    add(OpaqueStatement{std::move(module),
                        complete ? *text : statement.dump(-1, ' ', true, json::error_handler_t::replace), true,
                        complete, harmless});
  }

  void part(const json& statement) {
    if (!statement.is_object() || statement.size() != 1) return opaque_statement(statement, "unknown", false);
    const auto& [kind, s] = *statement.get_ref<const json::object_t&>().begin();
    if (const auto verdict = verdict_of(statement)) return add(*verdict);
    if (kind == "match" && s.is_object()) {
      if (!match(s)) opaque_match(statement, module_of(s), is_pure(s));
    } else if (kind == "counter") {
      counter(s);
    } else if (kind == "log") {
      if (!log(s)) opaque_statement(statement, kind, true);
    } else if (kind == "limit") {
      Limit limit;
      if (s.is_string()) limit.name = s.get<std::string>();
      const auto said = s.is_string() ? std::optional<Limit>(limit) : limit_of(s);
      if (said)
        add(*said);
      else
        opaque_match(statement, kind, false);
    } else if (kind == "vmap" && s.is_object()) {
      if (!verdict_map(s)) opaque_statement(statement, kind, false);
    } else if (kind == "mangle" && s.is_object()) {
      if (!mangle(s)) opaque_statement(statement, "set", false);
    } else if (kind == "set" && s.is_object()) {
      if (!set_update(s)) opaque_statement(statement, "set update", false);
    } else if (kind == "notrack") {
      add(Notrack{});
    } else if (kind == "reject") {
      if (!reject(s)) opaque_statement(statement, kind, false);
    } else if (kind == "snat" || kind == "dnat" || kind == "masquerade" || kind == "redirect") {
      nat(statement, kind, s);
    } else if (kind == "queue") {
      if (!queue(s)) opaque_statement(statement, kind, false);
    } else if (kind == "ct count" && s.is_object()) {
      add(ConnectionCount{static_cast<std::uint32_t>(number(s, "val").value_or(0)), s.value("inv", false), {}});
    } else if (kind == "quota") {
      opaque_match(statement, kind, false);
    } else if (kind == "xt" && s.is_object()) {
      xt(s);
    } else {
      constexpr std::array<std::string_view, 7> kHarmless = {"ct helper", "ct timeout", "ct expectation", "dup", "flow",
                                                             "secmark",   "last"};
      opaque_statement(statement, kind, std::find(kHarmless.begin(), kHarmless.end(), kind) != kHarmless.end());
    }
  }

  // nft 1.0.6 shows iptables' own matches and targets without their options.
  void xt(const json& s) {
    table_.needs_save = true;
    const std::string name = word(s, "name");
    if (word(s, "type") == "match")
      add(OpaqueMatch{name, "-m " + name, false, false, false});
    else
      add(OpaqueStatement{name, "-j " + name, false, false, name == "LOG" || name == "NFLOG"});
  }

  static std::string module_of(const json& match) {
    const auto left = match.find("left");
    if (left == match.end() || !left->is_object() || left->empty()) return "match";
    return left->get_ref<const json::object_t&>().begin()->first;
  }
  static bool is_pure(const json& match) {
    const std::string module = module_of(match);
    return module != "numgen";
  }

  bool match(const json& m) {
    const auto left = m.find("left");
    const auto right = m.find("right");
    if (left == m.end() || right == m.end()) return false;
    const std::string op = word(m, "op");
    if (left->is_object() && left->contains("concat")) return concatenation((*left)["concat"], *right, op);
    const auto said = nft_operand(*left);
    if (!said) return false;
    if (right->is_string() && right->get<std::string>().starts_with("@")) {
      if (op != "==" && op != "!=") return false;
      imply(*said);
      add(Lookup{{said->operand}, right->get<std::string>().substr(1), {}, false, {}, op == "!="});
      return true;
    }
    const Field field = said->operand.field;
    const bool bits = field == Field::TcpFlags || field == Field::ConnectionStatus;
    Match match{said->operand, {}, op == "!=", false, false};
    if (bits && (op == "in" || op == "!")) {
      // Any of the bits, or none.
      const auto flags = nft_bits(field, *right);
      if (!flags || !said->operand.is_whole()) return false;
      match.operand.mask = *flags;
      match.values = IntervalSet::single(0);
      match.negated = op == "in";
    } else if (bits && !(right->is_object() && right->contains("set"))) {
      const auto flags = nft_bits(field, *right);
      if (!flags) return false;
      match.values = IntervalSet::single(*flags);
    } else {
      const auto values = nft_values(said->operand, *right, said->protocol == kProtocolIcmp6);
      if (!values) return false;
      match.values = *values;
      if (op == "<" || op == ">" || op == "<=" || op == ">=") {
        if (!values->is_single()) return false;
        if (!ordered(match, op)) return false;
      } else if (field == Field::ConnectionState) {
        // "ct state a,b" asks for any of them; compared for equality a list would be two states at once.
        if (right->is_array() && right->size() > 1 && op != "in") return false;
        if (op == "!") match.negated = true;
      } else if (op != "==" && op != "!=" && op != "in") {
        return false;
      }
    }
    // All but the first fragment have an offset.
    if (field == Field::FragmentOffset && said->operand.mask == 0x1fff && match.values == IntervalSet::single(0)) {
      match.operand = {Field::Fragment};
      match.values = IntervalSet::single(1);
      match.negated = !match.negated;
    }
    imply(*said);
    context_.learn(match);
    add(std::move(match));
    return true;
  }

  static bool ordered(Match& match, const std::string& op) {
    const FieldValue value = match.values.intervals()[0].first;
    const FieldValue top = largest_value(width_of(match.operand.field));
    if (match.operand.field == Field::IcmpTypeCode) return false;
    if (op == "<") match.values = value == 0 ? IntervalSet{} : IntervalSet::range(0, value - 1);
    if (op == "<=") match.values = IntervalSet::range(0, value);
    if (op == ">") match.values = value == top ? IntervalSet{} : IntervalSet::range(value + 1, top);
    if (op == ">=") match.values = IntervalSet::range(value, top);
    return true;
  }

  std::optional<std::vector<Operand>> key_of(const json& list) {
    std::vector<NftOperand> said;
    const json* const begin = list.is_array() ? &list : nullptr;
    if (begin != nullptr) {
      for (const json& each : list) {
        auto one = nft_operand(each);
        if (!one) return std::nullopt;
        said.push_back(std::move(*one));
      }
    } else {
      auto one = nft_operand(list.is_object() && list.contains("concat") ? json() : list);
      if (!one) return std::nullopt;
      said.push_back(std::move(*one));
    }
    std::vector<Operand> key;
    for (const NftOperand& one : said) {
      imply(one);
      key.push_back(one.operand);
      // In a tuple a type is one number, without its codes.
      if (one.operand.field == Field::IcmpTypeCode && one.operand.is_whole()) key.back().mask = 0xff00;
    }
    return key;
  }

  bool concatenation(const json& left, const json& right, const std::string& op) {
    if (op != "==" && op != "!=") return false;
    const bool named = right.is_string() && right.get<std::string>().starts_with("@");
    const json* set = right.is_object() && right.contains("set") && right["set"].is_array() ? &right["set"] : nullptr;
    if (!named && set == nullptr) return false;
    const auto key = key_of(left);
    if (!key) return false;
    Lookup lookup{*key, {}, {}, false, {}, op == "!="};
    if (named) {
      lookup.set = right.get<std::string>().substr(1);
    } else {
      for (const json& each : *set) {
        auto element = nft_element(*key, each, icmp6());
        if (!element) return false;
        lookup.elements.push_back(std::move(*element));
      }
    }
    add(std::move(lookup));
    return true;
  }

  bool verdict_map(const json& v) {
    const auto key_said = v.find("key");
    const auto data = v.find("data");
    if (key_said == v.end() || data == v.end()) return false;
    const auto key = key_of(key_said->is_object() && key_said->contains("concat") ? (*key_said)["concat"] : *key_said);
    if (!key) return false;
    VerdictMap map{*key, {}, {}};
    for (Operand& operand : map.key)
      if (operand.field == Field::IcmpTypeCode && operand.is_whole()) operand.mask = 0xff00;
    if (data->is_string()) {
      map.map = data->get<std::string>().substr(data->get<std::string>().starts_with("@") ? 1 : 0);
      add(std::move(map));
      return true;
    }
    if (!data->is_object() || !data->contains("set") || !(*data)["set"].is_array()) return false;
    for (const json& pair : (*data)["set"]) {
      if (!pair.is_array() || pair.size() != 2) return false;
      auto element = nft_element(map.key, pair[0], icmp6());
      const auto verdict = verdict_of(pair[1]);
      if (!element || !verdict) return false;
      map.elements.push_back({std::move(*element), *verdict});
    }
    add(std::move(map));
    return true;
  }

  void counter(const json& c) {
    Counter counter;
    if (c.is_string()) counter.name = c.get<std::string>();
    if (c.is_object()) {
      counter.packets = number(c, "packets");
      counter.bytes = number(c, "bytes");
    }
    add(std::move(counter));
  }

  bool log(const json& l) {
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
        if (!log.level) return false;
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
    add(std::move(log));
    return true;
  }

  bool mangle(const json& m) {
    const auto key = m.find("key");
    const auto value = m.find("value");
    if (key == m.end() || value == m.end() || !key->is_object()) return false;
    if (key->contains("tcp option")) return tcp_mss((*key)["tcp option"], *value);
    const auto to = nft_operand(*key);
    if (!to || !to->operand.is_whole()) return false;
    const Field field = to->operand.field;
    const bool mark = field == Field::PacketMark || field == Field::ConnectionMark;
    if (mark) {
      if (const auto from = nft_operand(*value);
          from && from->operand.is_whole() && from->operand.field != field &&
          (from->operand.field == Field::PacketMark || from->operand.field == Field::ConnectionMark)) {
        add(CopyMark{from->operand.field, field, 0xffffffff, 0xffffffff});
        return true;
      }
      Assign assign{field, 0, 0};
      if (!assignment(field, *value, assign, 0)) return false;
      add(assign);
      return true;
    }
    if (field == Field::Priority) {
      // "1:2"
      if (!value->is_string()) return false;
      const std::string text = value->get<std::string>();
      const auto colon = text.find(':');
      if (colon == std::string::npos) return false;
      const auto major = whole_number("0x" + text.substr(0, colon), 65535);
      const auto minor = whole_number("0x" + text.substr(colon + 1), 65535);
      if (!major || !minor) return false;
      add(Assign{field, largest_value(32), *major << 16 | *minor});
      return true;
    }
    if (field != Field::Dscp && field != Field::Ttl) return false;
    const auto values = nft_values(to->operand, *value, false);
    if (!values || !values->is_single()) return false;
    imply(*to);
    add(Assign{field, largest_value(width_of(field)), values->intervals()[0].first});
    return true;
  }

  // new = (old & ~mask) ^ value, of "5", "mark | 5", "mark & 0xff ^ 5" in any nesting.
  static bool assignment(Field field, const json& value, Assign& assign, int depth) {
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

  bool tcp_mss(const json& option, const json& value) {
    if (!option.is_object() || word(option, "name") != "maxseg" || word(option, "field") != "size") return false;
    TcpMss mss;
    if (value.is_number_unsigned() && value.get<std::uint64_t>() <= 65535)
      mss.size = static_cast<std::uint16_t>(value.get<std::uint64_t>());
    else if (!(value.is_object() && value.contains("rt") && value["rt"].is_object() &&
               word(value["rt"], "key") == "mtu"))
      return false;
    add(mss);
    return true;
  }

  bool set_update(const json& s) {
    SetUpdate update;
    const std::string op = word(s, "op");
    if (op != "add" && op != "update" && op != "delete") return false;
    update.action = op == "add"      ? SetUpdate::Action::Add
                    : op == "update" ? SetUpdate::Action::Update
                                     : SetUpdate::Action::Delete;
    update.set = word(s, "set");
    if (update.set.starts_with("@")) update.set.erase(0, 1);
    const auto elem = s.find("elem");
    if (elem == s.end() || update.set.empty()) return false;
    const json* key = &*elem;
    if (elem->is_object() && elem->contains("elem") && (*elem)["elem"].is_object()) {
      const json& inner = (*elem)["elem"];
      if (!inner.contains("val")) return false;
      key = &inner["val"];
      update.timeout_s = number(inner, "timeout");
    }
    const auto said = key_of(key->is_object() && key->contains("concat") ? (*key)["concat"] : *key);
    if (!said) return false;
    update.key = *said;
    if (const auto list = s.find("stmt"); list != s.end() && list->is_array())
      for (const json& each : *list) {
        if (each.is_object() && each.contains("limit") && !update.limit) {
          update.limit = limit_of(each["limit"]);
          if (!update.limit) return false;
        } else if (each.is_object() && each.contains("counter")) {
          update.text += update.text.empty() ? "counter" : " counter";
        } else if (each.is_object() && each.contains("ct count") && each["ct count"].is_object()) {
          const json& count = each["ct count"];
          update.text += fmt::format("{}ct count {}{}", update.text.empty() ? "" : " ",
                                     count.value("inv", false) ? "over " : "", number(count, "val").value_or(0));
        } else {
          return false;
        }
      }
    add(std::move(update));
    return true;
  }

  bool reject(const json& r) {
    std::string type = context_.family == RuleFamily::Ip4   ? "icmp"
                       : context_.family == RuleFamily::Ip6 ? "icmpv6"
                                                            : "icmpx";
    std::string code = "port-unreachable";
    if (r.is_object()) {
      if (const std::string said = word(r, "type"); !said.empty()) type = said;
      if (const std::string said = word(r, "expr"); !said.empty()) code = said;
      if (const auto said = number(r, "expr")) code = std::to_string(*said);
    }
    const auto reject = reject_of_nft(type, code);
    if (!reject) return false;
    if (reject->kind == Reject::Kind::TcpReset) imply(Field::Protocol, kProtocolTcp);
    if (reject->kind == Reject::Kind::Icmp) imply(Field::Family, kFamilyIp4);
    if (reject->kind == Reject::Kind::Icmp6) imply(Field::Family, kFamilyIp6);
    add(*reject);
    return true;
  }

  static bool port_range(const json& said, Nat& nat) {
    const auto values = nft_values({Field::DestinationPort}, said, false);
    if (!values || values->intervals().size() != 1) return false;
    nat.first_port = static_cast<std::uint16_t>(values->intervals()[0].first);
    nat.last_port = static_cast<std::uint16_t>(values->intervals()[0].last);
    return true;
  }

  void nat(const json& statement, const std::string& kind, const json& n) {
    Nat nat;
    nat.kind = kind == "snat"         ? Nat::Kind::Source
               : kind == "dnat"       ? Nat::Kind::Destination
               : kind == "masquerade" ? Nat::Kind::Masquerade
                                      : Nat::Kind::Redirect;
    bool known = true;
    if (n.is_object()) {
      if (const std::string family = word(n, "family"); !family.empty())
        imply(Field::Family, family == "ip" ? kFamilyIp4 : kFamilyIp6);
      if (const auto address = n.find("addr"); address != n.end()) {
        const auto values = nft_values({Field::SourceAddress}, *address, false);
        known = values && values->intervals().size() == 1;
        if (known) {
          nat.first_address = address_of(values->intervals()[0].first);
          nat.last_address = address_of(values->intervals()[0].last);
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
    if (!known) {
      const auto text = nft_statement_text(statement);
      if (!text) return opaque_statement(statement, kind, false);
      Nat computed;
      computed.kind = nat.kind;
      computed.text = *text;
      return add(std::move(computed));
    }
    add(std::move(nat));
  }

  bool queue(const json& q) {
    Verdict verdict{Verdict::Kind::Queue, {}, 0, 0, false, false};
    if (q.is_object()) {
      if (const auto num = q.find("num"); num != q.end()) {
        const auto values = nft_values({Field::DestinationPort}, *num, false);
        if (!values || values->intervals().size() != 1) return false;
        verdict.queue_first = static_cast<std::uint16_t>(values->intervals()[0].first);
        verdict.queue_last = static_cast<std::uint16_t>(values->intervals()[0].last);
      }
      if (const auto flags = q.find("flags"); flags != q.end()) {
        verdict.queue_bypass = has_word(*flags, "bypass");
        verdict.queue_fanout = has_word(*flags, "fanout");
      }
    }
    add(std::move(verdict));
    return true;
  }

  Table& table_;
  NftContext context_;
  Rule rule_;
};

class JsonReader {
 public:
  JsonReader(const ReadOptions& options, Diagnostics& remarks)
      : options_(options), remarks_(options.name, options.limits.remarks_max, remarks) {}

  Ruleset read(std::string_view text) {
    ruleset_.files = {options_.name};
    if (text.size() > options_.limits.bytes_max) {
      error("ruleset.limit", fmt::format("larger than {} bytes (bytes_max)", options_.limits.bytes_max));
      return std::move(ruleset_);
    }
    const json document = json::parse(text, nullptr, false);
    if (document.is_discarded() || !document.is_object() || !document.contains("nftables") ||
        !document["nftables"].is_array()) {
      error("ruleset.not-nft-json", "this is not what 'nft -j list ruleset' prints");
      return std::move(ruleset_);
    }
    for (const json& item : document["nftables"]) {
      if (!item.is_object() || item.size() != 1 || stopped_) continue;
      const auto& [kind, o] = *item.get_ref<const json::object_t&>().begin();
      if (o.is_object()) object(kind, o);
    }
    return std::move(ruleset_);
  }

 private:
  void error(std::string id, std::string text) { remarks_.add(Severity::Error, std::move(id), {}, 0, std::move(text)); }

  static std::string key(std::string_view family, std::string_view table) {
    return fmt::format("{} {}", family, table);
  }

  void object(const std::string& kind, const json& o) {
    if (kind == "metainfo") return;
    if (kind == "table") return table(o);
    const auto place = tables_.find(key(word(o, "family"), word(o, "table")));
    if (place == tables_.end())
      return error("ruleset.not-there", fmt::format("a {} of a table that was not declared: {}", escape(kind, 20),
                                                    escape(word(o, "table"), 40)));
    Table& table = ruleset_.tables[place->second];
    if (kind == "chain") return chain(table, o);
    if (kind == "rule") return rule(table, o);
    if (kind == "set" || kind == "map") return set(table, o, kind == "map");
    other(table, kind, o);
  }

  void table(const json& o) {
    const auto family = family_of(word(o, "family"));
    if (!family)
      return error("ruleset.unknown-family", fmt::format("unknown family '{}'", escape(word(o, "family"), 20)));
    if (!tables_.emplace(key(word(o, "family"), word(o, "name")), ruleset_.tables.size()).second) return;
    Table& made = ruleset_.tables.emplace_back();
    made.family = *family;
    made.name = word(o, "name");
    if (const auto flags = o.find("flags"); flags != o.end())
      made.properties.push_back("flags " + (flags->is_string() ? flags->get<std::string>() : list(*flags)));
    if (const std::string comment = word(o, "comment"); !comment.empty())
      made.properties.push_back("comment " + nft_quoted(comment));
  }

  static std::string list(const json& array) {
    std::string text;
    if (array.is_string()) return array.get<std::string>();
    if (array.is_array())
      for (const json& each : array)
        if (each.is_string()) text += (text.empty() ? "" : ",") + each.get<std::string>();
    return text;
  }

  void chain(Table& table, const json& o) {
    if (++chains_count_ > options_.limits.chains_max) {
      stopped_ = true;
      return error("ruleset.limit", "too many chains (chains_max)");
    }
    Chain chain;
    chain.name = word(o, "name");
    chain.comment = word(o, "comment");
    const std::string hook = word(o, "hook");
    if (!hook.empty()) {
      chain.hook.emplace();
      bool known = false;
      for (int i = 0; i < kHookCount; ++i)
        if (name_of(static_cast<Hook>(i)) == hook) {
          chain.hook->hook = static_cast<Hook>(i);
          known = true;
        }
      if (!known) return error("ruleset.unknown-hook", fmt::format("unknown hook '{}'", escape(hook, 20)));
      const std::string type = word(o, "type");
      chain.hook->type = type == "nat" ? ChainType::Nat : type == "route" ? ChainType::Route : ChainType::Filter;
      const auto priority = o.find("prio");
      if (priority != o.end() && priority->is_number_integer())
        chain.hook->priority = static_cast<int>(priority->get<std::int64_t>());
      if (word(o, "policy") == "drop") chain.hook->policy = Verdict::Kind::Drop;
      if (const auto device = o.find("dev"); device != o.end()) {
        if (device->is_string()) chain.hook->devices.push_back(device->get<std::string>());
        if (device->is_array())
          for (const json& each : *device)
            if (each.is_string()) chain.hook->devices.push_back(each.get<std::string>());
      }
    }
    chains_.emplace(chain_key(table, chain.name), table.chains.size());
    table.chains.push_back(std::move(chain));
  }

  std::string chain_key(const Table& table, std::string_view chain) {
    return fmt::format("{} {}", &table - ruleset_.tables.data(), chain);
  }

  void rule(Table& table, const json& o) {
    if (++rules_ > options_.limits.rules_max) {
      stopped_ = true;
      return error("ruleset.limit", fmt::format("more than {} rules (rules_max)", options_.limits.rules_max));
    }
    const auto place = chains_.find(chain_key(table, word(o, "chain")));
    if (place == chains_.end())
      return error("ruleset.not-there",
                   fmt::format("a rule of a chain that was not declared: {}", escape(word(o, "chain"), 40)));
    table.chains[place->second].rules.push_back(RuleReader(table).read(o));
  }

  void set(Table& table, const json& o, bool map) {
    RuleSet set;
    set.name = word(o, "name");
    const auto type = o.find("type");
    std::vector<std::string> types;
    if (type != o.end() && type->is_string()) types.push_back(type->get<std::string>());
    if (type != o.end() && type->is_array())
      for (const json& each : *type)
        if (each.is_string()) types.push_back(each.get<std::string>());
    for (const std::string& each : types) set.type += (set.type.empty() ? "" : " . ") + each;
    for (const std::string& each : types) {
      const auto operand = nft_type_operand(each);
      if (!operand) {
        set.key.clear();
        break;
      }
      set.key.push_back(*operand);
    }
    if (map) {
      const auto data = o.find("map");
      if (data != o.end()) set.map_type = data->is_array() ? concatenated(*data) : word(o, "map");
    }
    if (const auto flags = o.find("flags"); flags != o.end()) {
      const std::string text = list(*flags);
      set.changes = text.find("timeout") != std::string::npos || text.find("dynamic") != std::string::npos;
      set.properties.push_back("flags " + text);
    }
    for (const char* property : {"timeout", "gc-interval", "size"})
      if (const auto value = number(o, property))
        set.properties.push_back(
            fmt::format("{} {}{}", property, *value, std::string_view(property) == "size" ? "" : "s"));
    if (word(o, "policy") == "memory") set.properties.emplace_back("policy memory");
    if (o.value("auto-merge", false)) set.properties.emplace_back("auto-merge");
    if (const std::string comment = word(o, "comment"); !comment.empty())
      set.properties.push_back("comment " + nft_quoted(comment));
    if (const auto elements = o.find("elem"); elements != o.end() && elements->is_array())
      for (const json& each : *elements) element(set, each, map);
    table.sets.push_back(std::move(set));
  }

  static std::string concatenated(const json& array) {
    std::string text;
    for (const json& each : array)
      if (each.is_string()) text += (text.empty() ? "" : " . ") + each.get<std::string>();
    return text;
  }

  static void element(RuleSet& set, const json& said, bool map) {
    RuleSet::Element element;
    const json* key = &said;
    const json* data = nullptr;
    if (map && said.is_array() && said.size() == 2) {
      key = &said[0];
      data = &said[1];
    }
    if (data != nullptr) {
      element.verdict = verdict_of(*data);
      if (!element.verdict) element.data = nft_expression_text(*data).value_or("?");
    }
    const json* value = key;
    if (key->is_object() && key->contains("elem") && (*key)["elem"].is_object() && (*key)["elem"].contains("val")) {
      value = &(*key)["elem"]["val"];
      const auto whole = nft_expression_text(*key);
      const auto alone = nft_expression_text(*value);
      if (whole && alone && whole->size() > alone->size()) element.text = whole->substr(alone->size() + 1);
    }
    auto understood = nft_element(set.key, *value, set.type.find("icmpv6_type") != std::string::npos);
    if (understood && !set.key.empty())
      element.key = std::move(*understood);
    else
      element.text = nft_expression_text(*key).value_or("?");
    set.elements.push_back(std::move(element));
  }

  static void other(Table& table, const std::string& kind, const json& o) {
    RuleObject object;
    object.kind = kind;
    object.name = word(o, "name");
    if (kind == "limit") object.limit = limit_of(o);
    json rest = o;
    for (const char* known : {"family", "table", "name", "handle"}) rest.erase(known);
    // Running figures are not what the object is.
    if (kind == "counter") rest = json::object();
    if (kind == "quota") rest.erase("used");
    object.text = rest.dump(-1, ' ', true, json::error_handler_t::replace);
    table.objects.push_back(std::move(object));
  }

  const ReadOptions& options_;
  RemarkWriter remarks_;
  Ruleset ruleset_;
  std::unordered_map<std::string, std::size_t> tables_, chains_;
  std::size_t chains_count_ = 0, rules_ = 0;
  bool stopped_ = false;
};

}  // namespace

Ruleset read_nft_json(std::string_view text, const ReadOptions& options, Diagnostics& remarks) {
  return JsonReader(options, remarks).read(text);
}

}  // namespace mailweir
