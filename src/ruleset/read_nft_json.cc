#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/escape.h"
#include "ruleset/nft_json.h"
#include "ruleset/nft_operand.h"
#include "ruleset/nft_rule.h"
#include "ruleset/nft_statement.h"
#include "ruleset/part_text.h"
#include "ruleset/read_ruleset.h"
#include "ruleset/remarks.h"

namespace mailweir::rules {
namespace {

using nlohmann::json;

std::optional<RuleFamily> family_of(std::string_view text) {
  for (int i = 0; i < 6; ++i)
    if (name_of(static_cast<RuleFamily>(i)) == text) return static_cast<RuleFamily>(i);
  return std::nullopt;
}

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
    table.chains[place->second].rules.push_back(read_nft_rule(o, table));
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
      element.verdict = nft_verdict(*data);
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
    if (kind == "limit") object.limit = nft_limit(o);
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

}  // namespace mailweir::rules
