#include "ruleset/iptables_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/escape.h"
#include "base/nearest.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

// Several addresses in -s and -d multiply; more than this in one rule is nobody's intention.
constexpr std::size_t kRulesOfOneMax = 10'000;

struct HeaderOption {
  std::string_view name, words;
  int arguments = 1;
};
constexpr HeaderOption kHeader[] = {
    {"s", "-s --source --src"},
    {"d", "-d --destination --dst"},
    {"i", "-i --in-interface"},
    {"o", "-o --out-interface"},
    {"p", "-p --protocol --proto"},
    {"f", "-f --fragment", 0},
    {"m", "-m --match"},
    {"j", "-j --jump"},
    {"g", "-g --goto"},
    {"c", "-c --set-counters", 2},
    {"4", "-4 --ipv4", 0},
    {"6", "-6 --ipv6", 0},
    {"n", "-n --numeric", 0},
    {"v", "-v --verbose", 0},
    {"x", "-x --exact", 0},
    {"line-numbers", "--line-numbers", 0},
    {"modprobe", "--modprobe"},
};

// Is `word` among `words`, which blanks separate?
bool is_one_of(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto blank = words.find(' ');
    if (words.substr(0, blank) == word) return true;
    if (blank == std::string_view::npos) break;
    words.remove_prefix(blank + 1);
  }
  return false;
}

bool is_option(const Word& word) { return !word.quoted && word.text.size() > 1 && word.text[0] == '-'; }
bool is_negation(const Word& word) { return !word.quoted && word.text == "!"; }
bool has_variable(const Word& word) { return word.text.find('$') != std::string::npos; }

bool has_variable(const SpokenModule& module) {
  // Prefixes and comments may hold a dollar sign; what rules ask for may not.
  return std::any_of(module.options.begin(), module.options.end(), [](const SpokenOption& option) {
    return option.name != "log-prefix" && option.name != "nflog-prefix" && option.name != "comment" &&
           std::any_of(option.arguments.begin(), option.arguments.end(),
                       [](const Word& word) { return has_variable(word); });
  });
}

// The implicit module of `-p tcp --dport 25`.
std::string_view module_of_protocol(std::string_view text) {
  const auto number = protocol_number(text);
  if (!number) return {};
  switch (*number) {
    case kProtocolTcp:
      return "tcp";
    case kProtocolUdp:
      return "udp";
    case kProtocolIcmp:
      return "icmp";
    case kProtocolIcmp6:
      return "icmp6";
    case 33:
      return "dccp";
    case 132:
      return "sctp";
    case 136:
      return "udplite";
    default:
      return {};
  }
}

struct Spoken {
  std::vector<SpokenOption> header;
  std::vector<SpokenModule> modules;
  std::optional<SpokenModule> target;
  bool go_to = false;
};

// Words -> options of header, modules and target.
class Listener {
 public:
  Listener(const std::vector<Word>& words, RuleDraft& draft) : words_(words), draft_(draft) {}

  bool listen() {
    while (at_ < words_.size() && !draft_.failed()) take();
    if (negated_ && !draft_.failed())
      draft_.error(words_.back(), "ruleset.dangling-negation", "nothing follows the '!'");
    return !draft_.failed();
  }
  Spoken spoken;

 private:
  void take() {
    const Word& word = words_[at_];
    if (is_negation(word)) {
      if (negated_) return draft_.error(word, "ruleset.double-negation", "two '!' in a row");
      negated_ = true;
      ++at_;
      return;
    }
    if (!is_option(word))
      return draft_.error(
          word, "ruleset.stray-word", fmt::format("'{}' is no option and belongs to none", escape(word.text, 60)),
          word.text.starts_with("\xe2\x80") ? "this is a typographic dash; options begin with '-'" : "");
    ++at_;
    if (word.text[1] == '-')
      take_long(word);
    else
      take_short(word);
    negated_ = false;
  }

  void take_short(const Word& word) {
    const std::string_view letter(word.text.data(), 2);
    for (const HeaderOption& option : kHeader)
      if (is_one_of(option.words, letter)) {
        if (word.text.size() > 2 && option.arguments > 0) rest_ = Word{word.text.substr(2), word.offset + 2, false};
        return header(option, word);
      }
    unknown(word, word.text);
  }

  void take_long(const Word& word) {
    const auto equals = word.text.find('=');
    const std::string name = word.text.substr(0, equals);
    if (equals != std::string::npos)
      rest_ = Word{word.text.substr(equals + 1), word.offset + static_cast<std::uint32_t>(equals) + 1, word.quoted};
    for (const HeaderOption& option : kHeader)
      if (is_one_of(option.words, name)) return header(option, word);
    if (module_option(word, name)) return;
    if (abbreviated(word, name)) return;
    if (load_protocol_module() && (module_option(word, name) || abbreviated(word, name))) return;
    unknown(word, name);
  }

  // The target's options first, as iptables does, then the modules', the last one first.
  bool module_option(const Word& word, std::string_view name) {
    if (spoken.target)
      if (const ModuleSpec* spec = target_spec(spoken.target->name); spec != nullptr)
        if (take_option(*spoken.target, *spec, word, name)) return true;
    for (auto module = spoken.modules.rbegin(); module != spoken.modules.rend(); ++module)
      if (const ModuleSpec* spec = match_spec(module->name); spec != nullptr)
        if (take_option(*module, *spec, word, name)) return true;
    return false;
  }

  bool take_option(SpokenModule& module, const ModuleSpec& spec, const Word& word, std::string_view name) {
    for (const OptionSpec& option : spec.options)
      if (is_one_of(option.words, name)) {
        module.options.push_back({std::string(option.name), word, negated_, {}});
        arguments(module.options.back(), option.arguments, word);
        return true;
      }
    return false;
  }

  bool load_protocol_module() {
    for (const SpokenOption& option : spoken.header) {
      if (option.name != "p" || option.arguments.empty()) continue;
      const std::string_view module = module_of_protocol(option.arguments[0].text);
      const bool there = std::any_of(spoken.modules.begin(), spoken.modules.end(),
                                     [module](const SpokenModule& m) { return m.name == module; });
      if (module.empty() || there) return false;
      spoken.modules.push_back({std::string(module), option.word, {}});
      return true;
    }
    return false;
  }

  // getopt_long takes any beginning that only one option has.
  bool abbreviated(const Word& word, const std::string& name) {
    if (name.size() < 4) return false;
    std::string_view only;
    const auto consider = [&](std::string_view words) {
      while (!words.empty()) {
        const auto blank = words.find(' ');
        const std::string_view candidate = words.substr(0, blank);
        if (candidate.starts_with(name)) only = only.empty() ? candidate : std::string_view("?");
        words = blank == std::string_view::npos ? std::string_view{} : words.substr(blank + 1);
      }
    };
    for (const HeaderOption& option : kHeader) consider(option.words);
    const auto consider_all = [&](const ModuleSpec* spec) {
      if (spec != nullptr)
        for (const OptionSpec& option : spec->options) consider(option.words);
    };
    for (const SpokenModule& module : spoken.modules) consider_all(match_spec(module.name));
    if (spoken.target) consider_all(target_spec(spoken.target->name));
    if (only.empty() || only == "?") return false;
    for (const HeaderOption& option : kHeader)
      if (is_one_of(option.words, only)) {
        header(option, word);
        return true;
      }
    return module_option(word, only);
  }

  // To the last module that nobody knows, with all words up to the next option.
  void unknown(const Word& word, const std::string& name) {
    SpokenModule* module = nullptr;
    if (spoken.target && target_spec(spoken.target->name) == nullptr) module = &*spoken.target;
    if (module == nullptr)
      for (auto m = spoken.modules.rbegin(); m != spoken.modules.rend() && module == nullptr; ++m)
        if (match_spec(m->name) == nullptr) module = &*m;
    const bool odd = name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") !=
                     std::string::npos;
    if (module == nullptr || odd) return unknown_option(word, name);
    module->options.push_back({name, word, negated_, {}});
    auto& taken = module->options.back().arguments;
    if (rest_) taken.push_back(*std::exchange(rest_, std::nullopt));
    while (at_ < words_.size() && !is_option(words_[at_]) && !is_negation(words_[at_])) taken.push_back(words_[at_++]);
  }

  void unknown_option(const Word& word, const std::string& name) {
    std::string hint;
    if (name == "--dport" || name == "--sport" || name == "--destination-port" || name == "--source-port")
      hint = "ports need '-p tcp' or '-p udp' before them";
    else if (name == "--dports" || name == "--sports" || name == "--ports")
      hint = "several ports need '-m multiport'";
    else if (name == "--state")
      hint = "it needs '-m state', or better '-m conntrack --ctstate'";
    else if (name == "--ctstate")
      hint = "it needs '-m conntrack'";
    else
      hint =
          nearest_hint(name, std::array<std::string_view, 12>{
                                 "--dport", "--sport", "--tcp-flags", "--source", "--destination", "--jump", "--match",
                                 "--protocol", "--in-interface", "--out-interface", "--icmp-type", "--goto"});
    draft_.error(word, "ruleset.unknown-option", fmt::format("unknown option '{}'", escape(name, 60)), hint);
  }

  void header(const HeaderOption& option, const Word& word) {
    SpokenOption said{std::string(option.name), word, negated_, {}};
    arguments(said, option.arguments, word);
    if (draft_.failed()) return;
    if (option.name == "m") {
      const Word& name = said.arguments[0];
      spoken.modules.push_back({name.text, name, {}});
    } else if (option.name == "j" || option.name == "g") {
      if (spoken.target)
        return draft_.error(word, "ruleset.two-targets", "a rule has one target",
                            fmt::format("'{}' is already there", escape(spoken.target->name, 40)));
      if (said.negated) return draft_.error(word, "ruleset.negated-target", "a target cannot be negated");
      spoken.target = SpokenModule{said.arguments[0].text, said.arguments[0], {}};
      spoken.go_to = option.name == "g";
    } else {
      const bool twice = std::any_of(spoken.header.begin(), spoken.header.end(),
                                     [&](const SpokenOption& o) { return o.name == said.name; });
      if (twice && option.arguments > 0)
        return draft_.error(word, "ruleset.option-twice",
                            fmt::format("'{}' is given twice in one rule", escape(word.text, 40)));
      spoken.header.push_back(std::move(said));
    }
  }

  void arguments(SpokenOption& option, int count, const Word& word) {
    if (rest_) {
      if (count == 0)
        return draft_.error(word, "ruleset.unexpected-value",
                            fmt::format("'{}' takes no value", escape(word.text, 40)));
      option.arguments.push_back(*std::exchange(rest_, std::nullopt));
      --count;
    }
    for (; count > 0; --count) {
      // "-s ! 192.0.2.1", as it was written before 1.4.3.
      if (at_ < words_.size() && is_negation(words_[at_]) && option.arguments.empty()) {
        if (option.negated) return draft_.error(words_[at_], "ruleset.double-negation", "two '!' for one option");
        option.negated = true;
        ++at_;
      }
      if (at_ >= words_.size())
        return draft_.error(word, "ruleset.missing-value", fmt::format("'{}' needs a value", escape(word.text, 40)));
      option.arguments.push_back(words_[at_++]);
    }
  }

  const std::vector<Word>& words_;
  RuleDraft& draft_;
  std::size_t at_ = 0;
  bool negated_ = false;
  std::optional<Word> rest_;  // "-ieth0", "--dport=25"
};

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
  Listener listener(words, draft);
  if (!listener.listen()) return {};
  const Spoken& spoken = listener.spoken;
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
