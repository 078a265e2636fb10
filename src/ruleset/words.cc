#include "ruleset/words.h"

#include <algorithm>

namespace mailweir::rules {
namespace {

// A value that doubles itself in every line stops growing here.
constexpr std::size_t kLineBytesMax = std::size_t{32} << 20;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

class Splitter {
 public:
  Splitter(std::string_view line, const ShellVariables* shell) : line_(line), shell_(shell) {}

  SplitLine split() {
    while (at_ < line_.size() && !split_.open_quote && bytes_ < kLineBytesMax) take();
    if (!split_.open_quote) end();
    return std::move(split_);
  }

 private:
  void take() {
    const char c = line_[at_];
    if (is_space(c)) {
      end();
      ++at_;
    } else if (shell_ != nullptr && c == '#' && !in_word_) {
      at_ = line_.size();
    } else if (shell_ != nullptr && (c == ';' || c == '|' || c == '&')) {
      separator(c);
    } else if (shell_ != nullptr && (c == '<' || c == '>')) {
      redirection();
    } else if (c == '"' || (shell_ != nullptr && c == '\'')) {
      quoted(c);
    } else if (shell_ != nullptr && c == '\\') {
      begin();
      word_.quoted = word_.quoted || word_.text.empty();
      if (++at_ < line_.size()) put(line_[at_++]);
    } else if (shell_ != nullptr && c == '$') {
      variable(false);
    } else {
      begin();
      put(c);
      ++at_;
    }
  }

  void begin() {
    if (in_word_) return;
    in_word_ = true;
    word_ = {{}, static_cast<std::uint32_t>(at_), false, false};
  }
  void end() {
    if (in_word_) split_.words.push_back(std::move(word_));
    in_word_ = false;
  }
  void put(char c) {
    word_.text += c;
    ++bytes_;
  }

  void separator(char c) {
    end();
    split_.words.push_back({std::string(1, c), static_cast<std::uint32_t>(at_), false, true});
    while (at_ < line_.size() && line_[at_] == c) ++at_;
  }

  // "2>&1", ">> file": neither the number before nor the name behind is a word of the command.
  void redirection() {
    const bool number = in_word_ && !word_.quoted &&
                        std::all_of(word_.text.begin(), word_.text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (number)
      in_word_ = false;
    else
      end();
    while (at_ < line_.size() && (line_[at_] == '<' || line_[at_] == '>' || line_[at_] == '&')) ++at_;
    while (at_ < line_.size() && is_space(line_[at_])) ++at_;
    while (at_ < line_.size() && !is_space(line_[at_]) && line_[at_] != ';') ++at_;
  }

  void quoted(char quote) {
    begin();
    word_.quoted = word_.quoted || word_.text.empty();
    const std::size_t opened = at_++;
    while (at_ < line_.size() && line_[at_] != quote) {
      if (shell_ != nullptr && quote == '"' && line_[at_] == '$') {
        variable(true);
        continue;
      }
      // Between double quotes a backslash quotes any character in saved files, in a shell only some.
      if (quote == '"' && line_[at_] == '\\' && at_ + 1 < line_.size() &&
          (shell_ == nullptr || std::string_view("$`\"\\").find(line_[at_ + 1]) != std::string_view::npos))
        ++at_;
      put(line_[at_++]);
    }
    if (at_ >= line_.size())
      split_.open_quote = static_cast<std::uint32_t>(opened);
    else
      ++at_;
  }

  // REQUIRES: line_[at_] is '$'
  void variable(bool in_quotes) {
    begin();
    const std::size_t from = at_++;
    if (at_ < line_.size() && line_[at_] == '(') {
      int depth = 0;
      do {
        depth += line_[at_] == '(' ? 1 : line_[at_] == ')' ? -1 : 0;
        ++at_;
      } while (at_ < line_.size() && depth > 0);
    } else if (at_ < line_.size() && line_[at_] == '{') {
      while (at_ < line_.size() && line_[at_] != '}') ++at_;
      if (at_ < line_.size()) ++at_;
    } else {
      while (at_ < line_.size() && is_name(line_[at_])) ++at_;
    }
    const std::string_view written = line_.substr(from, at_ - from);
    std::string_view name = written.substr(1);
    if (name.starts_with('{')) name = name.substr(1, name.size() < 2 ? 0 : name.size() - 2);
    const auto known = shell_->find(name);
    if (known == shell_->end()) {
      for (const char c : written) put(c);
      return;
    }
    for (const char c : known->second) {
      if (in_quotes || !is_space(c)) {
        begin();
        put(c);
      } else {
        end();
      }
    }
    // An empty value between blanks is no word.
    if (!in_quotes && word_.text.empty() && !word_.quoted) in_word_ = false;
  }

  std::string_view line_;
  const ShellVariables* shell_;  // null: a saved file
  SplitLine split_;
  Word word_;
  bool in_word_ = false;
  std::size_t at_ = 0, bytes_ = 0;
};

}  // namespace

SplitLine split_saved(std::string_view line) { return Splitter(line, nullptr).split(); }
SplitLine split_shell(std::string_view line, const ShellVariables& known) { return Splitter(line, &known).split(); }

std::string quoted_word(std::string_view text) {
  // A word that looks like an option or a negation would be read as one without its quotes.
  const bool plain =
      !text.empty() && text[0] != '-' && text != "!" && std::none_of(text.begin(), text.end(), [](char c) {
        return is_space(c) || std::string_view("\"'\\#;|&<>").find(c) != std::string_view::npos;
      });
  if (plain) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\'') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace mailweir::rules
