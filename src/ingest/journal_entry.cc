#include "ingest/journal_entry.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace mailweir {
namespace {

const std::string* text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : found->get_ptr<const nlohmann::json::string_t*>();
}

// Text, or an array of bytes when it is not valid UTF-8.
bool read_message(const nlohmann::json& object, std::string& message) {
  const auto found = object.find("MESSAGE");
  if (found == object.end()) return false;
  message.clear();
  if (const auto* text = found->get_ptr<const nlohmann::json::string_t*>()) {
    message = *text;
    return true;
  }
  if (!found->is_array()) return false;
  for (const auto& byte : *found) {
    if (!byte.is_number_unsigned() || byte.get<std::uint64_t>() > 255) return false;
    message.push_back(static_cast<char>(byte.get<std::uint64_t>()));
  }
  return true;
}

}  // namespace

std::optional<JournalEntry> read_journal_entry(std::string_view line, std::string& scratch) {
  const auto object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || !read_message(object, scratch)) return std::nullopt;
  const std::string* time = text_of(object, "__REALTIME_TIMESTAMP");
  std::int64_t us = 0;
  if (time == nullptr) return std::nullopt;
  const auto [end, error] = std::from_chars(time->data(), time->data() + time->size(), us);
  if (error != std::errc() || end != time->data() + time->size() || us < 0) return std::nullopt;
  const std::string* transport = text_of(object, "_TRANSPORT");
  return JournalEntry{{us, LogTime::Base::Epoch}, transport != nullptr && *transport == "kernel", scratch};
}

}  // namespace mailweir
