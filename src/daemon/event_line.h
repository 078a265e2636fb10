// One thing that happened, as one line: an event name and keys, for people and for programs.
//
//   block.added time=2026-11-22T19:43:00.000000+00:00 client=172.16.0.5 case=mw-… reason="9 new mail networks in 8 min"
//
// Invariant: the text is one line of printable ASCII, whatever the values hold; in text the prefix "run." is left out.
// Names of events and keys: docs/json.md, `run`.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/time.h"

namespace mailweir {

class EventLine {
 public:
  EventLine(std::string_view event, Time time);

  // In the order of the calls. Values that hold a space, a quote or nothing are quoted in text.
  EventLine& add(std::string_view key, std::string_view value);
  EventLine& add(std::string_view key, const char* value) { return add(key, std::string_view(value)); }
  EventLine& add(std::string_view key, std::uint64_t value);
  EventLine& add(std::string_view key, double value);  // two decimals
  EventLine& add(std::string_view key, Time value) { return add(key, format_time(value)); }
  // What only programs want.
  EventLine& add_json_only(std::string_view key, nlohmann::ordered_json value);

  [[nodiscard]] std::string text() const;  // with a line end
  [[nodiscard]] std::string json() const;

 private:
  std::string text_;
  nlohmann::ordered_json json_;
};

}  // namespace mailweir
