// The ruleset a verb is asked about: a file, standard input, or what is in the kernel.
#pragma once

#include <string>

#include "base/diagnostic.h"
#include "base/result.h"
#include "cli/common.h"
#include "ruleset/model.h"

namespace mailweir {

// `path`: "-" is standard input; empty: the rules of this network namespace. Remarks about the text go to standard
// error, each with its place. BadInput: there were mistakes, or nothing that is a ruleset.
[[nodiscard]] Result<rules::Ruleset> read_rules(const std::string& path, const CommonOptions& common);

// The same with what lint wants besides: the text, and mistakes as remarks instead of an end. `path` is not empty.
struct RulesFile {
  std::string name;  // "standard input" for "-"
  std::string text;
  rules::Ruleset ruleset;
  Diagnostics remarks;
};
// BadInput: nothing in it is a ruleset; NotFound and the like: it cannot be read.
[[nodiscard]] Result<RulesFile> read_rules_file(const std::string& path);

}  // namespace mailweir
