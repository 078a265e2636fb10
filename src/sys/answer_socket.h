// A program that runs answers questions about its state: whoever connects to its socket gets a text.
//
// The text is handed over as a file in memory (SCM_RIGHTS, memfd_create(2)): a reader that is slow, or never reads,
// makes nobody wait. Who may ask is told by the directory the socket is in.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "sys/fd.h"

namespace mailweir {

class AnswerSocket {
 public:
  // REQUIRES: nobody else listens there (sys/instance_lock.h); what is left of an earlier run is removed.
  static Result<AnswerSocket> listen(const std::string& path);

  [[nodiscard]] int fd() const { return fd_.get(); }
  // Everybody who waits, with the same text.
  void answer(const std::function<std::string()>& text);

 private:
  explicit AnswerSocket(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

// NotFound: nobody listens there.
[[nodiscard]] Result<std::string> ask(const std::string& path);

}  // namespace mailweir
