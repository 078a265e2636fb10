// Result<T>: a value, or the Error that prevented it.
//
//   auto policy = read_policy(path);
//   if (!policy) return fail(std::move(policy).error().in("starting"));
#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "base/error.h"

namespace mailweir {

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }
inline tl::unexpected<Error> fail(ErrorCode code, std::string sentence) {
  return fail(Error(code, std::move(sentence)));
}

}  // namespace mailweir
