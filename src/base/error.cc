#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace mailweir {

int exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::Usage:
      return 2;
    case ErrorCode::BadInput:
    case ErrorCode::NotFound:
    case ErrorCode::Io:
    case ErrorCode::Limit:
      return 3;
    case ErrorCode::NotPermitted:
    case ErrorCode::Refused:
    case ErrorCode::Unsupported:
    case ErrorCode::Timeout:
      return 4;
    case ErrorCode::Reverted:
      return 5;
    case ErrorCode::NotRunning:
      return 6;
  }
  return 4;
}

Error Error::from_errno(int number, std::string sentence, ErrorCode otherwise) {
  const ErrorCode code = number == EPERM || number == EACCES ? ErrorCode::NotPermitted
                         : number == ENOENT                  ? ErrorCode::NotFound
                                                             : otherwise;
  Error error(code, sentence + ": " + std::strerror(number));
  error.number_ = number;
  return error;
}

Error Error::in(std::string context) && {
  contexts_.push_back(std::move(context));
  return std::move(*this);
}

std::string Error::text() const {
  std::string text;
  for (auto context = contexts_.rbegin(); context != contexts_.rend(); ++context) text += *context + ": ";
  return text + sentence_;
}

}  // namespace mailweir
