// Names of cases: "mw-20261122-194300-0042". The date and time of the decision in UTC, then its ten-thousandth of a
// second; never the same twice, because it never goes back and a second decision in the same 0.1 ms takes the next.
// So it needs no counter on disk, and is unique across restarts unless the clock is set back. A case that a person
// asked for ends in "h": two processes may decide in the same moment.
#pragma once

#include <string>

#include "base/time.h"

namespace mailweir {

// 23 bytes: fits the comment of a set element (NFTNL_UDATA_COMMENT_MAXLEN, 128 bytes).
[[nodiscard]] std::string case_id(Time time);

class CaseIds {
 public:
  enum class Asked : bool { ByDetector, ByHand };
  explicit CaseIds(Asked asked = Asked::ByDetector) : asked_(asked) {}
  [[nodiscard]] std::string next(Time now);

 private:
  Asked asked_;
  Time last_;
};

}  // namespace mailweir
