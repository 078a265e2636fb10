#include "cli/explain_text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mailweir {
namespace {

TEST(MarkedLine, CaretsStandBelowTheWordsThatDecided) {
  EXPECT_EQ(marked_line("SRC=192.0.2.1 DST=x WINDOW=0 RST", {"DST=x", "RST"}, 80),
            "  SRC=192.0.2.1 DST=x WINDOW=0 RST\n"
            "                ^^^^^          ^^^\n");
}

TEST(MarkedLine, ALongLineIsCutAndStretchesWithoutCaretsAreLeftOut) {
  const std::string line = "DST=x " + std::string(200, 'a') + " RST";
  const std::string marked = marked_line(line, {"DST=x", "RST"}, 60);
  EXPECT_EQ(std::count(marked.begin(), marked.end(), '\n'), 4);
  EXPECT_NE(marked.find("^^^^^\n"), std::string::npos);
}

TEST(MarkedLine, WordsThatAreNotThereMarkNothing) {
  EXPECT_EQ(marked_line("SRC=192.0.2.1", {"DST=x", ""}, 80), "");
  EXPECT_EQ(marked_line("", {"x"}, 0), "");
}

}  // namespace
}  // namespace mailweir
