#include "compile/rule_comment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace mailweir {
namespace {

// nft takes 128 bytes; a file's name of 255 would not fit.
constexpr std::size_t kFileNameMax = 64;

}  // namespace

std::string comment_of(const Rule& rule) {
  if (rule.line == 0) return rule.id;
  std::string name = rule.file.substr(rule.file.find_last_of('/') + 1).substr(0, kFileNameMax);
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_'; };
  std::replace_if(
      name.begin(), name.end(), [&](char c) { return !is_plain(static_cast<unsigned char>(c)); }, '?');
  return fmt::format("{} {}:{}", rule.id, name, rule.line);
}

}  // namespace mailweir
