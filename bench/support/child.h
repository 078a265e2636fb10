// Another program that runs beside a measurement, until it is told to end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sys/fd.h"

namespace mailweir::bench {

class Child {
 public:
  // On that core only (-1: any). REQUIRES: `program[0]` is in PATH; a program that cannot be started ends at once.
  explicit Child(const std::vector<std::string>& program, int core = -1);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // To its standard input.
  void write_line(std::string line);
  // The next line of its standard output, without the line end; false at its end.
  bool read_line(std::string& line);

  struct End {
    int status = 0;
    std::int64_t cpu_ns = 0;  // user and system
    std::string err;          // its standard error
  };
  End stop(int signal);

 private:
  pid_t pid_ = -1;
  Fd in_, out_, err_;
  std::string buffered_;
};

[[nodiscard]] bool is_installed(const std::string& program);

}  // namespace mailweir::bench
