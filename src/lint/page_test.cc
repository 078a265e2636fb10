#include "lint/page.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace mailweir::rules {
namespace {

TEST(LintPage, InTheDocumentationIsWhatTheProgramSays) {
  std::ifstream file(MAILWEIR_LINT_PAGE);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str() == lint_page()) << "renew it: mailweir lint --list > docs/lint.md";
}

}  // namespace
}  // namespace mailweir::rules
