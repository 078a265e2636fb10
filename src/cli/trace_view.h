// What became of a packet, as `mailweir trace` shows it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/screen.h"
#include "simulate/worlds.h"

namespace mailweir {

// It is delivered, sent or forwarded in every world.
[[nodiscard]] bool passes(const rules::Worlds& all);
// "delivered"; "dropped by INPUT line 7, or delivered" where worlds differ.
[[nodiscard]] std::string verdict_of(const rules::Worlds& all);
// `brief`: only the rules that matched.
void print_trace(const rules::Worlds& all, rules::Entry entry, bool brief, const Screen& screen);
// packets[], assumptions[] and complete of docs/json.md.
void add_trace(nlohmann::ordered_json& answer, const rules::Worlds& all);
void print_trace_json(const rules::Worlds& all);

}  // namespace mailweir
