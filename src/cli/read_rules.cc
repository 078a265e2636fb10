#include "cli/read_rules.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/escape.h"
#include "ruleset/read_ruleset.h"

namespace mailweir {
namespace {

Result<std::string> contents(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Error::from_errno(errno, fmt::format("cannot read {}", escape(path)), ErrorCode::NotFound));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void show(const Diagnostics& remarks, const std::string& text, const CommonOptions& common) {
  for (const Diagnostic& remark : remarks.list())
    if (remark.severity == Severity::Error || !common.quiet) fmt::print(stderr, "{}\n", render(remark, text));
}

}  // namespace

Result<rules::Ruleset> read_rules(const std::string& path, const CommonOptions& common) {
  Diagnostics remarks;
  if (path.empty()) {
    auto live = rules::read_live_ruleset(remarks);
    show(remarks, {}, common);
    return live;
  }
  const auto file = read_rules_file(path);
  if (!file) return fail(file.error());
  show(file->remarks, file->text, common);
  if (file->remarks.has_errors()) return fail(ErrorCode::BadInput, fmt::format("{} has mistakes", escape(file->name)));
  return file->ruleset;
}

Result<RulesFile> read_rules_file(const std::string& path) {
  RulesFile file;
  file.name = path == "-" ? "standard input" : path;
  auto text = contents(path);
  if (!text) return fail(std::move(text).error());
  file.text = *std::move(text);
  rules::ReadOptions options;
  options.name = file.name;
  auto ruleset = rules::read_ruleset(file.text, options, file.remarks);
  if (!ruleset) return fail(std::move(ruleset).error().in(escape(file.name)));
  file.ruleset = *std::move(ruleset);
  return file;
}

}  // namespace mailweir
