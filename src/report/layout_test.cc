#include "report/layout.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

TEST(Wrap, BreaksAtSpacesAndIndents) {
  EXPECT_EQ(wrap("one two three", 80, 2), "  one two three\n");
  EXPECT_EQ(wrap("one two three", 9, 2), "  one two\n  three\n");
  EXPECT_EQ(wrap("one two three", 8, 2), "  one\n  two\n  three\n");
  EXPECT_EQ(wrap("", 8, 2), "  \n");
}

TEST(Wrap, KeepsALongWordWhole) { EXPECT_EQ(wrap("a 2001:db8:1:2:3:4:5:6 b", 6, 0), "a\n2001:db8:1:2:3:4:5:6\nb\n"); }

TEST(Wrap, KeepsAnAmountAndItsUnitTogether) {
  EXPECT_EQ(wrap("until noon (1 d), case", 14, 0), "until noon\n(1 d), case\n");
  EXPECT_EQ(wrap("stopped 10,000 packets", 15, 0), "stopped\n10,000 packets\n");
  EXPECT_EQ(wrap("ends with 12", 10, 0), "ends with\n12\n");
}

TEST(Table, ColumnsLineUp) {
  Table table({{"CLIENT"}, {"N", Table::Align::Right}, {"WHY"}});
  table.add({"10.0.0.1", "5", "x"});
  table.add({"fd16::/64", "1,234", "y"});
  EXPECT_EQ(table.text(80, Painter(false)),
            "  CLIENT         N  WHY\n"
            "  10.0.0.1       5  x\n"
            "  fd16::/64  1,234  y\n");
}

TEST(Table, LastColumnWrapsWithinTheWidth) {
  Table table({{"CLIENT"}, {"WHY"}});
  table.add({"10.0.0.1", "many new mail networks in no time"});
  const std::string text = table.text(30, Painter(false));
  EXPECT_EQ(text,
            "  CLIENT    WHY\n"
            "  10.0.0.1  many new mail\n"
            "            networks in no\n"
            "            time\n");
}

TEST(Table, NoteStandsBelowItsRow) {
  Table table({{"CLIENT"}, {"N", Table::Align::Right}});
  table.add({"10.0.0.1", "5"}, "because it is so");
  EXPECT_EQ(table.text(80, Painter(false)), "  CLIENT    N\n  10.0.0.1  5\n      because it is so\n");
}

TEST(Table, ColoursDoNotMoveAnything) {
  Table table({{"CLIENT"}, {"N"}});
  table.add({"10.0.0.1", "5"}, {}, Style::Bad);
  table.add({"fd16::/64", "6"});
  std::string painted = table.text(80, Painter(true));
  EXPECT_NE(painted.find("\x1b[1;31m10.0.0.1\x1b[0m   5"), std::string::npos) << painted;
  while (painted.find('\x1b') != std::string::npos) {
    const auto begin = painted.find('\x1b');
    painted.erase(begin, painted.find('m', begin) - begin + 1);
  }
  EXPECT_EQ(painted, table.text(80, Painter(false)));
}

}  // namespace
}  // namespace mailweir
