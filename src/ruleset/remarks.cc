#include "ruleset/remarks.h"

#include <fmt/format.h>

#include <algorithm>

namespace mailweir::rules {

std::uint32_t column_of(std::string_view line, std::size_t offset) {
  const std::string_view before = line.substr(0, std::min(offset, line.size()));
  return 1 + static_cast<std::uint32_t>(std::count_if(
                 before.begin(), before.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

RemarkWriter::~RemarkWriter() {
  if (count_ > max_)
    remarks_.add({Severity::Warning,
                  "ruleset.more-remarks",
                  {file_, 0, 0},
                  fmt::format("{} more remarks are not shown (remarks_max)", count_ - max_),
                  {}});
}

void RemarkWriter::add(Severity severity, std::string id, std::string_view line, std::uint32_t number, std::string text,
                       std::string hint, std::size_t offset) {
  if (++count_ > max_) return;
  remarks_.add({severity,
                std::move(id),
                {file_, static_cast<int>(number), static_cast<int>(column_of(line, offset))},
                std::move(text),
                std::move(hint)});
}

}  // namespace mailweir::rules
