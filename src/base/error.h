// What went wrong, in a form a person can act on and a program can branch on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mailweir {

enum class ErrorCode {
  Usage,         // the command line is wrong
  BadInput,      // a file, a policy or a packet is not what it should be
  NotFound,      // a file, client or case that was named does not exist
  NotPermitted,  // the system says no: privileges
  Refused,       // the system says no: anything else; or we refuse, to protect the operator
  Unsupported,   // this kernel or program cannot do it
  Io,            // reading or writing failed
  Timeout,       // somebody did not answer
  Limit,         // a named limit of ours was reached
  NotRunning,    // no mailweir runs here
  Reverted,      // a change was taken back
};

// The exit status of design.md: 2 usage, 3 bad input, 4 refused or not permitted, 5 reverted, 6 not running.
[[nodiscard]] int exit_status(ErrorCode code);

class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string sentence) : code_(code), sentence_(std::move(sentence)) {}

  // "SENTENCE: strerror(number)", with NotPermitted for EPERM and EACCES, NotFound for ENOENT, otherwise `otherwise`.
  static Error from_errno(int number, std::string sentence, ErrorCode otherwise = ErrorCode::Io);

  // Adds where it happened, outermost last: error.in("reading the policy").
  Error in(std::string context) &&;

  [[nodiscard]] ErrorCode code() const { return code_; }
  [[nodiscard]] int number() const { return number_; }  // errno, 0 when none
  // "outer: inner: sentence"; text from outside was escaped by whoever put it in.
  [[nodiscard]] std::string text() const;

 private:
  ErrorCode code_;
  int number_ = 0;
  std::string sentence_;
  std::vector<std::string> contexts_;
};

}  // namespace mailweir
