#include "base/escape.h"

#include <fmt/format.h>

namespace mailweir {

std::string escape(std::string_view untrusted, std::size_t bytes_max) {
  std::string text;
  text.reserve(untrusted.size());
  for (const char c : untrusted.substr(0, bytes_max)) {
    if (c == '\\') {
      text += "\\\\";
    } else if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (untrusted.size() > bytes_max) text += "...";
  return text;
}

std::string escape_html(std::string_view untrusted, std::size_t bytes_max) {
  std::string html;
  for (const char c : escape(untrusted, bytes_max)) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

}  // namespace mailweir
