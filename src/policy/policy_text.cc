#include "policy/policy_text.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "base/escape.h"
#include "base/nearest.h"
#include "base/read_prefix.h"
#include "policy/cross_check.h"

namespace mailweir {
namespace {

using Words = std::span<const std::string_view>;

// What this version carries out, and what design and manual name for later ones: the latter is refused by name.
constexpr std::array<std::string_view, 2> kSections{"gateway", "block"};
constexpr std::array<std::string_view, 3> kSectionsLater{"host", "inbound", "log"};
constexpr std::array<std::string_view, 6> kGateway{"clients",  "mail_servers", "exempt",
                                                   "transfer", "submission",   "servers_registered"};
constexpr std::array<std::string_view, 4> kGatewayLater{"to_clients", "to_clients_also", "inbound_to", "public"};
constexpr std::array<std::string_view, 3> kBlock{"for", "max", "how"};
constexpr std::array<std::string_view, 2> kAnswers{"watch", "allow"};
constexpr std::array<std::string_view, 3> kAnswersLater{"log", "limit", "block"};
constexpr std::array<std::string_view, 2> kHow{"reject", "drop"};

bool is_one_of(std::string_view word, Words words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string list_of(Words words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += fmt::format("{}\"{}\"", i == 0 ? "" : i + 1 == words.size() ? " or " : ", ", words[i]);
  return text;
}

std::string_view type_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a section";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

class PolicyReader {
 public:
  PolicyReader(const std::string& file, Policy& policy) : file_(file), policy_(policy) {}

  void read(const toml::table& root) {
    for (const auto& [key, value] : root) {
      const toml::table* table = value.as_table();
      if (!is_one_of(key.str(), kSections)) {
        unknown(key, "the policy", "section", kSections, kSectionsLater);
      } else if (table == nullptr) {
        error(place(key.source()), "policy.wrong-type",
              fmt::format("{} must be a section, not {}", key.str(), type_of(value)),
              fmt::format("write [{}] on a line of its own, and its keys below", key.str()));
      } else if (key == "gateway") {
        read_gateway(*table, place(key.source()));
      } else {
        read_block(*table);
      }
    }
    if (root.empty())
      remark(Severity::Warning, {file_, 0, 0}, "policy.empty", "the policy is empty: nothing is watched",
             "a first one: [gateway] with clients = [\"172.16.0.0/12\"] and transfer = \"watch\"");
    cross_check(policy_, places_, remarks_);
  }

  void syntax_error(const toml::parse_error& problem) {
    error(place(problem.source()), "policy.syntax", escape(problem.description()), "");
  }

  std::vector<Diagnostic> take_remarks() { return std::move(remarks_); }

 private:
  void read_gateway(const toml::table& table, const SourceSpan& where) {
    GatewayPolicy& gateway = policy_.gateway.emplace();
    places_.gateway = where;
    for (const auto& [key, value] : table) {
      if (key == "clients")
        read_prefixes(key, value, gateway.clients, places_.clients);
      else if (key == "mail_servers")
        read_prefixes(key, value, gateway.mail_servers, places_.mail_servers);
      else if (key == "exempt")
        read_prefixes(key, value, gateway.exempt, places_.exempt);
      else if (key == "transfer")
        read_answer(key, value, gateway.transfer);
      else if (key == "submission")
        read_answer(key, value, gateway.submission);
      else if (key == "servers_registered")
        read_switch(key, value, gateway.servers_registered);
      else
        unknown(key, "[gateway]", "key", kGateway, kGatewayLater);
    }
    const toml::node* clients = table.get("clients");
    const toml::array* listed = clients == nullptr ? nullptr : clients->as_array();
    const std::string hint = "list the networks whose mail goes through this machine: clients = [\"172.16.0.0/12\"]";
    if (clients == nullptr)
      error(where, "policy.no-clients", "[gateway] does not say who the clients are", hint);
    else if (listed != nullptr && listed->empty())
      error(place(clients->source()), "policy.no-clients", "clients is empty: nobody would be watched", hint);
  }

  void read_block(const toml::table& table) {
    BlockPolicy& block = policy_.block;
    for (const auto& [key, value] : table) {
      if (key == "for") {
        places_.block_for = place(value.source());
        read_duration(key, value, block.length);
      } else if (key == "max") {
        if (places_.block_for.line == 0) places_.block_for = place(value.source());
        read_duration(key, value, block.length_max);
      } else if (key == "how") {
        if (const auto word = read_word(key, value, kHow, {}))
          block.how = {*word == "drop" ? BlockHow::Drop : BlockHow::Reject, place(value.source()).line};
      } else {
        unknown(key, "[block]", "key", kBlock, {});
      }
    }
  }

  void read_prefixes(const toml::key& key, const toml::node& value, Setting<std::vector<IpPrefix>>& setting,
                     PrefixList& places) {
    const toml::array* array = value.as_array();
    if (array == nullptr) {
      const auto text = value.value<std::string_view>();
      wrong_type(key, value, "a list of addresses and networks",
                 fmt::format("{} = [\"{}\"]", key.str(), text ? escape(*text, 64) : "172.16.0.0/12"));
      return;
    }
    setting.line = place(value.source()).line;
    for (const toml::node& element : *array) {
      const SourceSpan where = place(element.source());
      const auto text = element.value<std::string_view>();
      if (!element.is_string()) {
        error(where, "policy.wrong-type",
              fmt::format("{} must hold addresses and networks as texts, not {}", key.str(), type_of(element)),
              "write it between quotes: \"172.16.0.0/12\"");
      } else if (const auto prefix = read_prefix(*text)) {
        setting.value.push_back(*prefix);
        places.push_back({*prefix, where});
      } else {
        const bool host_bits = prefix.error().kind == PrefixMistake::Kind::HostBits;
        error(where, host_bits ? "policy.host-bits" : "policy.bad-prefix", prefix.error().text, prefix.error().hint);
      }
    }
  }

  void read_answer(const toml::key& key, const toml::node& value, Setting<Answer>& setting) {
    if (const auto word = read_word(key, value, kAnswers, kAnswersLater))
      setting = {*word == "allow" ? Answer::Allow : Answer::Watch, place(value.source()).line};
  }

  std::optional<std::string_view> read_word(const toml::key& key, const toml::node& value, Words known, Words later) {
    const auto word = value.value<std::string_view>();
    const SourceSpan where = place(value.source());
    if (!value.is_string()) {
      wrong_type(key, value, list_of(known), "");
    } else if (is_one_of(*word, known)) {
      return word;
    } else if (is_one_of(*word, later)) {
      error(where, "policy.not-supported",
            fmt::format("{} = \"{}\" is not supported yet by this version", key.str(), *word),
            fmt::format("this version knows {}", list_of(known)));
    } else {
      const std::string meant = nearest_hint(*word, known);
      error(where, "policy.unknown-value", fmt::format("{} = \"{}\": no such answer", key.str(), escape(*word, 64)),
            meant.empty() ? "it can be " + list_of(known) : meant);
    }
    return std::nullopt;
  }

  void read_switch(const toml::key& key, const toml::node& value, Setting<bool>& setting) {
    const SourceSpan where = place(value.source());
    if (!value.is_boolean()) return wrong_type(key, value, "true or false", "");
    places_.servers_registered = where;
    setting = {value.as_boolean()->get(), where.line};
  }

  void read_duration(const toml::key& key, const toml::node& value, Setting<Duration>& setting) {
    constexpr std::string_view kExamples = "examples: \"15m\", \"1h\", \"7d\"";
    const SourceSpan where = place(value.source());
    const auto text = value.value<std::string_view>();
    if (!value.is_string()) {
      const auto number = value.value_exact<std::int64_t>();
      return wrong_type(key, value, "a length of time with its unit, as a text",
                        number ? fmt::format("{} = \"{}s\"", key.str(), *number) : std::string(kExamples));
    }
    const auto duration = parse_duration(*text);
    if (!duration)
      error(where, "policy.bad-duration", fmt::format("\"{}\" is not a length of time", escape(*text, 64)),
            std::string(kExamples));
    else if (*duration == Duration{0})
      error(where, "policy.bad-duration", fmt::format("{} must be longer than nothing", key.str()),
            std::string(kExamples));
    else
      setting = {*duration, where.line};
  }

  void wrong_type(const toml::key& key, const toml::node& value, std::string_view wanted, std::string hint) {
    error(place(value.source()), "policy.wrong-type",
          fmt::format("{} must be {}, not {}", key.str(), wanted, type_of(value)),
          hint.empty() || hint.starts_with("examples") ? std::move(hint) : "write " + hint);
  }

  void unknown(const toml::key& key, std::string_view where_in, std::string_view what, Words known, Words later) {
    const std::string shown = escape(key.str(), 64);
    const SourceSpan where = place(key.source());
    if (is_one_of(key.str(), later)) {
      error(where, "policy.not-supported", fmt::format("{} is not supported yet by this version", shown),
            "take it out; nothing else depends on it");
      return;
    }
    const std::string meant = nearest_hint(key.str(), known);
    error(where, "policy.unknown-key", fmt::format("{} has no {} '{}'", where_in, what, shown),
          meant.empty() ? fmt::format("its {}s are {}", what, fmt::join(known, ", ")) : meant);
  }

  [[nodiscard]] SourceSpan place(const toml::source_region& region) const {
    // A position past this has no place in an int; a policy is far shorter (kPolicyBytesMax).
    return {file_, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
  }

  void error(const SourceSpan& where, std::string id, std::string text, std::string hint) {
    remark(Severity::Error, where, std::move(id), std::move(text), std::move(hint));
  }
  void remark(Severity severity, const SourceSpan& where, std::string id, std::string text, std::string hint) {
    remarks_.push_back({severity, std::move(id), where, std::move(text), std::move(hint)});
  }

  const std::string& file_;
  Policy& policy_;
  PolicyPlaces places_;
  std::vector<Diagnostic> remarks_;
};

}  // namespace

std::vector<Diagnostic> interpret_policy(std::string_view text, const std::string& file, Policy& policy) {
  PolicyReader reader(file, policy);
  try {
    reader.read(toml::parse(text, file));
  } catch (const toml::parse_error& problem) {
    reader.syntax_error(problem);
  }
  return reader.take_remarks();
}

}  // namespace mailweir
