// One change of our table, remembered: who, when, from which policy, to what, and how it ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace mailweir {

enum class GenerationState : std::uint8_t {
  Prepared,   // written down, and perhaps loaded: its maker has not said
  Pending,    // in force, goes by itself unless it is confirmed until `deadline`
  Confirmed,  // in force, or was until a later one
  Reverted,   // was in force and was taken back
  Failed,     // never came into force
};
[[nodiscard]] std::string_view name_of(GenerationState state);  // "prepared", "pending", …

struct Generation {
  int number = 0;  // from 1
  GenerationState state = GenerationState::Prepared;
  Time time;
  std::string author;
  std::optional<Time> deadline;
  std::string remark;                   // why it was reverted or failed, or what it was made for
  int returns_to = 0;                   // a rollback: the generation whose table this is; 0: none
  std::string policy_file, policy;      // the policy's text
  std::string table;                    // statements that make the table out of nothing; empty: it was removed
  std::string listing;                  // what the kernel prints of it, without contents that come and go
  std::string digest;                   // table_digest() of it
  std::vector<std::string> difference;  // to the one before, for people

  [[nodiscard]] bool is_removal() const { return table.empty(); }
  [[nodiscard]] bool is_open() const { return state == GenerationState::Prepared || state == GenerationState::Pending; }
};

// JSON, one object; docs/formats/generation.md. BadInput: not one of ours.
[[nodiscard]] std::string print_generation(const Generation& generation);
[[nodiscard]] Result<Generation> parse_generation(const std::string& text);

}  // namespace mailweir
