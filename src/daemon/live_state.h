// What a running guard knows, as the JSON that `mailweir clients` shows and `status` reads (docs/json.md, `clients`).
//
// Over a socket in the runtime directory; who may look there may ask. At most kClientsShown clients, those with the
// highest score first; how many there are is told.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "detect/detector.h"

namespace mailweir {

inline constexpr std::size_t kClientsShown = 1'000;

[[nodiscard]] std::string live_socket(const std::string& runtime_dir);
struct LiveFacts {
  bool bytes_counted = false;
  bool learns = true;                // hazards are learned; false: the policy froze them
  std::optional<Time> model_kept{};  // what was learned was last written down then
};

[[nodiscard]] std::string live_state(const Detector& detector, const LiveFacts& facts, Time now);

}  // namespace mailweir
