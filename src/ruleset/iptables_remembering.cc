// Matches that look into something that changes: token buckets, lists of addresses, numbers of connections.
#include <fmt/format.h>

#include "ruleset/iptables_arguments.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

bool limit(RuleDraft& draft, const SpokenModule& module) {
  Limit limit;
  if (const auto* option = module.find("limit"))
    if (!rate_argument(argument(*option).text, limit)) bad_value(draft, *option, "a rate such as 3/hour");
  if (const auto* option = module.find("limit-burst")) {
    const auto burst = whole_number(argument(*option).text, 10'000);
    if (!burst) bad_value(draft, *option, "a number up to 10000");
    limit.burst = burst.value_or(5);
  }
  for (const SpokenOption& option : module.options)
    if (option.negated) draft.error(option.word, "ruleset.negated-limit", "a limit cannot be negated");
  draft.add(std::move(limit));
  return true;
}

bool ip_set(RuleDraft& draft, const SpokenModule& module) {
  Lookup lookup;
  lookup.ipset = true;
  const auto* option = module.find("match-set");
  if (option == nullptr || option->arguments.size() < 2) {
    draft.error(module.word, "ruleset.missing-value", "set needs --match-set NAME src,dst");
    return true;
  }
  lookup.set = argument(*option).text;
  lookup.negated = option->negated;
  // What the directions mean depends on the set's type, which the rule does not say: kept in their order as addresses;
  // the type decides which of them are ports or interfaces.
  const bool good = each_item(option->arguments[1].text, [&](std::string_view word) {
    lookup.key.push_back({word == "src" ? Field::SourceAddress : Field::DestinationAddress});
    return word == "src" || word == "dst";
  });
  if (!good || lookup.key.size() > 6) {
    draft.error(option->arguments[1], "ruleset.bad-value", "up to six of src and dst are wanted, separated by commas");
    return true;
  }
  for (const SpokenOption& other : module.options) {
    if (&other == option) continue;
    if (!lookup.ipset_options.empty()) lookup.ipset_options += ' ';
    if (other.negated) lookup.ipset_options += "! ";
    lookup.ipset_options += other.word.text.substr(0, other.word.text.find('='));
    for (const Word& word : other.arguments) lookup.ipset_options += " " + quoted_word(word.text);
  }
  draft.add(std::move(lookup));
  return true;
}

bool recent(RuleDraft& draft, const SpokenModule& module) {
  Recent recent;
  bool action = false;
  const auto number = [&](const SpokenOption& option) -> std::uint32_t {
    const auto value = whole_number(argument(option).text, 0xffffffff);
    if (!value) bad_value(draft, option, "a number");
    return static_cast<std::uint32_t>(value.value_or(0));
  };
  for (const SpokenOption& option : module.options) {
    const std::string& name = option.name;
    if (name == "set" || name == "rcheck" || name == "update" || name == "remove") {
      if (action)
        draft.error(option.word, "ruleset.two-actions", "recent does one thing: set, rcheck, update or remove");
      action = true;
      recent.negated = option.negated;
      recent.action = name == "set"      ? Recent::Action::Set
                      : name == "rcheck" ? Recent::Action::Check
                      : name == "update" ? Recent::Action::Update
                                         : Recent::Action::Remove;
    }
    if (name == "seconds") recent.seconds = number(option);
    if (name == "hitcount") recent.hits = number(option);
    if (name == "reap") recent.reap = true;
    if (name == "rttl") recent.same_ttl = true;
    if (name == "name") recent.name = argument(option).text;
    if (name == "rdest") recent.key.field = Field::DestinationAddress;
    if (name == "rsource") recent.key.field = Field::SourceAddress;
    if (name == "mask") {
      const auto mask = IpAddress::parse(argument(option).text);
      if (!mask || mask->is_v4() == draft.site().v6) {
        bad_value(draft, option, "a mask of this family");
        return true;
      }
      FieldValue bits = address_value(*mask);
      if (!draft.site().v6) bits |= ~FieldValue{0} << 32;
      recent.key.mask = bits;
    }
  }
  if (!action) draft.error(module.word, "ruleset.missing-value", "recent needs --set, --rcheck, --update or --remove");
  draft.add(std::move(recent));
  return true;
}

FieldValue length_mask(std::uint64_t length, bool v6) {
  const std::uint64_t bits = v6 ? length : length + 96;
  return bits == 0 ? 0 : ~FieldValue{0} << (128 - bits);
}

bool keyed_limit(RuleDraft& draft, const SpokenModule& module) {
  if (module.find("rate-match") != nullptr || module.find("rate-interval") != nullptr) return false;
  KeyedLimit keyed;
  std::uint64_t source_bits = draft.site().v6 ? 128 : 32;
  std::uint64_t destination_bits = source_bits;
  bool rate = false;
  std::string_view mode;
  for (const SpokenOption& option : module.options) {
    const std::string& name = option.name;
    if (name == "upto" || name == "above") {
      // Bytes per second are another kind of limit, and the old spelling of above is a negated upto.
      if (argument(option).text.find("b/") != std::string::npos) return false;
      if (!rate_argument(argument(option).text, keyed.limit)) bad_value(draft, option, "a rate such as 5/minute");
      keyed.limit.over = (name == "above") != option.negated;
      rate = true;
    } else if (name == "burst") {
      const auto burst = whole_number(argument(option).text, 1'000'000);
      if (!burst) bad_value(draft, option, "a number up to 1000000");
      keyed.limit.burst = burst.value_or(5);
    } else if (name == "mode") {
      mode = argument(option).text;
    } else if (name == "name") {
      keyed.name = argument(option).text;
    } else if (name == "srcmask" || name == "dstmask") {
      const auto bits = whole_number(argument(option).text, draft.site().v6 ? 128 : 32);
      if (!bits) bad_value(draft, option, "a prefix length");
      (name == "srcmask" ? source_bits : destination_bits) = bits.value_or(0);
    } else {
      keyed.options.push_back(fmt::format("--hashlimit-{} {}", name, quoted_word(argument(option).text)));
    }
  }
  const bool good =
      mode.empty() || each_item(mode, [&](std::string_view word) {
        if (word == "srcip") keyed.key.push_back({Field::SourceAddress, length_mask(source_bits, draft.site().v6)});
        if (word == "dstip")
          keyed.key.push_back({Field::DestinationAddress, length_mask(destination_bits, draft.site().v6)});
        if (word == "srcport") keyed.key.push_back({Field::SourcePort});
        if (word == "dstport") keyed.key.push_back({Field::DestinationPort});
        return word == "srcip" || word == "dstip" || word == "srcport" || word == "dstport";
      });
  if (!good) draft.error(module.word, "ruleset.bad-value", "--hashlimit-mode takes srcip, srcport, dstip, dstport");
  if (!rate) draft.error(module.word, "ruleset.missing-value", "hashlimit needs --hashlimit-upto or --hashlimit-above");
  if (keyed.name.empty()) draft.error(module.word, "ruleset.missing-value", "hashlimit needs --hashlimit-name");
  draft.add(std::move(keyed));
  return true;
}

bool connection_count(RuleDraft& draft, const SpokenModule& module) {
  ConnectionCount count;
  std::uint64_t bits = draft.site().v6 ? 128 : 32;
  Field field = Field::SourceAddress;
  bool said = false;
  for (const SpokenOption& option : module.options) {
    if (option.name == "upto" || option.name == "above") {
      const auto number = whole_number(argument(option).text, 0xffffffff);
      if (!number) bad_value(draft, option, "a number");
      count.count = static_cast<std::uint32_t>(number.value_or(0));
      count.over = (option.name == "above") != option.negated;
      said = true;
    }
    if (option.name == "daddr") field = Field::DestinationAddress;
    if (option.name == "mask") {
      const auto number = whole_number(argument(option).text, draft.site().v6 ? 128 : 32);
      if (!number) bad_value(draft, option, "a prefix length");
      bits = number.value_or(0);
    }
  }
  if (!said) draft.error(module.word, "ruleset.missing-value", "connlimit needs --connlimit-above or --connlimit-upto");
  count.key = {{field, length_mask(bits, draft.site().v6)}};
  draft.add(std::move(count));
  return true;
}

}  // namespace

std::optional<bool> convert_remembering_match(RuleDraft& draft, const SpokenModule& module) {
  if (module.name == "limit") return limit(draft, module);
  if (module.name == "set") return ip_set(draft, module);
  if (module.name == "recent") return recent(draft, module);
  if (module.name == "hashlimit") return keyed_limit(draft, module);
  if (module.name == "connlimit") return connection_count(draft, module);
  return std::nullopt;
}

}  // namespace mailweir::rules
