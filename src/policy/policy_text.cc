#include "policy/policy_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/escape.h"
#include "policy/cross_check.h"
#include "policy/toml_values.h"

namespace mailweir {
namespace {

template <std::size_t N>
using WordList = std::array<std::string_view, N>;

constexpr WordList<6> kSections{"gateway", "block", "host", "inbound", "log", "dns"};
constexpr WordList<9> kHost{"transfer",      "submission", "retrieval",        "also_block", "except_users",
                            "except_groups", "except_to",  "limit_per_minute", "limit_burst"};
constexpr WordList<20> kGateway{"clients",
                                "mail_servers",
                                "exempt",
                                "transfer",
                                "submission",
                                "retrieval",
                                "except_to",
                                "to_clients",
                                "to_clients_also",
                                "inbound_to",
                                "limit_per_minute",
                                "limit_burst",
                                "public",
                                "group",
                                "servers_registered",
                                "mx_queries",
                                "count_bytes",
                                "suspects",
                                "new_servers_per_hour",
                                "learning"};
constexpr WordList<7> kGroup{"name",      "clients",          "transfer",   "submission",
                             "retrieval", "limit_per_minute", "limit_burst"};
constexpr WordList<2> kInbound{"open", "ping"};
constexpr WordList<3> kBlock{"for", "max", "how"};
constexpr WordList<1> kLog{"to"};
constexpr WordList<3> kDns{"blocklists", "blocklist_budget", "helo"};

constexpr WordList<4> kHostAnswers{"block", "allow", "log", "limit"};
constexpr WordList<5> kSendingAnswers{"watch", "allow", "log", "limit", "block"};
constexpr WordList<3> kProtectAnswers{"block", "allow", "log"};
constexpr WordList<2> kSuspects{"throttle", "notice"};
constexpr WordList<2> kHow{"reject", "drop"};
constexpr WordList<2> kLogTo{"nflog", "kernel"};

// nft takes 32 bits; more than this is no limit to a person's mail program.
constexpr std::uint32_t kLimitMax = 100'000;
// A day's free questions at the large lists.
constexpr std::uint32_t kBudgetMax = 100'000;
// "mw NAME.submission reject " has to fit into 29 characters of a kernel log line (compile/rule_writer.h).
constexpr std::size_t kGroupNameMax = 7;
constexpr WordList<4> kNamesTaken{"host", "gateway", "inbound", "blocks"};

Answer answer_of(std::string_view word) {
  if (word == "log") return Answer::Log;
  if (word == "limit") return Answer::Limit;
  if (word == "watch") return Answer::Watch;
  return word == "block" ? Answer::Block : Answer::Allow;
}

bool is_group_name(std::string_view name) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= kGroupNameMax && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(), is_plain) && !is_one_of(name, kNamesTaken);
}

// Letters, digits and hyphens in labels of at most 63, two at least (RFC 1123).
bool is_dns_name(std::string_view text) {
  if (text.empty() || text.size() > 253 || text.find('.') == std::string_view::npos) return false;
  std::size_t label = 0;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    if (c == '.' ? label == 0 : !plain || label == 63) return false;
    label = c == '.' ? 0 : label + 1;
  }
  return label > 0;
}

class PolicyReader {
 public:
  explicit PolicyReader(Policy& policy) : policy_(policy), values_(policy.file) {}

  void read(const PolicyText& text) {
    values_.begin_file(text.file);
    try {
      read(toml::parse(text.text, text.file));
    } catch (const toml::parse_error& problem) {
      values_.error(values_.place(problem.source()), "policy.syntax", escape(problem.description()), "");
      syntax_is_wrong_ = true;
    }
  }

  std::vector<Diagnostic> finish() {
    if (!syntax_is_wrong_) {
      if (empty_)
        values_.remark(Severity::Warning, {policy_.file, 0, 0}, "policy.empty",
                       "the policy is empty: nothing is watched",
                       "a first one: [gateway] with clients = [\"172.16.0.0/12\"] and transfer = \"watch\"");
      need_clients();
      inherit();
      cross_check(policy_, places_, values_.remarks());
    }
    return std::move(values_.remarks());
  }

 private:
  void read(const toml::table& root) {
    empty_ = empty_ && root.empty();
    for (const auto& [key, value] : root) {
      const toml::table* table = value.as_table();
      if (!is_one_of(key.str(), kSections)) {
        values_.unknown(key, "the policy", "section", kSections);
      } else if (table == nullptr) {
        values_.error(values_.place(key.source()), "policy.wrong-type",
                      fmt::format("{} must be a section, not {}", key.str(), type_of(value)),
                      fmt::format("write [{}] on a line of its own, and its keys below", key.str()));
      } else if (key == "gateway") {
        read_gateway(*table, values_.place(key.source()));
      } else if (key == "host") {
        read_host(*table, values_.place(key.source()));
      } else if (key == "inbound") {
        read_inbound(*table, values_.place(key.source()));
      } else if (key == "log") {
        read_log(*table);
      } else if (key == "dns") {
        read_dns(*table);
      } else {
        read_block(*table);
      }
    }
  }

  // True when the key was one of those every kind of traffic has.
  bool read_answers(const toml::key& key, const toml::node& value, MailAnswers& answers, Words sending,
                    Words retrieval) {
    if (key == "transfer")
      read_answer(key, value, sending, answers.transfer);
    else if (key == "submission")
      read_answer(key, value, sending, answers.submission);
    else if (key == "retrieval")
      read_answer(key, value, retrieval, answers.retrieval);
    else if (key == "limit_per_minute")
      values_.read_number(key, value, kLimitMax, answers.limit_per_minute);
    else if (key == "limit_burst")
      values_.read_number(key, value, kLimitMax, answers.limit_burst);
    else
      return false;
    return true;
  }

  void read_answer(const toml::key& key, const toml::node& value, Words known, Setting<Answer>& setting) {
    if (value.value<std::string_view>() == "watch" && !is_one_of("watch", known)) {
      values_.error(values_.place(value.source()), "policy.not-watched",
                    fmt::format("{} = \"watch\" is for mail that clients send through this machine", key.str()),
                    "here it can be " + list_of(known));
    } else if (const auto word = values_.read_word(key, value, known)) {
      values_.set(key, value, setting, answer_of(*word));
    }
  }

  void read_host(const toml::table& table, const SourceSpan& where) {
    if (!policy_.host) policy_.host.emplace();
    places_.host = where;
    HostPolicy& host = *policy_.host;
    for (const auto& [key, value] : table) {
      if (read_answers(key, value, host, kHostAnswers, kHostAnswers)) continue;
      if (key == "also_block")
        values_.read_ports(key, value, host.also_block, places_.also_block);
      else if (key == "except_users")
        values_.read_accounts(key, value, host.except_users);
      else if (key == "except_groups")
        values_.read_accounts(key, value, host.except_groups);
      else if (key == "except_to")
        values_.read_prefixes(key, value, host.except_to, places_.host_except_to);
      else
        values_.unknown(key, "[host]", "key", kHost);
    }
  }

  void read_gateway(const toml::table& table, const SourceSpan& where) {
    if (!policy_.gateway) policy_.gateway.emplace();
    if (places_.gateway.line == 0) places_.gateway = where;
    GatewayPolicy& gateway = *policy_.gateway;
    for (const auto& [key, value] : table) {
      if (read_answers(key, value, gateway, kSendingAnswers, kHostAnswers)) continue;
      if (key == "clients") {
        places_.clients_said = values_.place(value.source());
        places_.clients_empty = value.is_array() && value.as_array()->empty();
        values_.read_prefixes(key, value, gateway.clients, places_.clients);
      } else if (key == "mail_servers") {
        values_.read_prefixes(key, value, gateway.mail_servers, places_.mail_servers);
      } else if (key == "exempt") {
        values_.read_prefixes(key, value, gateway.exempt, places_.exempt);
      } else if (key == "except_to") {
        values_.read_prefixes(key, value, gateway.except_to, places_.except_to);
      } else if (key == "inbound_to") {
        values_.read_prefixes(key, value, gateway.inbound_to, places_.inbound_to);
      } else if (key == "public") {
        values_.read_prefixes(key, value, gateway.public_addresses, places_.public_addresses);
      } else if (key == "to_clients") {
        read_answer(key, value, kProtectAnswers, gateway.to_clients);
      } else if (key == "to_clients_also") {
        values_.read_ports(key, value, gateway.to_clients_also, places_.to_clients_also);
      } else if (key == "servers_registered") {
        places_.servers_registered = values_.place(value.source());
        values_.read_switch(key, value, gateway.servers_registered);
      } else if (key == "mx_queries") {
        values_.read_switch(key, value, gateway.mx_queries);
      } else if (key == "learning") {
        values_.read_switch(key, value, gateway.learning);
      } else if (key == "count_bytes") {
        values_.read_switch(key, value, gateway.count_bytes);
      } else if (key == "new_servers_per_hour") {
        values_.read_number(key, value, kLimitMax, gateway.new_servers_per_hour);
      } else if (key == "suspects") {
        if (const auto word = values_.read_word(key, value, kSuspects))
          values_.set(key, value, gateway.suspects,
                      *word == "notice" ? SuspectAnswer::Notice : SuspectAnswer::Throttle);
      } else if (key == "group") {
        read_groups(key, value);
      } else {
        values_.unknown(key, "[gateway]", "key", kGateway);
      }
    }
  }

  void read_groups(const toml::key& key, const toml::node& value) {
    const toml::array* array = value.as_array();
    const bool tables = array != nullptr && std::all_of(array->begin(), array->end(),
                                                        [](const toml::node& element) { return element.is_table(); });
    if (!tables)
      return values_.wrong_type(key, value, "a list of sections", "[[gateway.group]] before each group's keys");
    for (const toml::node& element : *array) read_group(*element.as_table(), values_.place(element.source()));
  }

  void read_group(const toml::table& table, const SourceSpan& where) {
    GatewayGroup& group = policy_.gateway->groups.emplace_back();
    PrefixList& clients = places_.group_clients.emplace_back();
    for (const auto& [key, value] : table) {
      if (read_answers(key, value, group, kSendingAnswers, kHostAnswers)) continue;
      if (key == "clients")
        values_.read_prefixes(key, value, group.clients, clients);
      else if (key == "name")
        read_group_name(key, value, group);
      else
        values_.unknown(key, "[[gateway.group]]", "key", kGroup);
    }
    if (table.get("name") == nullptr)
      values_.error(where, "policy.no-name", "a group has no name",
                    "name = \"guests\": log lines and counters carry it");
    if (table.get("clients") == nullptr ||
        (table.get("clients")->is_array() && table.get("clients")->as_array()->empty()))
      values_.error(where, "policy.no-clients", "a group does not say who its clients are",
                    "clients = [\"172.20.0.0/16\"]");
  }

  void read_group_name(const toml::key& key, const toml::node& value, GatewayGroup& group) {
    const auto name = value.value_exact<std::string_view>();
    if (!name) return values_.wrong_type(key, value, "a text", "name = \"guests\"");
    const auto& groups = policy_.gateway->groups;
    if (!is_group_name(*name)) {
      values_.error(values_.place(value.source()), "policy.bad-name",
                    fmt::format("'{}' cannot be the name of a group", escape(*name, 64)),
                    fmt::format("1 to {} small letters, digits, - and _, not {}: log lines have room for no more",
                                kGroupNameMax, list_of(kNamesTaken)));
    } else if (std::any_of(groups.begin(), groups.end(),
                           [&](const GatewayGroup& other) { return other.name.value == *name; })) {
      values_.error(values_.place(value.source()), "policy.contradiction",
                    fmt::format("two groups are called '{}'", *name), "");
    } else {
      values_.set(key, value, group.name, std::string(*name));
    }
  }

  void read_inbound(const toml::table& table, const SourceSpan& where) {
    if (!policy_.inbound) policy_.inbound.emplace();
    InboundPolicy& inbound = *policy_.inbound;
    inbound.line = where.line;
    inbound.file = values_.file_of_setting();
    for (const auto& [key, value] : table) {
      if (key == "open")
        values_.read_ports(key, value, inbound.open, places_.open);
      else if (key == "ping")
        values_.read_switch(key, value, inbound.ping);
      else
        values_.unknown(key, "[inbound]", "key", kInbound);
    }
  }

  void read_block(const toml::table& table) {
    BlockPolicy& block = policy_.block;
    for (const auto& [key, value] : table) {
      if (key == "for") {
        places_.block_for = values_.place(value.source());
        values_.read_duration(key, value, block.length);
      } else if (key == "max") {
        if (places_.block_for.line == 0) places_.block_for = values_.place(value.source());
        values_.read_duration(key, value, block.length_max);
      } else if (key == "how") {
        if (const auto word = values_.read_word(key, value, kHow))
          values_.set(key, value, block.how, *word == "drop" ? BlockHow::Drop : BlockHow::Reject);
      } else {
        values_.unknown(key, "[block]", "key", kBlock);
      }
    }
  }

  void read_log(const toml::table& table) {
    for (const auto& [key, value] : table) {
      if (key != "to") {
        values_.unknown(key, "[log]", "key", kLog);
      } else if (const auto word = values_.read_word(key, value, kLogTo)) {
        values_.set(key, value, policy_.log.to, *word == "kernel" ? LogTo::Kernel : LogTo::Nflog);
      }
    }
  }

  void read_dns(const toml::table& table) {
    for (const auto& [key, value] : table) {
      if (key == "blocklists") {
        std::vector<std::string> lists;
        values_.read_texts(key, value, "the name of a DNS list", "zen.spamhaus.org", [&](std::string_view text) {
          lists.emplace_back(text);
          return is_dns_name(text);
        });
        values_.set(key, value, policy_.dns.blocklists, std::move(lists));
      } else if (key == "blocklist_budget") {
        values_.read_number(key, value, kBudgetMax, policy_.dns.blocklist_budget);
      } else if (key == "helo") {
        std::vector<HeloName> names;
        values_.read_texts(key, value, "ADDRESS=NAME", "198.51.100.100=mail.example.net", [&](std::string_view text) {
          const auto equals = std::min(text.find('='), text.size());
          const auto address = IpAddress::parse(text.substr(0, equals));
          const std::string_view name = text.substr(std::min(equals + 1, text.size()));
          if (address) names.push_back({*address, std::string(name)});
          return address && is_dns_name(name);
        });
        values_.set(key, value, policy_.dns.helo, std::move(names));
      } else {
        values_.unknown(key, "[dns]", "key", kDns);
      }
    }
  }

  void need_clients() {
    if (!policy_.gateway) return;
    const std::string hint = "list the networks whose mail goes through this machine: clients = [\"172.16.0.0/12\"]";
    if (places_.clients_said.line == 0)
      values_.error(places_.gateway, "policy.no-clients", "[gateway] does not say who the clients are", hint);
    else if (places_.clients_empty)
      values_.error(places_.clients_said, "policy.no-clients", "clients is empty: nobody would be watched", hint);
  }

  // What a group does not answer, the gateway answers.
  void inherit() {
    if (!policy_.gateway) return;
    const auto take = [](auto& setting, const auto& from) {
      if (setting.line == 0) setting = from;
    };
    for (GatewayGroup& group : policy_.gateway->groups) {
      take(group.transfer, policy_.gateway->transfer);
      take(group.submission, policy_.gateway->submission);
      take(group.retrieval, policy_.gateway->retrieval);
      take(group.limit_per_minute, policy_.gateway->limit_per_minute);
      take(group.limit_burst, policy_.gateway->limit_burst);
    }
  }

  Policy& policy_;
  TomlValues values_;
  PolicyPlaces places_;
  bool empty_ = true, syntax_is_wrong_ = false;
};

}  // namespace

std::vector<Diagnostic> interpret_policy(const std::vector<PolicyText>& texts, Policy& policy) {
  PolicyReader reader(policy);
  for (const PolicyText& text : texts) reader.read(text);
  return reader.finish();
}

}  // namespace mailweir
