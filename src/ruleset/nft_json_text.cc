#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ruleset/nft_json.h"
#include "ruleset/part_text.h"

namespace mailweir::rules {
namespace {

using nlohmann::json;
using Text = std::optional<std::string>;

std::string scalar(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number_unsigned()) return std::to_string(found->get<std::uint64_t>());
  if (found->is_number_integer()) return std::to_string(found->get<std::int64_t>());
  return {};
}

// What nft prints without quotes and what with: names of interfaces, helpers and such need them.
bool is_bare(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:@").find(c) != std::string_view::npos;
  });
}

std::string value(const std::string& text) { return is_bare(text) ? text : nft_quoted(text); }

// A string or a list of strings, as flags come.
Text flags(const json& list, std::string_view between) {
  if (list.is_string()) return list.get<std::string>();
  if (!list.is_array()) return std::nullopt;
  std::string text;
  for (const json& each : list) {
    if (!each.is_string()) return std::nullopt;
    text += (text.empty() ? "" : std::string(between)) + each.get<std::string>();
  }
  return text;
}

Text list(const json& array, std::string_view between, int depth) {
  if (!array.is_array() || array.empty()) return std::nullopt;
  std::string text;
  for (const json& each : array) {
    const auto said = nft_expression_text(each, depth + 1);
    if (!said) return std::nullopt;
    text += (text.empty() ? "" : std::string(between)) + *said;
  }
  return text;
}

// Elements of sets and maps: a map's are pairs.
Text elements(const json& array, int depth) {
  if (!array.is_array() || array.empty()) return std::nullopt;
  std::string text;
  for (const json& each : array) {
    Text said;
    if (each.is_array() && each.size() == 2) {
      const auto key = nft_expression_text(each[0], depth + 1);
      const auto data = nft_expression_text(each[1], depth + 1);
      if (key && data) said = *key + " : " + *data;
    } else {
      said = nft_expression_text(each, depth + 1);
    }
    if (!said) return std::nullopt;
    text += (text.empty() ? "" : ", ") + *said;
  }
  return "{ " + text + " }";
}

Text payload(const json& p) {
  if (const auto base = p.find("base"); base != p.end())
    return fmt::format("@{},{},{}", scalar(p, "base"), scalar(p, "offset"), scalar(p, "len"));
  if (!p.contains("protocol") || !p.contains("field")) return std::nullopt;
  return scalar(p, "protocol") + " " + scalar(p, "field");
}

Text meta(const json& m) {
  const std::string key = scalar(m, "key");
  if (key.empty()) return std::nullopt;
  for (const std::string_view plain :
       {"iif", "iifname", "oif", "oifname", "iiftype", "oiftype", "iifgroup", "oifgroup"})
    if (key == plain) return key;
  return "meta " + key;
}

Text connection(const json& c) {
  const std::string key = scalar(c, "key");
  if (key.empty()) return std::nullopt;
  const std::string direction = scalar(c, "dir");
  return "ct " + (direction.empty() ? "" : direction + " ") + key;
}

Text fib(const json& f) {
  const auto list = f.find("flags");
  if (list == f.end()) return std::nullopt;
  const auto said = flags(*list, " . ");
  if (!said) return std::nullopt;
  return "fib " + *said + " " + scalar(f, "result");
}

Text header_option(const json& o, std::string_view kind) {
  const std::string field = scalar(o, "field");
  return fmt::format("{} {}{}{}", kind, scalar(o, "name"), field.empty() ? "" : " ", field);
}

Text element(const json& e, int depth) {
  const auto val = e.find("val");
  if (val == e.end()) return std::nullopt;
  auto text = nft_expression_text(*val, depth + 1);
  if (!text) return std::nullopt;
  for (const char* key : {"timeout", "expires"})
    if (const std::string seconds = scalar(e, key); !seconds.empty()) *text += fmt::format(" {} {}s", key, seconds);
  if (const auto counter = e.find("counter"); counter != e.end() && counter->is_object())
    *text += fmt::format(" counter packets {} bytes {}", scalar(*counter, "packets"), scalar(*counter, "bytes"));
  if (const std::string comment = scalar(e, "comment"); !comment.empty()) *text += " comment " + nft_quoted(comment);
  return text;
}

Text map(const json& m, int depth) {
  if (!m.contains("key") || !m.contains("data")) return std::nullopt;
  const auto key = nft_expression_text(m["key"], depth + 1);
  const auto data = nft_expression_text(m["data"], depth + 1);
  if (!key || !data) return std::nullopt;
  return fmt::format("{} map {}", *key, *data);
}

Text number_generator(const json& n) {
  const std::string offset = scalar(n, "offset");
  return fmt::format("numgen {} mod {}{}", scalar(n, "mode"), scalar(n, "mod"),
                     offset.empty() || offset == "0" ? "" : " offset " + offset);
}

Text hash(const json& h, std::string_view kind, int depth) {
  std::string text(kind);
  if (const auto expression = h.find("expr"); expression != h.end()) {
    const auto said = nft_expression_text(*expression, depth + 1);
    if (!said) return std::nullopt;
    text += " " + *said;
  }
  text += " mod " + scalar(h, "mod");
  if (const auto seed = scalar(h, "seed"); !seed.empty()) text += " seed " + seed;
  if (const auto offset = scalar(h, "offset"); !offset.empty() && offset != "0") text += " offset " + offset;
  return text;
}

Text binary(const std::string& op, const json& sides, int depth) {
  if (!sides.is_array() || sides.size() < 2) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    // A list of flags on one side is the same as ORing them.
    auto said = sides[i].is_array() ? flags(sides[i], " | ") : nft_expression_text(sides[i], depth + 1);
    if (!said) return std::nullopt;
    const bool nested =
        sides[i].is_array() || (sides[i].is_object() && (sides[i].contains("|") || sides[i].contains("&")));
    if (nested) *said = "(" + *said + ")";
    text += (text.empty() ? "" : " " + op + " ") + *said;
  }
  return text;
}

Text verdict(const std::string& kind, const json& v) {
  if (kind == "accept" || kind == "drop" || kind == "return" || kind == "continue") return kind;
  if ((kind == "jump" || kind == "goto") && v.is_object()) return kind + " " + scalar(v, "target");
  return std::nullopt;
}

Text object(const json& expression, int depth) {
  const auto& [kind, e] = *expression.get_ref<const json::object_t&>().begin();
  if (kind == "concat") return list(e, " . ", depth);
  if (kind == "set") return e.is_array() ? elements(e, depth) : nft_expression_text(e, depth + 1);
  if (kind == "|" || kind == "&" || kind == "^" || kind == "<<" || kind == ">>") return binary(kind, e, depth);
  if (kind == "range" && e.is_array() && e.size() == 2) return list(e, "-", depth);
  if (!e.is_object()) return verdict(kind, e);
  if (kind == "payload") return payload(e);
  if (kind == "meta") return meta(e);
  if (kind == "ct") return connection(e);
  if (kind == "fib") return fib(e);
  if (kind == "rt") return "rt " + scalar(e, "key");
  if (kind == "socket") return "socket " + scalar(e, "key");
  if (kind == "osf") return "osf " + scalar(e, "key");
  if (kind == "exthdr") return header_option(e, "exthdr");
  if (kind == "tcp option" || kind == "ip option") return header_option(e, kind);
  if (kind == "prefix") {
    const auto address = e.contains("addr") ? nft_expression_text(e["addr"], depth + 1) : std::nullopt;
    return address ? Text(*address + "/" + scalar(e, "len")) : std::nullopt;
  }
  if (kind == "elem") return element(e, depth);
  if (kind == "map") return map(e, depth);
  if (kind == "numgen") return number_generator(e);
  if (kind == "jhash" || kind == "symhash") return hash(e, kind, depth);
  return verdict(kind, e);
}

// Times and days come as words that nft wants in quotes.
Text times(const json& value) {
  if (value.is_string()) return nft_quoted(value.get<std::string>());
  if (value.is_object() && value.size() == 1) {
    const auto& [kind, e] = *value.get_ref<const json::object_t&>().begin();
    std::string text;
    if ((kind != "range" && kind != "set") || !e.is_array()) return std::nullopt;
    for (const json& each : e) {
      const auto said = kind == "set" && each.is_object() ? times(each)
                        : each.is_string()                ? times(each)
                                                          : nft_expression_text(each);
      if (!said || (kind == "range" && each.is_object())) return std::nullopt;
      text += (text.empty() ? "" : kind == "range" ? "-" : ", ") + *said;
    }
    return kind == "range" ? text : "{ " + text + " }";
  }
  return nft_expression_text(value);
}

Text match(const json& m) {
  if (!m.contains("left") || !m.contains("right")) return std::nullopt;
  const json& right = m["right"];
  const auto left = nft_expression_text(m["left"]);
  if (!left) return std::nullopt;
  const std::string op = scalar(m, "op");
  const std::string shown = op == "in" || op == "==" ? (op == "==" && !right.is_object() ? " ==" : "") : " " + op;
  if (right.is_boolean()) return *left + (right.get<bool>() ? " exists" : " missing");
  const bool time = *left == "meta hour" || *left == "meta day" || *left == "meta time";
  const auto said = time ? times(right) : right.is_array() ? flags(right, ",") : nft_expression_text(right);
  if (!said) return std::nullopt;
  const bool implicit = shown.empty() || (right.is_string() && right.get<std::string>().starts_with("@"));
  return *left + (implicit && shown == " ==" ? "" : shown) + " " + *said;
}

Text quota(const json& q) {
  return fmt::format("quota {}{} {}", q.value("inv", false) ? "over " : "", scalar(q, "val"), scalar(q, "val_unit"));
}

Text to_address(const json& s, std::string_view kind) {
  std::string text(kind);
  if (const std::string family = scalar(s, "family"); !family.empty() && kind != "fwd") text += " " + family;
  const auto types = s.find("type_flags");
  const bool netmap = types != s.end() && flags(*types, ",") == "prefix";
  if (netmap) text += " prefix";
  if (const auto addr = s.find("addr"); addr != s.end()) {
    const auto said = nft_expression_text(*addr);
    if (!said) return std::nullopt;
    const bool v6 = addr->is_string() && said->find(':') != std::string::npos && s.contains("port");
    text += " to " + (v6 ? "[" + *said + "]" : *said);
  } else if (s.contains("port")) {
    text += " to ";
  }
  if (const auto port = s.find("port"); port != s.end()) {
    const auto said = nft_expression_text(*port);
    if (!said) return std::nullopt;
    text += ":" + *said;
  }
  if (const auto dev = s.find("dev"); dev != s.end()) {
    const auto said = nft_expression_text(*dev);
    if (!said) return std::nullopt;
    text += (kind == "fwd" ? " to " : " device ") + *said;
  }
  if (const auto list = s.find("flags"); list != s.end()) {
    const auto said = flags(*list, ",");
    if (!said) return std::nullopt;
    if (!netmap || *said != "netmap") text += " " + *said;  // a prefix says as much
  }
  return text;
}

Text mangle(const json& m) {
  if (!m.contains("key") || !m.contains("value")) return std::nullopt;
  const auto key = nft_expression_text(m["key"]);
  const auto said = m["value"].is_array() ? flags(m["value"], ",") : nft_expression_text(m["value"]);
  if (!key || !said) return std::nullopt;
  return *key + " set " + *said;
}

}  // namespace

std::string word(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::uint64_t> number(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

Text nft_expression_text(const json& expression, int depth) {
  if (depth > kNftDepthMax) return std::nullopt;
  if (expression.is_number_integer() || expression.is_number_unsigned()) return expression.dump();
  if (expression.is_string()) return value(expression.get<std::string>());
  if (expression.is_boolean()) return expression.get<bool>() ? "exists" : "missing";
  if (expression.is_array()) return list(expression, ", ", depth);
  if (!expression.is_object() || expression.size() != 1) return std::nullopt;
  return object(expression, depth);
}

Text nft_statement_text(const json& statement) {
  if (!statement.is_object() || statement.size() != 1) return std::nullopt;
  const auto& [kind, s] = *statement.get_ref<const json::object_t&>().begin();
  if (kind == "match" && s.is_object()) return match(s);
  if (kind == "mangle" && s.is_object()) return mangle(s);
  if (kind == "quota")
    return s.is_object() ? quota(s) : Text("quota name " + nft_quoted(s.is_string() ? s.get<std::string>() : ""));
  if (kind == "ct helper" || kind == "ct timeout" || kind == "ct expectation")
    return s.is_string() ? Text(kind + " set " + nft_quoted(s.get<std::string>())) : std::nullopt;
  if (kind == "dup" || kind == "fwd" || kind == "tproxy" || kind == "snat" || kind == "dnat" || kind == "redirect" ||
      kind == "masquerade")
    return s.is_object() ? to_address(s, kind) : Text(kind);
  if (kind == "flow" && s.is_object()) {
    // { "op": "add", "flowtable": "@ft" }
    const std::string table = scalar(s, "flowtable");
    return table.empty() ? std::nullopt : Text("flow " + scalar(s, "op") + " " + table);
  }
  if (kind == "synproxy") {
    if (s.is_string()) return "synproxy name " + nft_quoted(s.get<std::string>());
    std::string text = "synproxy";
    if (s.is_object()) {
      if (const auto mss = scalar(s, "mss"); !mss.empty()) text += " mss " + mss;
      if (const auto scale = scalar(s, "wscale"); !scale.empty()) text += " wscale " + scale;
      if (const auto list = s.find("flags"); list != s.end())
        if (const auto said = flags(*list, " ")) text += " " + *said;
    }
    return text;
  }
  if (kind == "secmark")
    return s.is_string() ? Text("meta secmark set " + nft_quoted(s.get<std::string>())) : std::nullopt;
  if (kind == "last") return Text("last");
  return std::nullopt;
}

Text nft_object_text(const RuleObject& object) {
  const json o = json::parse(object.text, nullptr, false);
  if (!o.is_object()) return std::nullopt;
  const auto braces = [&](const std::string& kind, const std::string& inside) {
    return fmt::format("  {} {} {{\n    {}\n  }}\n", kind, object.name, inside);
  };
  if (object.kind == "counter") return braces("counter", "");
  if (object.kind == "quota")
    return braces("quota", fmt::format("{}{} bytes", o.value("inv", false) ? "over " : "", scalar(o, "bytes")));
  if (object.kind == "limit" && object.limit) {
    // "limit rate 3/minute burst 5 packets" without its first word.
    const auto said = nft_part_text(*object.limit, {});
    return said ? Text(braces("limit", said->substr(6))) : std::nullopt;
  }
  if (object.kind == "ct helper")
    return braces("ct helper",
                  fmt::format("type {} protocol {};{}", nft_quoted(scalar(o, "type")), scalar(o, "protocol"),
                              scalar(o, "l3proto").empty() ? "" : "\n    l3proto " + scalar(o, "l3proto")));
  if (object.kind == "flowtable") {
    std::string devices;
    if (const auto dev = o.find("dev"); dev != o.end()) {
      if (dev->is_string()) devices = dev->get<std::string>();
      if (dev->is_array())
        for (const json& each : *dev)
          if (each.is_string()) devices += (devices.empty() ? "" : ", ") + each.get<std::string>();
    }
    return braces("flowtable", fmt::format("hook {} priority {};{}", scalar(o, "hook"), scalar(o, "prio"),
                                           devices.empty() ? "" : "\n    devices = { " + devices + " };"));
  }
  return std::nullopt;
}

}  // namespace mailweir::rules
