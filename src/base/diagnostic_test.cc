#include "base/diagnostic.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

Diagnostic at(int line, int column) { return {Severity::Error, "id", {"f", line, column}, "wrong", "hint"}; }

TEST(Diagnostic, ShowsTheLineAndTheCaretBelowTheColumn) {
  EXPECT_EQ(render(at(2, 3), "one\ntwo three\nfour"), "f:2:3: error: wrong\n  two three\n    ^\n  hint\n");
}

TEST(Diagnostic, CaretStandsRightBehindWhatIsEscaped) {
  EXPECT_EQ(render(at(1, 3), "\xc3\xbc\tx"), "f:1:3: error: wrong\n  \\xc3\\xbc\\x09x\n              ^\n  hint\n");
}

TEST(Diagnostic, DosLineEndIsNotShown) {
  EXPECT_EQ(render(at(1, 1), "x\r\ny"), "f:1:1: error: wrong\n  x\n  ^\n  hint\n");
}

TEST(Diagnostic, PlacesOutsideTheTextDoNoHarm) {
  EXPECT_EQ(render(at(9, 9), "x"), "f:9:9: error: wrong\n  hint\n");
  EXPECT_EQ(render(at(1, 9), "x"), "f:1:9: error: wrong\n  x\n   ^\n  hint\n");
  EXPECT_EQ(render(at(0, 0), "x"), "f: error: wrong\n  hint\n");
  EXPECT_EQ(render(at(1, 2), "\x80\x80\x80"), "f:1:2: error: wrong\n  \\x80\\x80\\x80\n              ^\n  hint\n");
}

}  // namespace
}  // namespace mailweir
