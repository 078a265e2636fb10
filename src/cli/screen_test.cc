#include "cli/screen.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

TEST(WantsColours, OnlyOnATerminalThatCan) {
  EXPECT_TRUE(wants_colours({.term = "xterm", .terminal = true}));
  EXPECT_FALSE(wants_colours({.term = "xterm", .terminal = false}));
  EXPECT_FALSE(wants_colours({.term = "dumb", .terminal = true}));
  EXPECT_FALSE(wants_colours({.term = nullptr, .terminal = true}));
}

TEST(WantsColours, NoColorForbidsAndForceAsks) {
  EXPECT_FALSE(wants_colours({.no_color = "1", .term = "xterm", .terminal = true}));
  EXPECT_TRUE(wants_colours({.no_color = "", .term = "xterm", .terminal = true}));
  EXPECT_TRUE(wants_colours({.clicolor_force = "1", .terminal = false}));
  EXPECT_FALSE(wants_colours({.clicolor_force = "0", .terminal = false}));
  EXPECT_FALSE(wants_colours({.no_color = "1", .clicolor_force = "1"}));
}

TEST(WantsColours, TheOptionDecides) {
  EXPECT_TRUE(wants_colours({.option = "always", .no_color = "1", .term = "dumb"}));
  EXPECT_FALSE(wants_colours({.option = "never", .clicolor_force = "1", .term = "xterm", .terminal = true}));
}

}  // namespace
}  // namespace mailweir
