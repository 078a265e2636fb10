// A file that is nowhere but in memory, for handing a text to another program as a whole.
//
// A program that reads its input from a pipe cannot tell "all" from "what was written before the writer was killed";
// this file is complete before the program starts, and its path leads nowhere once we are gone.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sys/fd.h"

namespace mailweir {

class MemoryFile {
 public:
  static Result<MemoryFile> of(std::string_view text);
  [[nodiscard]] std::string path() const;  // for programs we start; valid while this lives

 private:
  explicit MemoryFile(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace mailweir
