// The decision rule of docs/detection.md, section 3.4, as a pure function of a record and the settings.
#pragma once

#include "detect/client_record.h"
#include "detect/settings.h"

namespace mailweir {

struct ClientStanding {
  enum class Kind : std::uint8_t {
    Spammer,
    FirstPacketsSpammer,  // on first packets alone: a recording without anything else
    Candidate,            // like a spammer, but servers treat it like a mail server
    Suspicious,           // L is high enough, the guard is not satisfied
    Ordinary,             // like a mail user
    Open,                 // too little evidence either way
  };
  Kind kind = Kind::Open;
  // The guard, piece by piece.
  bool enough_groups = false;
  unsigned kinds = 0;  // of evidence with at least 1 nat: novelty, outcomes, questions for mail servers, sizes
  bool enough_kinds = false;
  bool return_path = false;  // the client did receive answers: nobody else used its address
};

// How many kinds of evidence a verdict takes: two, and one more where short ends cannot be told from deliveries.
[[nodiscard]] unsigned kinds_needed(const DetectSettings& settings);

// The slow test (section 3.6): ever new mail networks for days, some of which answered. Never more than a doubt.
[[nodiscard]] bool spams_slowly(const ClientRecord& client);

// The rule does not know about registered mail servers: it says what the client behaves like.
[[nodiscard]] ClientStanding standing(const ClientRecord& client, const DetectSettings& settings);

}  // namespace mailweir
