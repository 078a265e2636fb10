#include "report/layout.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/must.h"

namespace mailweir {
namespace {

constexpr int kIndent = 2;
constexpr std::size_t kGap = 2;
// A last column narrower than this is harder to read than a line that is too long.
constexpr std::size_t kLastColumnMin = 16;

// "10,000", "(1": what it counts stands on the same line. Larger numbers without commas are names: "RFC 2181".
bool is_amount(std::string_view word) {
  if (word.starts_with('(')) word.remove_prefix(1);
  if (word.empty() || word.back() < '0' || word.back() > '9') return false;
  return word.find_first_not_of("0123456789,.") == std::string_view::npos &&
         (word.size() <= 3 || word.find_first_of(",.") != std::string_view::npos);
}

std::vector<std::string> lines_of(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const auto begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) break;
    auto end = std::min(text.find(' ', begin), text.size());
    if (end + 1 < text.size() && text[end + 1] != ' ' && is_amount(text.substr(begin, end - begin)))
      end = std::min(text.find(' ', end + 1), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    text.remove_prefix(end);
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  return lines;
}

}  // namespace

std::string wrap(std::string_view text, int width, int indent) {
  std::string wrapped;
  for (const std::string& line : lines_of(text, static_cast<std::size_t>(std::max(width - indent, 1))))
    wrapped += fmt::format("{:{}}{}\n", "", indent, line);
  return wrapped;
}

void Table::add(std::vector<std::string> cells, std::string note, Style first_cell) {
  MUST(cells.size() == columns_.size());
  rows_.push_back({std::move(cells), std::move(note), first_cell});
}

std::string Table::line(const Row& row, const std::vector<std::size_t>& widths, std::size_t last_width,
                        const Painter& paint) const {
  std::string head(kIndent, ' ');
  for (std::size_t i = 0; i + 1 < row.cells.size(); ++i) {
    const std::string& cell = row.cells[i];
    const std::string space(widths[i] - cell.size(), ' ');
    const std::string painted = paint(i == 0 ? row.first_cell : Style::Plain, cell);
    head += columns_[i].align == Align::Right ? space + painted : painted + space;
    head.append(kGap, ' ');
  }
  std::size_t offset = kIndent;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) offset += widths[i] + kGap;

  std::string text;
  for (const std::string& part : lines_of(row.cells.back(), last_width)) {
    const Style style = row.cells.size() == 1 ? row.first_cell : Style::Plain;
    const bool right = columns_.back().align == Align::Right && part.size() < widths.back();
    text += text.empty() ? head : std::string(offset, ' ');
    text += std::string(right ? widths.back() - part.size() : 0, ' ') + paint(style, part);
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::string Table::text(int width, const Painter& paint) const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(column.head.size());
  for (const Row& row : rows_)
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row.cells[i].size());

  std::size_t before_last = kIndent;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + kGap;
  const std::size_t all = static_cast<std::size_t>(std::max(width, 1));
  const std::size_t left = all > before_last ? all - before_last : 0;
  widths.back() = std::min(widths.back(), std::max(left, kLastColumnMin));

  Row heads{{}, {}, Style::Plain};
  for (const Column& column : columns_) heads.cells.push_back(column.head);
  std::string text = line(heads, widths, widths.back(), Painter(false));
  text.pop_back();
  text = paint(Style::Faint, text) + "\n";
  for (const Row& row : rows_) {
    text += line(row, widths, widths.back(), paint);
    if (!row.note.empty()) text += wrap(row.note, width, 3 * kIndent);
  }
  return text;
}

}  // namespace mailweir
