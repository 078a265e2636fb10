// Text in lines of a given width, and tables whose columns line up. All text is ASCII: a byte is a column of the
// screen.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/painter.h"

namespace mailweir {

// Breaks at spaces, every line indented by `indent` and ended; a word longer than the line stays whole.
[[nodiscard]] std::string wrap(std::string_view text, int width, int indent);

class Table {
 public:
  enum class Align { Left, Right };
  struct Column {
    std::string head;
    Align align = Align::Left;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // `note` is wrapped below the row. REQUIRES: as many cells as columns.
  void add(std::vector<std::string> cells, std::string note = {}, Style first_cell = Style::Plain);

  // Each column as wide as its widest cell; when that is more than `width`, the last column wraps.
  [[nodiscard]] std::string text(int width, const Painter& paint) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    std::string note;
    Style first_cell;
  };
  [[nodiscard]] std::string line(const Row& row, const std::vector<std::size_t>& widths, std::size_t last_width,
                                 const Painter& paint) const;

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace mailweir
