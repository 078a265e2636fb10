#include "ruleset/iptables_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/escape.h"
#include "ruleset/iptables_listener.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

// Several addresses in -s and -d multiply; more than this in one rule is nobody's intention.
constexpr std::size_t kRulesOfOneMax = 10'000;

bool has_variable(const Word& word) { return word.text.find('$') != std::string::npos; }

bool has_variable(const SpokenModule& module) {
  // Prefixes and comments may hold a dollar sign; what rules ask for may not.
  return std::any_of(module.options.begin(), module.options.end(), [](const SpokenOption& option) {
    return option.name != "log-prefix" && option.name != "nflog-prefix" && option.name != "comment" &&
           std::any_of(option.arguments.begin(), option.arguments.end(),
                       [](const Word& word) { return has_variable(word); });
  });
}

std::string option_text(const SpokenOption& option, std::string_view as) {
  std::string text = option.negated ? "! " : "";
  text += as;
  for (const Word& argument : option.arguments) text += " " + quoted_word(argument.text);
  return text;
}

// One -s or -d: the alternatives it names, each a part; nothing for "everything".
using Alternatives = std::vector<std::optional<RulePart>>;
Alternatives addresses(RuleDraft& draft, const SpokenOption& option) {
  Alternatives parts;
  const bool source = option.name == "s";
  const Word& word = option.arguments[0];
  std::string_view rest = word.text;
  while (true) {
    const auto comma = rest.find(',');
    const std::string_view text = rest.substr(0, comma);
    const auto said = address_argument(text, draft.site().v6);
    if (said) {
      const auto prefix = said->prefix();
      Match match{{source ? Field::SourceAddress : Field::DestinationAddress}, {}, option.negated, false, false};
      if (prefix) {
        match.values = values_of(*prefix);
        if (prefix->base() != said->address && text.find('/') != std::string_view::npos)
          draft.warn(
              word, "ruleset.host-bits",
              fmt::format("{} has bits set behind its mask; the kernel takes {}", escape(text, 60), prefix->text()));
      } else {
        match.operand.mask = address_value(said->mask);
        match.values = IntervalSet::single(address_value(said->address) & match.operand.mask);
      }
      // "everything" is no condition, as iptables says it back.
      const bool everything = prefix && prefix->length() == 0 && !option.negated;
      if (everything)
        parts.emplace_back(std::nullopt);
      else
        parts.emplace_back(std::move(match));
    } else if (const auto other = address_argument(text, !draft.site().v6)) {
      draft.error(word, "ruleset.wrong-family",
                  fmt::format("{} is an {} address, and this is a rule of {}", escape(text, 60),
                              draft.site().v6 ? "IPv4" : "IPv6", draft.site().v6 ? "ip6tables" : "iptables"));
    } else if (text.empty() || text.find_first_not_of("0123456789./:") == std::string_view::npos) {
      draft.error(word, "ruleset.bad-address", fmt::format("'{}' is no address and no network", escape(text, 60)));
    } else {
      // A name: looked up when the rule is loaded, so what it stood for then is not in the text.
      draft.warn(word, has_variable(word) ? "ruleset.variable" : "ruleset.host-name",
                 fmt::format("which address '{}' stands for is not said here", escape(text, 60)));
      SpokenOption alone = option;
      alone.arguments[0].text = std::string(text);
      parts.emplace_back(OpaqueMatch{"name", option_text(alone, source ? "-s" : "-d"), false, true, true});
    }
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return parts;
}

void interface(RuleDraft& draft, const SpokenOption& option) {
  const Word& word = option.arguments[0];
  const bool input = option.name == "i";
  const Field field = input ? Field::InputInterface : Field::OutputInterface;
  const auto hook = iptables_hook(draft.site().table, draft.site().chain);
  if (input && hook && (hook->hook == Hook::Output || hook->hook == Hook::Postrouting))
    return draft.error(option.word, "ruleset.interface-in-output",
                       fmt::format("there is no input interface in {}", draft.site().chain), "use -o");
  if (!input && hook && (hook->hook == Hook::Input || hook->hook == Hook::Prerouting))
    return draft.error(option.word, "ruleset.interface-in-input",
                       fmt::format("there is no output interface in {}", draft.site().chain), "use -i");
  if (has_variable(word))
    return draft.add(OpaqueMatch{"variable", option_text(option, input ? "-i" : "-o"), false, true, true});
  if (word.text.empty() || word.text.size() > 15 || word.text.find('\0') != std::string::npos)
    return draft.error(word, "ruleset.bad-interface", "an interface has a name of 1 to 15 characters");
  const bool wildcard = word.text.back() == '+';
  const std::string_view name = std::string_view(word.text).substr(0, word.text.size() - (wildcard ? 1 : 0));
  if (name.empty() && !option.negated) return;  // "+": any
  draft.match(field, wildcard ? interfaces_beginning(name) : IntervalSet::single(interface_value(name)),
              option.negated);
}

void protocol(RuleDraft& draft, const SpokenOption& option) {
  const Word& word = option.arguments[0];
  if (has_variable(word)) return draft.add(OpaqueMatch{"variable", option_text(option, "-p"), false, true, true});
  const auto number = word.text == "all" ? std::optional<std::uint8_t>(0) : protocol_number(word.text);
  if (!number)
    return draft.error(word, "ruleset.unknown-protocol", fmt::format("unknown protocol '{}'", escape(word.text, 40)));
  if (*number == 0) {
    if (option.negated) draft.error(word, "ruleset.no-protocol", "a rule for no protocol at all would never match");
    return;
  }
  if (!option.negated) draft.protocol = *number;
  draft.match(Field::Protocol, IntervalSet::single(*number), option.negated);
}

void counters(RuleDraft& draft, const SpokenOption& option, Counter& counter) {
  const auto packets = whole_number(option.arguments[0].text, UINT64_MAX);
  const auto bytes = whole_number(option.arguments[1].text, UINT64_MAX);
  if (!packets || !bytes)
    return draft.error(option.word, "ruleset.bad-counter", "-c needs two numbers: packets and bytes");
  counter.packets = packets;
  counter.bytes = bytes;
}

void target(RuleDraft& draft, const Spoken& spoken) {
  const SpokenModule& said = *spoken.target;
  const RuleSite& site = draft.site();
  const bool chain = site.is_chain && site.is_chain(said.name);
  if (chain || spoken.go_to) {
    if (!said.options.empty())
      return draft.error(said.options[0].word, "ruleset.unknown-option", "a chain takes no options");
    return draft.add(Verdict{spoken.go_to ? Verdict::Kind::Goto : Verdict::Kind::Jump, said.name, 0, 0, false, false});
  }
  const bool variables = has_variable(said);
  if (!variables && target_spec(said.name) != nullptr && convert_target(draft, said)) return;
  if (draft.failed()) return;
  // What nobody knows and has no options is a chain that is declared elsewhere.
  if (target_spec(said.name) == nullptr && !is_extension_target(said.name) && said.options.empty())
    return draft.add(Verdict{Verdict::Kind::Jump, said.name, 0, 0, false, false});
  draft.add(OpaqueStatement{said.name, module_text(said, true), false, true, is_harmless_target(said.name)});
}

// What userspace or the kernel refuses because of where the rule stands.
void check_place(RuleDraft& draft, const Spoken& spoken) {
  if (!spoken.target) return;
  const Word& word = spoken.target->word;
  const std::string& name = spoken.target->name;
  const RuleSite& site = draft.site();
  const auto only_in = [&](std::string_view table) {
    if (site.table != table)
      draft.error(word, "ruleset.wrong-table",
                  fmt::format("{} works in the {} table only, and this is {}", name, table, escape(site.table, 40)));
  };
  if (name == "DROP" && site.table == "nat")
    draft.error(word, "ruleset.wrong-table", "the nat table is not for filtering: DROP is refused there",
                "put it into the filter table");
  if (name == "REJECT") only_in("filter");
  if (name == "SNAT" || name == "DNAT" || name == "MASQUERADE" || name == "REDIRECT" || name == "NETMAP")
    only_in("nat");
  const auto hook = iptables_hook(site.table, site.chain);
  if (!hook || draft.failed()) return;
  const bool early = hook->hook == Hook::Prerouting || hook->hook == Hook::Output;
  if ((name == "DNAT" || name == "REDIRECT") && !early)
    draft.error(word, "ruleset.wrong-chain", fmt::format("{} works in PREROUTING and OUTPUT only", name));
  if (name == "MASQUERADE" && hook->hook != Hook::Postrouting)
    draft.error(word, "ruleset.wrong-chain", "MASQUERADE works in POSTROUTING only");
  if (name == "SNAT" && early) draft.error(word, "ruleset.wrong-chain", "SNAT works in POSTROUTING and INPUT only");
}

}  // namespace

const SpokenOption* SpokenModule::find(std::string_view option) const {
  const auto found =
      std::find_if(options.begin(), options.end(), [option](const SpokenOption& o) { return o.name == option; });
  return found == options.end() ? nullptr : &*found;
}

void RuleDraft::error(const Word& word, std::string id, std::string text, std::string hint) {
  if (!failed_ && site_.remark) site_.remark(Severity::Error, std::move(id), word, std::move(text), std::move(hint));
  failed_ = true;
}

void RuleDraft::warn(const Word& word, std::string id, std::string text, std::string hint) const {
  if (site_.remark) site_.remark(Severity::Warning, std::move(id), word, std::move(text), std::move(hint));
}

std::string module_text(const SpokenModule& module, bool target) {
  std::string text = (target ? "-j " : "-m ") + quoted_word(module.name);
  for (const SpokenOption& option : module.options) {
    std::string_view as = option.word.text;
    as = as.substr(0, as.find('='));
    text += " " + option_text(option, as);
  }
  return text;
}

std::vector<Rule> parse_iptables_rule(const std::vector<Word>& words, const RuleSite& site, const Counter& given) {
  RuleDraft draft(site);
  const auto heard = listen(words, draft);
  if (!heard) return {};
  const Spoken& spoken = *heard;
  Counter counter = given;
  Alternatives sources{std::nullopt}, destinations{std::nullopt};
  for (const SpokenOption& option : spoken.header) {
    if (option.name == "s") sources = addresses(draft, option);
    if (option.name == "d") destinations = addresses(draft, option);
    if (option.name == "c") counters(draft, option, counter);
    if ((option.name == "4" && site.v6) || (option.name == "6" && !site.v6)) return {};  // for the other family
    if ((option.name == "s" || option.name == "d") && option.negated &&
        option.arguments[0].text.find(',') != std::string::npos)
      draft.error(option.word, "ruleset.negated-list", "'!' with several addresses is refused",
                  "use an ipset, or a chain of its own");
  }
  // The header is looked at first whatever the order of words, and the modules in theirs (ip_packet_match).
  for (const std::string_view name : {"i", "o", "p", "f"})
    for (const SpokenOption& option : spoken.header) {
      if (draft.failed() || option.name != name) continue;
      if (name == "p")
        protocol(draft, option);
      else if (name == "f")
        draft.match(Field::Fragment, IntervalSet::single(1), option.negated);
      else
        interface(draft, option);
    }
  for (const SpokenModule& module : spoken.modules) {
    if (draft.failed()) return {};
    const bool known = match_spec(module.name) != nullptr;
    if (known && !has_variable(module) && convert_match(draft, module)) continue;
    if (draft.failed()) return {};
    // What was blacked out may be something else each time.
    const bool pure = is_pure_module(module.name) && module.name != "mac";
    draft.add(OpaqueMatch{module.name, module_text(module, false), false, true, pure});
  }
  draft.add(counter);
  if (!draft.failed() && spoken.target) target(draft, spoken);
  if (!draft.failed()) check_place(draft, spoken);
  if (draft.failed()) return {};

  if (sources.size() * destinations.size() > kRulesOfOneMax) {
    draft.error(words[0], "ruleset.limit",
                fmt::format("one rule would become more than {} (rules_of_one_max)", kRulesOfOneMax));
    return {};
  }
  std::vector<Rule> rules;
  for (const auto& source : sources)
    for (const auto& destination : destinations) {
      Rule rule = draft.rule;
      if (destination) rule.parts.insert(rule.parts.begin(), *destination);
      if (source) rule.parts.insert(rule.parts.begin(), *source);
      rules.push_back(std::move(rule));
    }
  return rules;
}

}  // namespace mailweir::rules
