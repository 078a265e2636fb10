// A case as it stands now: what the ledger says of it, and what the kernel says.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "record/case_record.h"

namespace mailweir {

struct CaseView {
  enum class State : std::uint8_t {
    Running,   // the kernel holds it
    Over,      // its time is up, it was lifted or replaced, or it never cut anything off
    NotThere,  // it should run, and the kernel does not hold it
    Unknown,   // it should run, and the kernel could not be asked
  };
  CaseRecord record;
  State state = State::Over;
  bool in_ledger = true;
  std::optional<std::uint64_t> packets_stopped;  // nothing: nobody counted them
};

}  // namespace mailweir
