// Remarks of one reading: with their places, and not more than anybody reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/diagnostic.h"

namespace mailweir::rules {

// 1-based, in characters, of a byte offset in a line.
[[nodiscard]] std::uint32_t column_of(std::string_view line, std::size_t offset);

class RemarkWriter {
 public:
  RemarkWriter(std::string file, std::size_t max, Diagnostics& remarks)
      : file_(std::move(file)), max_(max), remarks_(remarks) {}
  // Past `max` they are counted, and the reader is told how many.
  ~RemarkWriter();
  RemarkWriter(const RemarkWriter&) = delete;
  RemarkWriter& operator=(const RemarkWriter&) = delete;

  void add(Severity severity, std::string id, std::string_view line, std::uint32_t number, std::string text,
           std::string hint = {}, std::size_t offset = 0);

 private:
  std::string file_;
  std::size_t max_, count_ = 0;
  Diagnostics& remarks_;
};

}  // namespace mailweir::rules
