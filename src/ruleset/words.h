// A line of iptables' notations, in words.
//
// In:  one logical line of any content.   Out: words with their places, or where a quote was left open.
// Sources: iptables 1.8.9, iptables/xshared.c (add_param_to_argv) for saved files; POSIX shell, section 2.2, for
// commands.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailweir::rules {

struct Word {
  std::string text;
  std::uint32_t offset = 0;  // in bytes, of its first character in the line
  bool quoted = false;       // from its first character on: then it is no option, whatever it looks like
  bool separator = false;    // ; && || | & of a shell
};

struct SplitLine {
  std::vector<Word> words;
  std::optional<std::uint32_t> open_quote;  // its offset; the words before it are there
};

// As iptables-restore splits: only the double quote quotes, a backslash counts only inside.
[[nodiscard]] SplitLine split_saved(std::string_view line);
// As a shell does, without carrying anything out: both quotes and the backslash quote, variables that `known` has are
// replaced, redirections are left out. Command separators become words of their own. Variables nobody knows and $(…)
// stay as they are written, with their dollar sign.
using ShellVariables = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] SplitLine split_shell(std::string_view line, const ShellVariables& known);

// As iptables-save quotes: only where it is needed.
[[nodiscard]] std::string quoted_word(std::string_view text);

}  // namespace mailweir::rules
