#include "ruleset/iptables_listener.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/escape.h"
#include "base/nearest.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

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

// Words -> options of header, modules and target.
class Listener {
 public:
  Listener(const std::vector<Word>& words, RuleDraft& draft) : words_(words), draft_(draft) {}

  std::optional<Spoken> listen() {
    while (at_ < words_.size() && !draft_.failed()) take();
    if (negated_ && !draft_.failed())
      draft_.error(words_.back(), "ruleset.dangling-negation", "nothing follows the '!'");
    if (draft_.failed()) return std::nullopt;
    return std::move(spoken_);
  }

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
    if (spoken_.target)
      if (const ModuleSpec* spec = target_spec(spoken_.target->name); spec != nullptr)
        if (take_option(*spoken_.target, *spec, word, name)) return true;
    for (auto module = spoken_.modules.rbegin(); module != spoken_.modules.rend(); ++module)
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
    for (const SpokenOption& option : spoken_.header) {
      if (option.name != "p" || option.arguments.empty()) continue;
      const std::string_view module = module_of_protocol(option.arguments[0].text);
      const bool there = std::any_of(spoken_.modules.begin(), spoken_.modules.end(),
                                     [module](const SpokenModule& m) { return m.name == module; });
      if (module.empty() || there) return false;
      spoken_.modules.push_back({std::string(module), option.word, {}});
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
    for (const SpokenModule& module : spoken_.modules) consider_all(match_spec(module.name));
    if (spoken_.target) consider_all(target_spec(spoken_.target->name));
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
    if (spoken_.target && target_spec(spoken_.target->name) == nullptr) module = &*spoken_.target;
    if (module == nullptr)
      for (auto m = spoken_.modules.rbegin(); m != spoken_.modules.rend() && module == nullptr; ++m)
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
      spoken_.modules.push_back({name.text, name, {}});
    } else if (option.name == "j" || option.name == "g") {
      if (spoken_.target)
        return draft_.error(word, "ruleset.two-targets", "a rule has one target",
                            fmt::format("'{}' is already there", escape(spoken_.target->name, 40)));
      if (said.negated) return draft_.error(word, "ruleset.negated-target", "a target cannot be negated");
      spoken_.target = SpokenModule{said.arguments[0].text, said.arguments[0], {}};
      spoken_.go_to = option.name == "g";
    } else {
      const bool twice = std::any_of(spoken_.header.begin(), spoken_.header.end(),
                                     [&](const SpokenOption& o) { return o.name == said.name; });
      if (twice && option.arguments > 0)
        return draft_.error(word, "ruleset.option-twice",
                            fmt::format("'{}' is given twice in one rule", escape(word.text, 40)));
      spoken_.header.push_back(std::move(said));
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
  Spoken spoken_;
  std::size_t at_ = 0;
  bool negated_ = false;
  std::optional<Word> rest_;  // "-ieth0", "--dport=25"
};

}  // namespace

std::optional<Spoken> listen(const std::vector<Word>& words, RuleDraft& draft) {
  return Listener(words, draft).listen();
}

}  // namespace mailweir::rules
