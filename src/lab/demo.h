// The whole story in a laboratory: real clients, a real gateway, real mail servers, real spam, and the ordinary
// `mailweir run` on the gateway, told apart from a user's only by its policy file.
//
// Touches nothing of the host and leaves nothing behind (sys/enclosure.h).
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace mailweir::lab {

struct DemoOptions {
  std::uint32_t clients = 300;
  std::uint32_t seconds = 32;  // of traffic; setting up and clearing away come on top
  std::uint64_t seed = 1;
  bool json = false;
  bool quiet = false;
  bool color = false;  // on the terminal of stdout
  bool live = false;   // stderr is a terminal: repaint; otherwise a line now and then
  bool live_color = false;
  std::string program = "/proc/self/exe";  // what guards the gateway
};

inline constexpr std::uint32_t kSecondsMin = 8, kSecondsMax = 50;  // a demonstration stays under a minute

// Prints the outcome and returns the exit status: 0 when every port-25 bot that made 30 connections was blocked and no
// honest client or mail server was, otherwise 1; 128 + n when signal n interrupted it.
[[nodiscard]] Result<int> run_demo(const DemoOptions& options);

}  // namespace mailweir::lab
