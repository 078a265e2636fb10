#include "base/escape.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

TEST(Escape, LeavesNothingATerminalWouldObey) {
  EXPECT_EQ(escape("plain text-1.2"), "plain text-1.2");
  EXPECT_EQ(escape("\x1b[2J\r\n\\x"), "\\x1b[2J\\x0d\\x0a\\\\x");
  EXPECT_EQ(escape("caf\xc3\xa9"), "caf\\xc3\\xa9");
  EXPECT_EQ(escape("abcdef", 3), "abc...");
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    for (const char shown : escape({&c, 1})) EXPECT_TRUE(shown >= ' ' && shown <= '~') << byte;
  }
}

TEST(Escape, HtmlCannotOpenATag) {
  EXPECT_EQ(escape_html("<img src=\"x\" onerror='a&b'>"), "&lt;img src=&quot;x&quot; onerror=&#39;a&amp;b&#39;&gt;");
}

}  // namespace
}  // namespace mailweir
