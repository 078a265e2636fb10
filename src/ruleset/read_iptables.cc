#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/escape.h"
#include "base/trim.h"
#include "ruleset/iptables_rule.h"
#include "ruleset/iptables_script_words.h"
#include "ruleset/iptables_tables.h"
#include "ruleset/number_names.h"
#include "ruleset/read_ruleset.h"
#include "ruleset/remarks.h"
#include "ruleset/words.h"

namespace mailweir::rules {
namespace {

// A value that grows with every line stops here.
constexpr std::size_t kVariableBytesMax = 4096;
constexpr std::size_t kChainNameMax = 28;  // XT_EXTENSION_MAXNAMELEN - 1 (linux/netfilter/x_tables.h)

class Reader {
 public:
  Reader(std::string_view text, const ReadOptions& options, Diagnostics& remarks)
      : text_(text),
        options_(options),
        remarks_(options.name, options.limits.remarks_max, remarks),
        family_(options.family.value_or(speaks_ip6(text) ? RuleFamily::Ip6 : RuleFamily::Ip4)),
        v4_(RuleFamily::Ip4, options.limits),
        v6_(RuleFamily::Ip6, options.limits) {}

  Ruleset read() {
    if (text_.size() > options_.limits.bytes_max) {
      remarks_.add(Severity::Error, "ruleset.limit", {}, 0,
                   fmt::format("larger than {} bytes (bytes_max)", options_.limits.bytes_max));
      return {};
    }
    std::size_t at = 0;
    while (at < text_.size() && !stopped_) {
      const auto end = std::min(text_.find('\n', at), text_.size());
      ++line_number_;
      line_ = text_.substr(at, end - at);
      at = end + 1;
      // A backslash at the end of a script's line joins it with the next.
      const std::uint32_t first = line_number_;
      std::string joined;
      if (!in_table_ && line_.ends_with('\\')) {
        while (line_.ends_with('\\') && at < text_.size()) {
          joined.append(line_.substr(0, line_.size() - 1)).append(" ");
          const auto next = std::min(text_.find('\n', at), text_.size());
          ++line_number_;
          line_ = text_.substr(at, next - at);
          at = next + 1;
        }
        joined.append(line_);
        line_ = joined;
      }
      const std::uint32_t last = line_number_;
      line_number_ = first;
      line();
      line_number_ = last;
    }
    if (in_table_)
      remark(Severity::Error, "ruleset.missing-commit", {},
             fmt::format("the table {} has no COMMIT: nothing of it would be loaded", escape(table_, 40)),
             "write COMMIT behind its last rule");
    Ruleset ruleset;
    ruleset.files = {options_.name};
    ruleset.whole = whole_;
    for (IptablesTables* tables : {&v4_, &v6_})
      for (Table& table : tables->take()) ruleset.tables.push_back(std::move(table));
    return ruleset;
  }

 private:
  IptablesTables& tables() { return family_ == RuleFamily::Ip6 ? v6_ : v4_; }

  void remark(Severity severity, std::string id, const Word& word, std::string text, std::string hint = {}) {
    remarks_.add(severity, std::move(id), line_, line_number_, std::move(text), std::move(hint), word.offset);
  }
  void failed(const Error& error, const Word& word) {
    if (error.code() == ErrorCode::Limit) stopped_ = true;
    remark(error.code() == ErrorCode::NotFound ? Severity::Warning : Severity::Error,
           error.code() == ErrorCode::Limit ? "ruleset.limit" : "ruleset.not-there", word, error.text());
  }

  [[nodiscard]] Origin origin(std::uint32_t offset) const {
    return {0, line_number_, column_of(line_, offset), std::string(trimmed(line_))};
  }

  void line() {
    const std::string_view text = trimmed(line_);
    if (text.empty()) return;
    const auto offset = static_cast<std::uint32_t>(text.data() - line_.data());
    if (text[0] == '#') return comment(text);
    const bool table = text[0] == '*' && text.size() > 1 &&
                       text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", 1) == std::string_view::npos;
    if (table) return begin_table(text, offset);
    if (in_table_) return table_line(text, offset);
    if (text[0] == ':' && text.size() > 1 && text.find(' ') != std::string_view::npos) return chain_line(text, offset);
    if (text == "COMMIT") return;
    if (is_rule_line(text)) return bare(text, offset);
    if (text.starts_with("Chain ") &&
        (text.find("(policy ") != std::string_view::npos || text.find(" references)") != std::string_view::npos))
      return listing(offset);
    script_line();
  }

  // "-A INPUT …" or "[1:60] -A INPUT …"; pages that people paste from have other lines that begin so.
  static bool is_rule_line(std::string_view text) {
    if (text[0] == '[') {
      const auto end = text.find(']');
      std::optional<std::uint64_t> packets, bytes;
      return end != std::string_view::npos && counts(text.substr(0, end + 1), packets, bytes);
    }
    if (text[0] != '-' || text.size() < 2) return false;
    if (text[1] == 't' || text[1] == 'w') return true;
    return verb_of(text.substr(0, text.find(' '))).has_value() || text.find(" -j ") != std::string_view::npos;
  }

  void listing(std::uint32_t offset) {
    if (std::exchange(listing_said_, true)) return;
    remark(Severity::Error, "ruleset.listing", Word{"", offset, false, false},
           "this is what 'iptables -L' prints, which leaves out parts of the rules",
           "give the output of iptables-save");
  }

  void comment(std::string_view text) {
    if (text.starts_with("# Generated by ip6tables") && !options_.family) family_ = RuleFamily::Ip6;
    if (text.starts_with("# Generated by iptables") && !options_.family) family_ = RuleFamily::Ip4;
    // iptables-nft-save: "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them"
    if (text.find("legacy tables present") != std::string_view::npos)
      remark(Severity::Warning, "ruleset.legacy-too", {},
             "there are tables of iptables-legacy besides these, and both filter",
             "add the output of iptables-legacy-save and ip6tables-legacy-save");
  }

  void begin_table(std::string_view text, std::uint32_t offset) {
    const Word word{std::string(text), offset, false, false};
    if (in_table_)
      remark(Severity::Error, "ruleset.missing-commit", word,
             fmt::format("the table {} has no COMMIT: nothing of it would be loaded", escape(table_, 40)),
             "write COMMIT before the next table");
    in_table_ = whole_ = true;
    table_ = std::string(trimmed(text.substr(1)));
    unknown_table_ = !is_iptables_table(table_);
    if (unknown_table_)
      return remark(Severity::Error, "ruleset.unknown-table", word,
                    fmt::format("iptables has no table '{}'", escape(table_, 40)),
                    "filter, nat, mangle, raw or security");
    if (tables().has(table_)) {
      remark(Severity::Warning, "ruleset.table-twice", word,
             fmt::format("the table {} is there already; a restore keeps only this one", escape(table_, 40)));
      tables().reset(table_, origin(offset));
    } else {
      tables().open(table_, origin(offset));
    }
  }

  void table_line(std::string_view text, std::uint32_t offset) {
    if (text == "COMMIT") {
      in_table_ = false;
      return;
    }
    if (unknown_table_) return;
    if (text[0] == ':') return chain_line(text, offset);
    Counter counter;
    std::string_view rest = text;
    if (!leading_counter(rest, counter)) return;
    const SplitLine split = split_saved(line_.substr(static_cast<std::size_t>(rest.data() - line_.data())));
    command(shifted(split, static_cast<std::uint32_t>(rest.data() - line_.data())), counter);
  }

  // "[12:345] -A …"
  bool leading_counter(std::string_view& text, Counter& counter) {
    if (text[0] != '[') return true;
    const auto end = text.find(']');
    const Word word{"", static_cast<std::uint32_t>(text.data() - line_.data()), false, false};
    if (end == std::string_view::npos || !counts(text.substr(0, end + 1), counter.packets, counter.bytes)) {
      remark(Severity::Error, "ruleset.bad-counter", word, "counters look like [12:345]");
      return false;
    }
    text = trimmed(text.substr(end + 1));
    return !text.empty();
  }

  static bool counts(std::string_view text, std::optional<std::uint64_t>& packets,
                     std::optional<std::uint64_t>& bytes) {
    if (text.size() < 5 || text.front() != '[' || text.back() != ']') return false;
    text = text.substr(1, text.size() - 2);
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    const auto first = whole_number(text.substr(0, colon), UINT64_MAX);
    const auto second = whole_number(text.substr(colon + 1), UINT64_MAX);
    if (!first || !second) return false;
    packets = first;
    bytes = second;
    return true;
  }

  // ":INPUT DROP [0:0]", ":mine - [0:0]"
  void chain_line(std::string_view text, std::uint32_t offset) {
    const SplitLine split = split_saved(text.substr(1));
    const Word word{"", offset, false, false};
    if (split.words.size() < 2)
      return remark(Severity::Error, "ruleset.bad-line", word, "a chain's line looks like ':NAME POLICY [0:0]'");
    whole_ = true;
    const std::string& name = split.words[0].text;
    const std::string& policy = split.words[1].text;
    open_default();
    if (!check_chain_name(name, word)) return;
    const bool is_new = tables().declare(table_, name, origin(offset));
    Chain* chain = tables().chain(table_, name);
    if (chain == nullptr) return failed(Error(ErrorCode::Limit, "too many chains (chains_max)"), word);
    if (!is_new) chain->origin = origin(offset);  // a built-in one: until here it stood in the table's line
    if (split.words.size() > 2 && !counts(split.words[2].text, chain->packets, chain->bytes))
      remark(Severity::Error, "ruleset.bad-counter", split.words[2], "counters look like [12:345]");
    if (!chain->hook) chain->packets = chain->bytes = std::nullopt;  // never counts
    if (policy != "-") set_policy(*chain, policy, word);
  }

  bool check_chain_name(const std::string& name, const Word& word) {
    if (target_spec(name) != nullptr || is_extension_target(name)) {
      remark(Severity::Error, "ruleset.bad-chain-name", word,
             fmt::format("a chain cannot be called {}: that is a target", escape(name, 40)));
      return false;
    }
    if (!name.empty() && name.size() <= kChainNameMax && name[0] != '-' && name[0] != '!') return true;
    remark(Severity::Error, "ruleset.bad-chain-name", word,
           fmt::format("'{}' cannot be the name of a chain", escape(name, 60)),
           fmt::format("1 to {} characters, not beginning with '-' or '!'", kChainNameMax));
    return false;
  }

  void set_policy(Chain& chain, const std::string& policy, const Word& word) {
    if (!chain.hook)
      return remark(Severity::Error, "ruleset.policy-of-user-chain", word,
                    fmt::format("only built-in chains have a policy, and {} is none", escape(chain.name, 40)));
    if (policy == "ACCEPT" || policy == "DROP")
      chain.hook->policy = policy == "DROP" ? Verdict::Kind::Drop : Verdict::Kind::Accept;
    else
      remark(Severity::Error, "ruleset.bad-policy", word, fmt::format("'{}' is no policy", escape(policy, 40)),
             "ACCEPT or DROP");
  }

  static SplitLine shifted(SplitLine split, std::uint32_t by) {
    for (Word& word : split.words) word.offset += by;
    if (split.open_quote) *split.open_quote += by;
    return split;
  }

  void bare(std::string_view text, std::uint32_t offset) {
    Counter counter;
    if (!leading_counter(text, counter)) return;
    offset = static_cast<std::uint32_t>(text.data() - line_.data());
    SplitLine split = split_saved(text);
    // Nobody but a person quotes with an apostrophe.
    const bool by_hand = std::any_of(split.words.begin(), split.words.end(), [](const Word& word) {
      return word.text.starts_with('\'') || word.text.find("='") != std::string::npos;
    });
    if (by_hand) split = split_shell(text, variables_);
    std::erase_if(split.words, [](const Word& word) { return word.separator; });
    command(shifted(std::move(split), offset), counter);
  }

  void script_line() {
    SplitLine split = split_shell(line_, variables_);
    std::vector<Word> words;
    for (Word& word : split.words) {
      if (!word.separator) {
        words.push_back(std::move(word));
        continue;
      }
      shell_command(std::move(words), std::nullopt);
      words.clear();
    }
    shell_command(std::move(words), split.open_quote);
  }

  void shell_command(std::vector<Word> words, std::optional<std::uint32_t> open_quote) {
    while (!words.empty()) {
      const Word& word = words.front();
      if (is_flow_word(word.text) && !word.quoted) flow(word);
      if (!is_lead_word(word.text)) break;
      words.erase(words.begin());
    }
    while (!words.empty() && assignment(words.front())) words.erase(words.begin());
    if (words.empty()) return;
    const auto family = program_family(words.front());
    if (!family) {
      const bool looks_like_one =
          std::any_of(words.begin(), words.end(), [](const Word& w) { return !w.quoted && w.text == "-j"; });
      if (looks_like_one)
        remark(Severity::Warning, "ruleset.not-read", words.front(),
               fmt::format("'{}' is no iptables command, so this line was not read", escape(words.front().text, 40)));
      return;
    }
    words.erase(words.begin());
    const RuleFamily before = family_;
    // With a family given from outside, commands of the other one are not part of the question.
    if (!options_.family || *options_.family == *family) {
      family_ = *family;
      SplitLine split;
      split.words = std::move(words);
      split.open_quote = open_quote;
      command(split, {});
    }
    family_ = before;
  }

  void flow(const Word& word) {
    if (flow_said_) return;
    flow_said_ = true;
    remark(Severity::Warning, "ruleset.shell-flow", word,
           "this script decides while it runs; every rule is taken as if it were carried out once",
           "for the rules as they are, give the output of iptables-save");
  }

  // NAME=value, also behind export, readonly and local.
  bool assignment(const Word& word) {
    if (word.text == "export" || word.text == "readonly" || word.text == "local") return true;
    const auto equals = word.text.find('=');
    if (equals == std::string::npos || equals == 0) return false;
    const std::string name = word.text.substr(0, equals);
    const bool good = std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!good) return false;
    const std::string value = word.text.substr(equals + 1);
    // What a program prints is not known here.
    if (value.find('$') != std::string::npos || value.find('`') != std::string::npos ||
        value.size() > kVariableBytesMax)
      variables_.erase(name);
    else
      variables_[name] = value;
    return true;
  }

  void open_default() {
    if (table_.empty()) table_ = "filter";
    tables().open(table_, {0, line_number_, 1, {}});
  }

  // "-A INPUT …" with whatever stands around it.
  void command(SplitLine split, const Counter& counter) {
    if (split.open_quote)
      return remark(Severity::Error, "ruleset.open-quote", Word{"", *split.open_quote, false, false},
                    "this quote is not closed");
    if (split.words.size() > options_.limits.words_max)
      return remark(Severity::Error, "ruleset.limit", split.words[0],
                    fmt::format("more than {} words (words_max)", options_.limits.words_max));
    std::vector<Word>& words = split.words;
    const std::string before = table_;
    if (!in_table_) table_ = take_table(words).value_or("filter");
    const auto verb =
        std::find_if(words.begin(), words.end(), [](const Word& word) { return !word.quoted && verb_of(word.text); });
    if (verb == words.end()) {
      if (!words.empty())
        remark(Severity::Error, "ruleset.no-command", words[0], "no -A, -I, -N, -P or other command in this line");
    } else {
      const Word word = *verb;
      const char letter = *verb_of(word.text);
      words.erase(verb, verb + 1);
      carry_out(letter, word, words, static_cast<std::size_t>(verb - words.begin()), counter);
    }
    if (!in_table_) table_ = before;
  }

  // -t nat, --table=nat, -tnat; and -w with its seconds, which is nobody's concern here.
  std::optional<std::string> take_table(std::vector<Word>& words) {
    std::optional<std::string> table;
    for (std::size_t i = 0; i < words.size();) {
      const Word& word = words[i];
      std::size_t gone = 0;
      if (word.quoted) {
      } else if ((word.text == "-t" || word.text == "--table") && i + 1 < words.size()) {
        table = words[i + 1].text;
        gone = 2;
      } else if (word.text.starts_with("--table=")) {
        table = word.text.substr(8);
        gone = 1;
      } else if (word.text.size() > 2 && word.text.starts_with("-t") && is_iptables_table(word.text.substr(2))) {
        table = word.text.substr(2);
        gone = 1;
      } else if (word.text == "-w" || word.text == "--wait" || word.text.starts_with("--wait=") || word.text == "-W") {
        gone = 1;
        const bool seconds = i + 1 < words.size() && !word.text.starts_with("--wait=") &&
                             whole_number(words[i + 1].text, 1'000'000).has_value();
        if (seconds) gone = 2;
      }
      if (gone > 0)
        words.erase(words.begin() + static_cast<std::ptrdiff_t>(i),
                    words.begin() + static_cast<std::ptrdiff_t>(i + gone));
      else
        ++i;
    }
    return table;
  }

  void carry_out(char verb, const Word& word, std::vector<Word>& words, std::size_t at, const Counter& counter) {
    if (verb == 'L' || verb == 'S' || verb == 'C') return;
    if (!is_iptables_table(table_) && !in_table_)
      return remark(Severity::Error, "ruleset.unknown-table", word,
                    fmt::format("iptables has no table '{}'", escape(table_, 40)));
    tables().open(table_, {0, line_number_, 1, {}});
    const bool names_chain = at < words.size() && (words[at].quoted || !words[at].text.starts_with('-'));
    const std::string chain = names_chain ? words[at].text : std::string();
    if (!names_chain && verb != 'F' && verb != 'X' && verb != 'Z')
      return remark(Severity::Error, "ruleset.missing-value", word, fmt::format("'{}' needs a chain", word.text));
    if (names_chain) words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
    switch (verb) {
      case 'F':
        return done(tables().flush(table_, chain), word);
      case 'X':
        return done(tables().remove_chain(table_, chain), word);
      case 'Z':
        return;
      case 'N':
        if (!check_chain_name(chain, word)) return;
        if (!tables().declare(table_, chain, origin(word.offset)))
          remark(Severity::Error, "ruleset.chain-twice", word,
                 fmt::format("there is a chain {} already", escape(chain, 40)));
        return;
      case 'E':
        if (at >= words.size()) return remark(Severity::Error, "ruleset.missing-value", word, "-E needs two names");
        if (!check_chain_name(words[at].text, words[at])) return;
        return done(tables().rename(table_, chain, words[at].text), word);
      case 'P': {
        whole_ = true;
        if (at >= words.size())
          return remark(Severity::Error, "ruleset.missing-value", word, "-P needs ACCEPT or DROP");
        Chain* open = tables().chain(table_, chain);
        if (open == nullptr)
          return remark(Severity::Error, "ruleset.not-there", word,
                        fmt::format("there is no chain {}", escape(chain, 40)));
        return set_policy(*open, words[at].text, words[at]);
      }
      default:
        return rule_command(verb, word, chain, words, at, counter);
    }
  }

  void done(const Result<void>& result, const Word& word) {
    if (!result) failed(result.error(), word);
  }

  void rule_command(char verb, const Word& word, const std::string& chain, std::vector<Word>& words, std::size_t at,
                    const Counter& counter) {
    std::optional<std::size_t> number;
    if (verb != 'A' && at < words.size())
      if (const auto read = whole_number(words[at].text, 0xffffffff)) {
        number = *read;
        words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
      }
    if (!tables().is_chain(table_, chain)) {
      if (!check_chain_name(chain, word)) return;
      if (verb == 'D' || verb == 'R')
        return failed(Error(ErrorCode::NotFound, fmt::format("there is no chain {}", escape(chain, 40))), word);
      // A fragment may add to chains that are made elsewhere; a whole file may not.
      if (in_table_)
        remark(Severity::Error, "ruleset.undeclared-chain", word,
               fmt::format("the chain {} is not declared in this table", escape(chain, 40)),
               fmt::format("write ':{} - [0:0]' before the first rule", escape(chain, 40)));
      if (!tables().declare(table_, chain, origin(word.offset), false))
        return failed(Error(ErrorCode::Limit, "too many chains (chains_max)"), word);
    }
    if (verb == 'D' && number && words.empty()) return done(tables().remove(table_, chain, *number), word);

    RuleSite site;
    site.v6 = family_ == RuleFamily::Ip6;
    site.table = table_;
    site.chain = chain;
    site.is_chain = [this](std::string_view name) { return tables().is_chain(table_, name); };
    site.remark = [this](Severity severity, std::string id, const Word& at_word, std::string text, std::string hint) {
      remark(severity, std::move(id), at_word, std::move(text), std::move(hint));
    };
    std::vector<Rule> rules = parse_iptables_rule(words, site, counter);
    for (Rule& rule : rules) rule.origin = origin(word.offset);
    if (rules.empty()) return;
    if (verb == 'A') return done(tables().append(table_, chain, std::move(rules)), word);
    if (verb == 'I') return done(tables().insert(table_, chain, number.value_or(1), std::move(rules)), word);
    if (verb == 'D')
      for (const Rule& rule : rules) done(tables().remove(table_, chain, rule), word);
    if (verb == 'R') {
      if (!number || rules.size() != 1)
        return remark(Severity::Error, "ruleset.missing-value", word, "-R needs a chain, a number and one rule");
      done(tables().replace(table_, chain, *number, std::move(rules[0])), word);
    }
  }

  std::string_view text_;
  const ReadOptions& options_;
  RemarkWriter remarks_;
  RuleFamily family_;
  IptablesTables v4_, v6_;
  std::string_view line_;
  std::uint32_t line_number_ = 0;
  std::string table_;
  bool in_table_ = false, whole_ = false, stopped_ = false, flow_said_ = false, listing_said_ = false,
       unknown_table_ = false;
  ShellVariables variables_;
};

}  // namespace

Ruleset read_iptables(std::string_view text, const ReadOptions& options, Diagnostics& remarks) {
  return Reader(text, options, remarks).read();
}

}  // namespace mailweir::rules
