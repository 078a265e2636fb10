#include "ruleset/nft_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "ruleset/nft_json.h"
#include "ruleset/nft_operand.h"
#include "ruleset/nft_statement.h"
#include "ruleset/number_names.h"
#include "ruleset/part_text.h"
#include "ruleset/reject_names.h"

namespace mailweir::rules {
namespace {

using nlohmann::json;

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
  template <typename Part>
  bool add_if(std::optional<Part> part) {
    if (part) add(std::move(*part));
    return part.has_value();
  }

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
    if (const auto verdict = nft_verdict(statement)) return add(*verdict);
    if (kind == "match" && s.is_object()) {
      if (!match(s)) opaque_match(statement, module_of(s), is_pure(s));
    } else if (kind == "counter") {
      add(nft_counter(s));
    } else if (kind == "log") {
      if (!add_if(nft_log(s))) opaque_statement(statement, kind, true);
    } else if (kind == "limit") {
      Limit limit;
      if (s.is_string()) limit.name = s.get<std::string>();
      const auto said = s.is_string() ? std::optional<Limit>(limit) : nft_limit(s);
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
      if (!add_if(nft_queue(s))) opaque_statement(statement, kind, false);
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
    const FieldValue value = match.values.front().first;
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
      const auto verdict = nft_verdict(pair[1]);
      if (!element || !verdict) return false;
      map.elements.push_back({std::move(*element), *verdict});
    }
    add(std::move(map));
    return true;
  }

  bool mangle(const json& m) {
    const auto key = m.find("key");
    const auto value = m.find("value");
    if (key == m.end() || value == m.end() || !key->is_object()) return false;
    if (key->contains("tcp option")) return add_if(nft_tcp_mss((*key)["tcp option"], *value));
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
      return add_if(nft_assignment(field, *value));
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
    add(Assign{field, largest_value(width_of(field)), values->front().first});
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
          update.limit = nft_limit(each["limit"]);
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
    const auto reject = nft_reject(r, context_.family);
    if (!reject) return false;
    if (reject->kind == Reject::Kind::TcpReset) imply(Field::Protocol, kProtocolTcp);
    if (reject->kind == Reject::Kind::Icmp) imply(Field::Family, kFamilyIp4);
    if (reject->kind == Reject::Kind::Icmp6) imply(Field::Family, kFamilyIp6);
    add(*reject);
    return true;
  }

  void nat(const json& statement, const std::string& kind, const json& n) {
    if (n.is_object())
      if (const std::string family = word(n, "family"); !family.empty())
        imply(Field::Family, family == "ip" ? kFamilyIp4 : kFamilyIp6);
    if (auto nat = nft_nat(kind, n)) return add(std::move(*nat));
    const auto text = nft_statement_text(statement);
    if (!text) return opaque_statement(statement, kind, false);
    Nat computed;
    computed.kind = nft_nat_kind(kind);
    computed.text = *text;
    add(std::move(computed));
  }

  Table& table_;
  NftContext context_;
  Rule rule_;
};

}  // namespace

Rule read_nft_rule(const json& rule, Table& table) { return RuleReader(table).read(rule); }

}  // namespace mailweir::rules
