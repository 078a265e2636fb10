// What a running guard knows, as the JSON that `mailweir clients` shows and `status` reads (docs/json.md, `clients`).
//
// Over a socket in the runtime directory; who may look there may ask. At most kClientsShown clients, those with the
// highest score first; how many there are is told.
#pragma once

#include <string>

#include "base/time.h"
#include "detect/detector.h"

namespace mailweir {

inline constexpr std::size_t kClientsShown = 1'000;

[[nodiscard]] std::string live_socket(const std::string& runtime_dir);
[[nodiscard]] std::string live_state(const Detector& detector, bool bytes_counted, Time now);

}  // namespace mailweir
