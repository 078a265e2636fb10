#include "base/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "base/escape.h"

namespace mailweir {
namespace {

// How many bytes the first `characters` of a UTF-8 line take; broken UTF-8 counts a character wherever one could begin.
std::size_t bytes_of(std::string_view line, int characters) {
  std::size_t bytes = 0;
  for (; bytes < line.size(); ++bytes) {
    const bool begins = (static_cast<unsigned char>(line[bytes]) & 0xc0) != 0x80;
    if (begins && characters-- <= 0) break;
  }
  return bytes;
}

std::string_view line_of(std::string_view source, int number) {
  for (; number > 1; --number) {
    const auto end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  source = source.substr(0, source.find('\n'));
  if (source.ends_with('\r')) source.remove_suffix(1);
  return source;
}

}  // namespace

bool Diagnostics::has_errors() const {
  return std::any_of(list_.begin(), list_.end(), [](const Diagnostic& d) { return d.severity == Severity::Error; });
}

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::Error:
      return "error";
    case Severity::Warning:
      return "warning";
    case Severity::Info:
      return "info";
  }
  return "";
}

std::string render(const Diagnostic& diagnostic, std::string_view source) {
  const SourceSpan& span = diagnostic.span;
  std::string text = span.file;
  if (span.line > 0) text += fmt::format(":{}:{}", span.line, span.column);
  text += fmt::format(": {}: {}\n", name_of(diagnostic.severity), diagnostic.text);
  const std::string_view line = span.line > 0 ? line_of(source, span.line) : std::string_view{};
  if (!line.empty()) {
    // What stands before the caret is escaped by itself, so that the caret stands below the right character.
    const std::size_t before = bytes_of(line, span.column - 1);
    const std::string head = escape(line.substr(0, before), 200);
    text += fmt::format("  {}{}\n  {:>{}}\n", head, escape(line.substr(before), 200), "^", head.size() + 1);
  }
  if (!diagnostic.hint.empty()) text += fmt::format("  {}\n", diagnostic.hint);
  return text;
}

}  // namespace mailweir
