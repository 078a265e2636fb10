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
  const auto text = contents(path);
  if (!text) return fail(text.error());
  rules::ReadOptions options;
  options.name = path == "-" ? "standard input" : path;
  auto ruleset = rules::read_ruleset(*text, options, remarks);
  show(remarks, *text, common);
  if (!ruleset) return ruleset;
  if (remarks.has_errors()) return fail(ErrorCode::BadInput, fmt::format("{} has mistakes", escape(options.name)));
  return ruleset;
}

}  // namespace mailweir
