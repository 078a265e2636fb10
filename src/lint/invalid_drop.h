// Where a rule that drops INVALID packets belongs: several checks propose it.
#pragma once

#include "lint/subject.h"

namespace mailweir::rules {

// Makes `finding` propose it for the base chain: before the first rule that takes such packets without being about lo.
void propose_invalid_drop(LintSubject& subject, const RulePlace& chain, Finding& finding);

}  // namespace mailweir::rules
