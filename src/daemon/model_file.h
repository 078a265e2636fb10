// What a guard learned of its site, in a file of the state directory: read at the start, written now and then and at
// the end. Replaced as a whole, so that whoever is killed leaves the one before.
//
// Format: docs/formats/model.md. In:  any bytes.   Out: values a detector can have said (is_possible), or what is
// wrong.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "detect/learned_model.h"

namespace mailweir {

[[nodiscard]] std::string model_file(const std::string& state_dir);
// Where one that cannot be read is put, for a person to look at.
[[nodiscard]] std::string broken_model_file(const std::string& state_dir);

[[nodiscard]] std::string print_model(const LearnedModel& model);
// With the line before it that says what it is, and its sum.
[[nodiscard]] std::string seal_model(std::string_view body);
// BadInput: damaged, or nobody's model. Unsupported: of a newer version.
[[nodiscard]] Result<LearnedModel> parse_model(std::string_view text);

}  // namespace mailweir
