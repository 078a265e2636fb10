#include "daemon/event_line.h"

#include <fmt/format.h>

#include <cmath>

#include "base/escape.h"

namespace mailweir {
namespace {

constexpr std::size_t kValueBytesMax = 1024;

std::string quoted(std::string_view value) {
  const std::string safe = escape(value, kValueBytesMax);
  if (!safe.empty() && safe.find_first_of(" \"=") == std::string::npos) return safe;
  std::string text = "\"";
  for (const char c : safe) {
    if (c == '"') text += '\\';
    text += c;
  }
  return text + '"';
}

std::string_view without_own_name(std::string_view event) {
  constexpr std::string_view kOwn = "run.";
  if (event.starts_with(kOwn)) event.remove_prefix(kOwn.size());
  return event;
}

}  // namespace

EventLine::EventLine(std::string_view event, Time time) : text_(without_own_name(event)) {
  json_["schema"] = "mailweir.run/1";
  json_["event"] = event;
  add("time", time);
}

EventLine& EventLine::add(std::string_view key, std::string_view value) {
  text_ += fmt::format(" {}={}", key, quoted(value));
  json_[std::string(key)] = value;
  return *this;
}

EventLine& EventLine::add(std::string_view key, std::uint64_t value) {
  text_ += fmt::format(" {}={}", key, value);
  json_[std::string(key)] = value;
  return *this;
}

EventLine& EventLine::add(std::string_view key, double value) {
  text_ += fmt::format(" {}={:.2f}", key, value);
  json_[std::string(key)] = std::round(value * 100) / 100;
  return *this;
}

EventLine& EventLine::add_json_only(std::string_view key, nlohmann::ordered_json value) {
  json_[std::string(key)] = std::move(value);
  return *this;
}

std::string EventLine::text() const { return text_ + '\n'; }

std::string EventLine::json() const {
  return json_.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace mailweir
