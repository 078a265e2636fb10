// The ruleset a verb is asked about: a file, standard input, or what is in the kernel.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/common.h"
#include "ruleset/model.h"

namespace mailweir {

// `path`: "-" is standard input; empty: the rules of this network namespace. Remarks about the text go to standard
// error, each with its place. BadInput: there were mistakes, or nothing that is a ruleset.
[[nodiscard]] Result<rules::Ruleset> read_rules(const std::string& path, const CommonOptions& common);

}  // namespace mailweir
