// What a person sees while the laboratory runs: one screen, repainted in place on a terminal, or a line now and then.
#pragma once

#include <string>

#include "base/time.h"
#include "lab/figures.h"
#include "report/painter.h"

namespace mailweir::lab {

struct Progress {
  Duration elapsed{}, length{};
  std::uint64_t seed = 0;
  std::uint32_t open_connections = 0;
};

// Lines no longer than `width`, each ended. Shown: how far, mail, every abuser and server with its state, losses.
[[nodiscard]] std::string live_screen(const Figures& figures, const Progress& progress, int width,
                                      const Painter& paint);
// The same in one line without its end.
[[nodiscard]] std::string live_line(const Figures& figures, const Progress& progress);

// Writes the screen on standard error over the one before.
class Screen {
 public:
  enum class Manner { Silent, Lines, Repaint };
  Screen(Manner manner, bool colors) : manner_(manner), paint_(colors) {}

  void show(const Figures& figures, const Progress& progress);
  // Wipes the repainted screen, so that the outcome takes its place.
  void clear();

 private:
  Manner manner_;
  Painter paint_;
  std::size_t lines_shown_ = 0;
  Duration next_line_{};
};

}  // namespace mailweir::lab
