// read_nft_json of other_rules.h.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "proof/other_rules.h"
#include "record/compiled_table.h"

namespace mailweir {
namespace {

using nlohmann::json;
using ChainKey = std::tuple<std::string, std::string, std::string>;  // family, table, chain

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// What the expressions of one rule do, wherever in them it stands: a verdict may be inside a map.
struct Effects {
  std::string stops, redirects;
  std::vector<std::string> jumps;
  std::optional<std::uint64_t> packets;
};

void look_at(const json& part, Effects& effects, int depth = 0) {
  constexpr int kDepthMax = 32;
  if (depth > kDepthMax) return;
  if (part.is_array()) {
    for (const json& one : part) look_at(one, effects, depth + 1);
  }
  if (!part.is_object()) return;
  for (const auto& [key, value] : part.items()) {
    if (key == "drop" || key == "reject" || key == "queue" || key == "synproxy") {
      effects.stops = key;
    } else if (key == "redirect" || key == "dnat" || key == "tproxy") {
      effects.redirects = key;
    } else if ((key == "jump" || key == "goto") && value.is_object()) {
      effects.jumps.push_back(text_at(value, "target"));
    } else if (key == "counter" && value.is_object() && value.contains("packets") &&
               value["packets"].is_number_unsigned()) {
      effects.packets = value["packets"].get<std::uint64_t>();
    } else if (key == "xt" && value.is_object() && text_at(value, "type") == "target") {
      const std::string name = text_at(value, "name");
      if (name == "REJECT" || name == "DROP" || name == "TARPIT" || name == "NFQUEUE") effects.stops = name;
      if (name == "REDIRECT" || name == "DNAT" || name == "TPROXY") effects.redirects = name;
    } else {
      look_at(value, effects, depth + 1);
    }
  }
}

struct ReadChain {
  std::vector<OtherRule> rules;
  std::vector<std::string> jumps;
};

class Reader {
 public:
  void take(const json& item) {
    if (item.contains("chain")) take_chain(item["chain"]);
    if (item.contains("rule")) take_rule(item["rule"]);
    if (item.contains("flowtable")) take_flowtable(item["flowtable"]);
  }

  OtherRules finish() {
    for (OtherChain& base : bases_) {
      std::set<std::string> seen;
      collect(base, base.chain, seen);
      if (base.policy_drops || !base.rules.empty()) rules_.chains.push_back(std::move(base));
    }
    return std::move(rules_);
  }

 private:
  static bool is_ours(const json& object) {
    return text_at(object, "family") == "inet" && text_at(object, "table") == kTable;
  }

  void take_chain(const json& chain) {
    if (!chain.is_object() || is_ours(chain) || !chain.contains("hook")) return;
    OtherChain base;
    base.family = text_at(chain, "family");
    base.table = text_at(chain, "table");
    base.chain = text_at(chain, "name");
    base.hook = text_at(chain, "hook");
    if (chain.contains("prio") && chain["prio"].is_number_integer()) base.priority = chain["prio"].get<int>();
    base.policy_drops = text_at(chain, "policy") == "drop";
    bases_.push_back(std::move(base));
  }

  void take_rule(const json& rule) {
    if (!rule.is_object() || is_ours(rule) || !rule.contains("expr")) return;
    Effects effects;
    look_at(rule["expr"], effects);
    ReadChain& chain = chains_[{text_at(rule, "family"), text_at(rule, "table"), text_at(rule, "chain")}];
    chain.jumps.insert(chain.jumps.end(), effects.jumps.begin(), effects.jumps.end());
    if (effects.stops.empty() && effects.redirects.empty()) return;
    const auto handle = rule.find("handle");
    chain.rules.push_back(
        {text_at(rule, "chain"),
         fmt::format("rule {} ({})", handle != rule.end() && handle->is_number() ? handle->dump() : "?",
                     effects.stops.empty() ? effects.redirects : effects.stops),
         effects.packets, effects.stops.empty()});
  }

  void take_flowtable(const json& table) {
    if (!table.is_object()) return;
    Flowtable flow{text_at(table, "family"), text_at(table, "table"), text_at(table, "name"), {}};
    if (const auto devices = table.find("dev"); devices != table.end()) {
      for (const json& device : devices->is_array() ? *devices : json::array({*devices})) {
        if (device.is_string()) flow.devices.push_back(device.get<std::string>());
      }
    }
    rules_.flowtables.push_back(std::move(flow));
  }

  void collect(OtherChain& base, const std::string& name, std::set<std::string>& seen) {
    if (!seen.insert(name).second) return;
    const auto found = chains_.find({base.family, base.table, name});
    if (found == chains_.end()) return;
    base.rules.insert(base.rules.end(), found->second.rules.begin(), found->second.rules.end());
    for (const std::string& target : found->second.jumps) collect(base, target, seen);
  }

  std::vector<OtherChain> bases_;
  std::map<ChainKey, ReadChain> chains_;
  OtherRules rules_;
};

}  // namespace

std::optional<OtherRules> read_nft_json(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("nftables") || !document["nftables"].is_array()) return std::nullopt;
  Reader reader;
  for (const json& item : document["nftables"]) {
    if (item.is_object()) reader.take(item);
  }
  return reader.finish();
}

}  // namespace mailweir
