#include "lab/screen.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "report/words.h"

namespace mailweir::lab {
namespace {

constexpr Duration kLineEvery = std::chrono::seconds(5);

std::string bar(const Progress& progress, int cells) {
  const double share = std::clamp(seconds(progress.elapsed) / seconds(progress.length), 0.0, 1.0);
  const int full = static_cast<int>(share * cells);
  return fmt::format("[{:#<{}}{:.<{}}]", "", full, "", cells - full);
}

struct State {
  Style style;
  std::string text;
};

State state_of(const Story& story) {
  if (is_server(story.trade)) {
    return story.blocked_after ? State{Style::Bad, "BLOCKED"} : State{Style::Good, "untouched"};
  }
  if (story.blocked_after) {
    const std::string speed =
        story.packet_to_block_us ? fmt::format(", {:.2f} ms", *story.packet_to_block_us / 1e3) : "";
    return {Style::Good, fmt::format("blocked after {}{}", count_of(*story.blocked_after, "connection"), speed)};
  }
  return story.opened == 0 ? State{Style::Faint, "asleep"} : State{Style::Doubtful, "sending"};
}

// Colours are put around text that was cut already: they take no room.
std::string clipped(std::string_view text, int width) {
  return std::string(text.substr(0, static_cast<std::size_t>(std::max(width - 1, 1))));
}

std::string story_line(const Story& story, int width, const Painter& paint) {
  const std::string head = fmt::format("  {:<24} {:<16} {:>7} {:>7}   ", name_of(story.trade), story.address.text(),
                                       count_text(story.opened), count_text(story.accepted));
  const State state = state_of(story);
  const std::string line = clipped(head + state.text, width);
  if (line.size() <= head.size()) return line + "\n";
  return head + paint(state.style, std::string_view(line).substr(head.size())) + "\n";
}

struct Size {
  int rows = 24, columns = 80;
};
Size terminal_size() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col};
}

}  // namespace

std::string live_screen(const Figures& figures, const Progress& progress, int width, const Painter& paint) {
  const std::array<std::string, 5> summary{
      fmt::format("mailweir demo  {} {:.0f} s of {:.0f} s", bar(progress, 20), seconds(progress.elapsed),
                  seconds(progress.length)),
      fmt::format("  {} behind a gateway, guarded by mailweir run; seed {}", count_of(figures.clients, "client"),
                  progress.seed),
      fmt::format("  mail delivered   honest {}   spam {}   stolen accounts {}", count_text(figures.mail_honest),
                  count_text(figures.spam_before_block + figures.spam_after_block), count_text(figures.mail_thieves)),
      fmt::format("  connections      {} in all, {} open   events lost {}", count_text(figures.connections),
                  count_text(progress.open_connections), count_text(figures.lost_events)),
      fmt::format("  blocked          {} of {} bots   honest clients {}   mail servers {}", figures.bots_all_blocked,
                  figures.bots_all, figures.honest_blocked, figures.servers_blocked)};
  std::string out = paint(Style::Strong, clipped(summary[0], width)) + "\n";
  for (std::size_t i = 1; i < summary.size(); ++i) out += clipped(summary[i], width) + "\n";
  const std::string heads =
      fmt::format("  {:<24} {:<16} {:>7} {:>7}   {}", "who", "address", "opened", "mail", "state");
  out += "\n" + paint(Style::Faint, clipped(heads, width)) + "\n";
  for (const Story& story : figures.stories) out += story_line(story, width, paint);
  return out;
}

std::string live_line(const Figures& figures, const Progress& progress) {
  return fmt::format(
      "{:.0f} s of {:.0f} s: {} connections, {} honest and {} spam messages delivered, {} of {} bots blocked",
      seconds(progress.elapsed), seconds(progress.length), count_text(figures.connections),
      count_text(figures.mail_honest), count_text(figures.spam_before_block + figures.spam_after_block),
      figures.bots_all_blocked, figures.bots_all);
}

void Screen::show(const Figures& figures, const Progress& progress) {
  if (manner_ == Manner::Silent) return;
  const Size size = terminal_size();
  const std::string screen = live_screen(figures, progress, size.columns, paint_);
  const auto lines = static_cast<std::size_t>(std::ranges::count(screen, '\n'));
  if (manner_ == Manner::Lines || lines >= static_cast<std::size_t>(size.rows)) {
    if (progress.elapsed < next_line_) return;
    next_line_ = progress.elapsed + kLineEvery;
    fmt::print(stderr, "{}\n", live_line(figures, progress));
    return;
  }
  clear();
  std::fputs(screen.c_str(), stderr);
  std::fflush(stderr);
  lines_shown_ = lines;
}

void Screen::clear() {
  // ECMA-48: up (CUU) as many lines as were shown, then erase to the end of the screen (ED).
  if (lines_shown_ > 0) fmt::print(stderr, "\x1b[{}A\x1b[J", lines_shown_);
  lines_shown_ = 0;
}

}  // namespace mailweir::lab
