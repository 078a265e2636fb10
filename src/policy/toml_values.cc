#include "policy/toml_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "base/address_range.h"
#include "base/escape.h"
#include "base/nearest.h"
#include "base/read_prefix.h"
#include "policy/service.h"

namespace mailweir {
namespace {

// The end of host names, not of networks: "smtp.example.com". Addresses hold no letter past f.
bool looks_like_a_host_name(std::string_view text) {
  const auto is_of_name = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_'; };
  const auto is_past_f = [](unsigned char c) { return std::isalpha(c) != 0 && std::tolower(c) > 'f'; };
  return text.find('.') != std::string_view::npos && std::all_of(text.begin(), text.end(), is_of_name) &&
         std::any_of(text.begin(), text.end(), is_past_f);
}

// Names of users and groups as Debian's adduser and directory services make them.
bool is_account_name(std::string_view text) {
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("._-$@\\").find(static_cast<char>(c)) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), is_plain);
}

}  // namespace

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

SourceSpan TomlValues::place(const toml::source_region& region) const {
  // A position past this has no place in an int; a policy is far shorter (kPolicyBytesMax).
  return {file_, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

void TomlValues::said_again(const toml::key& key, const SourceSpan& where, int line, const std::string& file) {
  if (line == 0 || file == file_of_setting()) return;
  remark(Severity::Info, where, "policy.replaced",
         fmt::format("{} replaces what {}:{} says", key.str(), escape(file.empty() ? main_ : file), line), "");
}

bool TomlValues::read_range(std::string_view text, const SourceSpan& where, std::vector<IpPrefix>& prefixes,
                            PrefixList& places) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return false;
  const auto first = IpAddress::parse(text.substr(0, dash)), last = IpAddress::parse(text.substr(dash + 1));
  if (!first || !last) return false;
  if (first->is_v4() != last->is_v4() || *last < *first) {
    error(where, "policy.bad-prefix", fmt::format("'{}' is not a range of addresses", text),
          "write the first address, a dash, and the last: \"198.51.100.100-198.51.100.103\"");
    return true;
  }
  for (const IpPrefix& prefix : prefixes_of(*first, *last)) {
    prefixes.push_back(prefix);
    places.push_back({prefix, where});
  }
  return true;
}

void TomlValues::read_prefix_text(std::string_view text, const SourceSpan& where, std::vector<IpPrefix>& prefixes,
                                  PrefixList& places) {
  if (read_range(text, where, prefixes, places)) return;
  if (const auto prefix = read_prefix(text)) {
    prefixes.push_back(*prefix);
    places.push_back({*prefix, where});
  } else if (looks_like_a_host_name(text)) {
    error(where, "policy.needs-dns", fmt::format("'{}' is a name: rules hold addresses", escape(text, 64)),
          fmt::format("write its addresses, which `getent ahosts {}` shows; a rule made from a name would go on with "
                      "old addresses when they change",
                      escape(text, 64)));
  } else {
    const bool host_bits = prefix.error().kind == PrefixMistake::Kind::HostBits;
    error(where, host_bits ? "policy.host-bits" : "policy.bad-prefix", prefix.error().text, prefix.error().hint);
  }
}

void TomlValues::read_prefixes(const toml::key& key, const toml::node& value, Setting<std::vector<IpPrefix>>& setting,
                               PrefixList& places) {
  const toml::array* array = value.as_array();
  if (array == nullptr) {
    const auto text = value.value<std::string_view>();
    wrong_type(key, value, "a list of addresses and networks",
               fmt::format("{} = [\"{}\"]", key.str(), text ? escape(*text, 64) : "172.16.0.0/12"));
    return;
  }
  std::vector<IpPrefix> prefixes;
  places.clear();
  for (const toml::node& element : *array) {
    const SourceSpan where = place(element.source());
    if (element.is_string()) {
      read_prefix_text(*element.value<std::string_view>(), where, prefixes, places);
    } else {
      error(where, "policy.wrong-type",
            fmt::format("{} must hold addresses and networks as texts, not {}", key.str(), type_of(element)),
            "write it between quotes: \"172.16.0.0/12\"");
    }
  }
  set(key, value, setting, std::move(prefixes));
}

void TomlValues::read_ports(const toml::key& key, const toml::node& value, Setting<std::vector<PortRange>>& setting,
                            PortList& places) {
  const toml::array* array = value.as_array();
  if (array == nullptr)
    return wrong_type(key, value, "a list of ports and services", fmt::format("{} = [\"ssh\", 80]", key.str()));
  std::vector<PortRange> ports;
  places.clear();
  for (const toml::node& element : *array) {
    const SourceSpan where = place(element.source());
    const auto number = element.value_exact<std::int64_t>();
    if (!number && !element.is_string()) {
      error(where, "policy.wrong-type",
            fmt::format("{} must hold ports and services, not {}", key.str(), type_of(element)),
            "examples: 25, \"smtp\", \"6000-6063\", \"53/udp\"");
      continue;
    }
    const auto port = read_port(number ? std::to_string(*number) : std::string(*element.value<std::string_view>()));
    if (!port) {
      error(where, "policy.bad-port", port.error().text, port.error().hint);
      continue;
    }
    ports.push_back(*port);
    places.push_back({*port, where});
  }
  set(key, value, setting, std::move(ports));
}

void TomlValues::read_texts(const toml::key& key, const toml::node& value, std::string_view wanted,
                            const std::string& example, const std::function<bool(std::string_view)>& take) {
  const toml::array* array = value.as_array();
  const std::string hint = fmt::format("{} = [\"{}\"]", key.str(), example);
  if (array == nullptr) return wrong_type(key, value, "a list of texts", hint);
  for (const toml::node& element : *array) {
    const auto text = element.value_exact<std::string_view>();
    if (text && take(*text)) continue;
    error(place(element.source()), "policy.bad-text",
          text ? fmt::format("'{}' is not {}", escape(*text, 64), wanted)
               : fmt::format("{} must hold texts, not {}", key.str(), type_of(element)),
          hint);
  }
}

void TomlValues::read_accounts(const toml::key& key, const toml::node& value, Setting<std::vector<Account>>& setting) {
  const toml::array* array = value.as_array();
  if (array == nullptr) return wrong_type(key, value, "a list of names", fmt::format("{} = [\"postfix\"]", key.str()));
  std::vector<Account> accounts;
  for (const toml::node& element : *array) {
    const SourceSpan where = place(element.source());
    const auto number = element.value_exact<std::int64_t>();
    const auto name = element.value_exact<std::string_view>();
    // The last number means "nobody is named" to the kernel.
    if (number && *number >= 0 && *number < 0xffff'ffff) {
      accounts.push_back({std::to_string(*number), static_cast<std::uint32_t>(*number), where.line, where.column});
    } else if (name && is_account_name(*name)) {
      accounts.push_back({std::string(*name), std::nullopt, where.line, where.column});
    } else {
      error(where, "policy.bad-account", fmt::format("{} must hold names or numbers of accounts", key.str()),
            "examples: \"postfix\", 106");
    }
  }
  set(key, value, setting, std::move(accounts));
}

std::optional<std::string_view> TomlValues::read_word(const toml::key& key, const toml::node& value, Words known) {
  const auto word = value.value<std::string_view>();
  if (!value.is_string()) {
    wrong_type(key, value, list_of(known), "");
  } else if (is_one_of(*word, known)) {
    return word;
  } else {
    const std::string meant = nearest_hint(*word, known);
    error(place(value.source()), "policy.unknown-value",
          fmt::format("{} = \"{}\": no such answer", key.str(), escape(*word, 64)),
          meant.empty() ? "it can be " + list_of(known) : meant);
  }
  return std::nullopt;
}

void TomlValues::read_switch(const toml::key& key, const toml::node& value, Setting<bool>& setting) {
  if (!value.is_boolean()) return wrong_type(key, value, "true or false", "");
  set(key, value, setting, value.as_boolean()->get());
}

void TomlValues::read_duration(const toml::key& key, const toml::node& value, Setting<Duration>& setting) {
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
    set(key, value, setting, *duration);
}

void TomlValues::read_number(const toml::key& key, const toml::node& value, std::uint32_t max,
                             Setting<std::uint32_t>& setting) {
  const auto number = value.value_exact<std::int64_t>();
  if (!number) return wrong_type(key, value, "a number", fmt::format("{} = 20", key.str()));
  if (*number < 1 || *number > max)
    return error(place(value.source()), "policy.bad-number", fmt::format("{} must be from 1 to {}", key.str(), max),
                 "");
  set(key, value, setting, static_cast<std::uint32_t>(*number));
}

void TomlValues::wrong_type(const toml::key& key, const toml::node& value, std::string_view wanted, std::string hint) {
  error(place(value.source()), "policy.wrong-type",
        fmt::format("{} must be {}, not {}", key.str(), wanted, type_of(value)),
        hint.empty() || hint.starts_with("examples") ? std::move(hint) : "write " + hint);
}

void TomlValues::unknown(const toml::key& key, std::string_view where_in, std::string_view what, Words known) {
  const std::string meant = nearest_hint(key.str(), known);
  error(place(key.source()), "policy.unknown-key",
        fmt::format("{} has no {} '{}'", where_in, what, escape(key.str(), 64)),
        meant.empty() ? fmt::format("its {}s are {}", what, fmt::join(known, ", ")) : meant);
}

void TomlValues::error(const SourceSpan& where, std::string id, std::string text, std::string hint) {
  remark(Severity::Error, where, std::move(id), std::move(text), std::move(hint));
}

void TomlValues::remark(Severity severity, const SourceSpan& where, std::string id, std::string text,
                        std::string hint) {
  remarks_.push_back({severity, std::move(id), where, std::move(text), std::move(hint)});
}

}  // namespace mailweir
