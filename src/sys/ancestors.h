// The processes that started this one, as far as we may look: sudo hides variables from us, not from our ancestors.
#pragma once

#include <functional>
#include <string_view>

namespace mailweir {

// Shows the environment of each ancestor, nearest first, as "NAME=value" entries with a NUL behind each, until `visit`
// answers false. One we may not read is empty. Source: proc(5).
void visit_ancestor_environments(const std::function<bool(std::string_view environment)>& visit);

}  // namespace mailweir
