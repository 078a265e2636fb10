#include "ruleset/iptables_script_words.h"

#include <algorithm>
#include <array>

namespace mailweir::rules {
namespace {

struct Verb {
  char letter;
  std::string_view words;
};
constexpr Verb kVerbs[] = {{'A', "-A --append"},    {'I', "-I --insert"},       {'D', "-D --delete"},
                           {'R', "-R --replace"},   {'N', "-N --new-chain"},    {'P', "-P --policy"},
                           {'F', "-F --flush"},     {'X', "-X --delete-chain"}, {'E', "-E --rename-chain"},
                           {'Z', "-Z --zero"},      {'C', "-C --check"},        {'L', "-L --list"},
                           {'S', "-S --list-rules"}};

bool is_variable_of_iptables(std::string_view word) {
  if (!word.starts_with('$')) return false;
  std::string name;
  for (const char c : word) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name.find("ipt") != std::string::npos || name.find("ip6t") != std::string::npos || name == "$fw" ||
         name == "${fw}";
}

}  // namespace

std::optional<char> verb_of(std::string_view word) {
  for (const Verb& verb : kVerbs) {
    const auto space = verb.words.find(' ');
    if (word == verb.words.substr(0, space) || word == verb.words.substr(space + 1)) return verb.letter;
  }
  return std::nullopt;
}

std::optional<RuleFamily> program_family(const Word& word) {
  std::string_view name = word.text;
  if (is_variable_of_iptables(name))
    return name.find('6') == std::string_view::npos ? RuleFamily::Ip4 : RuleFamily::Ip6;
  name = name.substr(name.rfind('/') + 1);
  for (const std::string_view ending : {"-legacy", "-nft"})
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  if (name == "iptables") return RuleFamily::Ip4;
  if (name == "ip6tables") return RuleFamily::Ip6;
  return std::nullopt;
}

bool is_flow_word(std::string_view word) {
  constexpr std::array<std::string_view, 6> kWords = {"if", "for", "while", "until", "case", "elif"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

bool is_lead_word(std::string_view word) {
  constexpr std::array<std::string_view, 11> kWords = {"then", "do", "else",    "{",    "!",   "sudo",
                                                       "exec", "if", "command", "nice", "elif"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

bool speaks_ip6(std::string_view text) {
  for (const std::string_view sign : {"ip6tables", "ipv6-icmp", "icmpv6", "-m icmp6", "icmp6-", "-m hl"})
    if (text.find(sign) != std::string_view::npos) return true;
  // "-s fe80::/10"
  for (std::size_t at = text.find("::"); at != std::string_view::npos; at = text.find("::", at + 2)) {
    auto from = at;
    while (from > 0 && std::string_view("0123456789abcdefABCDEF:").find(text[from - 1]) != std::string_view::npos)
      --from;
    if (from >= 3 && (text.substr(from - 3, 3) == "-s " || text.substr(from - 3, 3) == "-d ")) return true;
  }
  return false;
}

}  // namespace mailweir::rules
