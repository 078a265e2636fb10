#include "apply/listed_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <regex>
#include <tuple>

#include "base/keyed_hash.h"
#include "base/trim.h"
#include "record/compiled_table.h"

namespace mailweir {
namespace {

// "counter packets 5 bytes 300" -> "counter", outside of quotes.
std::string without_counts(std::string_view line) {
  constexpr std::string_view kHead = "counter packets ";
  std::string text;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == '"') quoted = !quoted;
    if (!quoted && line.substr(i).starts_with(kHead)) {
      text += "counter";
      i += kHead.size();
      while (i < line.size() && std::isdigit(static_cast<unsigned char>(line[i]))) ++i;
      constexpr std::string_view kBytes = " bytes ";
      if (line.substr(i).starts_with(kBytes)) i += kBytes.size();
      while (i < line.size() && std::isdigit(static_cast<unsigned char>(line[i]))) ++i;
    } else {
      text += line[i++];
    }
  }
  return text;
}

// At commas outside of quotes and braces.
std::vector<std::string> split_elements(std::string_view list) {
  std::vector<std::string> elements;
  std::string now;
  bool quoted = false;
  int depth = 0;
  const auto take = [&] {
    if (const auto element = trimmed(now); !element.empty()) elements.push_back(without_counts(element));
    now.clear();
  };
  for (const char c : list) {
    if (c == '"') quoted = !quoted;
    if (!quoted && c == '{') ++depth;
    if (!quoted && c == '}') --depth;
    if (c == ',' && !quoted && depth == 0) {
      take();
    } else {
      now += c;
    }
  }
  take();
  return elements;
}

bool closes(std::string_view text) {
  bool quoted = false;
  int depth = 0;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && c == '{') ++depth;
    if (!quoted && c == '}') --depth;
  }
  return depth == 0;
}

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  // The next line that is not empty.
  bool next(std::string_view& line) {
    while (!rest_.empty()) {
      const auto end = std::min(rest_.find('\n'), rest_.size());
      line = trimmed(rest_.substr(0, end));
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      if (!line.empty()) return true;
    }
    return false;
  }

 private:
  std::string_view rest_;
};

constexpr std::string_view kElements = "elements = {";

// The list may go on over many lines.
bool read_elements_of(Lines& lines, std::string_view first, TableObject& object) {
  std::string all(first);
  bool complete = closes(first);
  for (std::string_view line; !complete && lines.next(line);) {
    all += ' ';
    all += line;
    complete = line.find('}') != std::string_view::npos && closes(all);
  }
  if (!complete) return false;
  const std::string_view list(all);
  object.elements = split_elements(list.substr(kElements.size(), list.rfind('}') - kElements.size()));
  std::sort(object.elements.begin(), object.elements.end());
  return true;
}

bool read_object(Lines& lines, TableObject& object) {
  for (std::string_view line; lines.next(line);) {
    if (line == "}") return true;
    if (line.starts_with(kElements)) {
      if (!read_elements_of(lines, line, object)) return false;
    } else if (object.kind != "counter" && object.kind != "quota") {  // their lines are counts
      object.lines.push_back(without_counts(line));
    }
  }
  return false;
}

bool open_object(std::string_view line, TableObject& object) {
  const auto name_end = line.rfind(" {");
  if (name_end == std::string_view::npos || name_end + 2 != line.size()) return false;
  const auto head = line.substr(0, name_end);
  const auto name = head.rfind(' ');
  if (name == std::string_view::npos) return false;
  object.kind = head.substr(0, name);
  object.name = head.substr(name + 1);
  return true;
}

Duration parse_time_left(std::string_view text) {
  Duration left{};
  while (!text.empty() && std::isdigit(static_cast<unsigned char>(text[0]))) {
    long number = 0;
    while (!text.empty() && std::isdigit(static_cast<unsigned char>(text[0]))) {
      number = std::min(number * 10 + (text[0] - '0'), 1L << 40);
      text.remove_prefix(1);
    }
    const auto unit = text.substr(0, text.find_first_of("0123456789"));
    text.remove_prefix(unit.size());
    if (unit == "ms") left += std::chrono::milliseconds(number);
    if (unit == "s") left += std::chrono::seconds(number);
    if (unit == "m") left += std::chrono::minutes(number);
    if (unit == "h") left += std::chrono::hours(number);
    if (unit == "d") left += std::chrono::days(number);
  }
  return left;
}

}  // namespace

bool TableObject::has_life() const {
  return kind == "set" && std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
           return line.starts_with("flags ") && line.find("timeout") != std::string::npos;
         });
}

const TableObject* ListedTable::find(std::string_view kind, std::string_view name) const {
  const auto found = std::find_if(objects.begin(), objects.end(), [&](const TableObject& object) {
    return object.kind == kind && object.name == name;
  });
  return found == objects.end() ? nullptr : &*found;
}

std::optional<ListedTable> parse_listing(std::string_view text) {
  Lines lines(text);
  std::string_view line;
  if (!lines.next(line) || line != fmt::format("table inet {} {{", kTable)) return std::nullopt;
  ListedTable table;
  while (lines.next(line)) {
    if (line == "}") return table;
    TableObject object;
    if (!open_object(line, object)) {
      table.properties.emplace_back(line);
    } else if (read_object(lines, object)) {
      table.objects.push_back(std::move(object));
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

std::string print_listing(const ListedTable& table) {
  std::string text = fmt::format("table inet {} {{\n", kTable);
  for (const std::string& property : table.properties) text += "\t" + property + "\n";
  for (const TableObject& object : table.objects) {
    text += fmt::format("\t{} {} {{\n", object.kind, object.name);
    for (const std::string& line : object.lines) text += "\t\t" + line + "\n";
    if (!object.elements.empty()) text += fmt::format("\t\t{} {} }}\n", kElements, fmt::join(object.elements, ", "));
    text += "\t}\n";
  }
  return text + "}\n";
}

std::string table_digest(const ListedTable& table) {
  ListedTable lasting;
  lasting.objects = table.objects;
  for (TableObject& object : lasting.objects) {
    if (object.has_life()) object.elements.clear();
  }
  // nft lists objects in the order in which they were made, which says nothing about what they do.
  std::sort(lasting.objects.begin(), lasting.objects.end(), [](const TableObject& a, const TableObject& b) {
    return std::tie(a.kind, a.name) < std::tie(b.kind, b.name);
  });
  const std::string text = print_listing(lasting);
  const KeyedHash hash(KeyedHash::Key{});
  return fmt::format("{:016x}", hash({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
}

std::optional<std::string> aged_element(const std::string& element, Duration passed) {
  constexpr std::string_view kExpires = " expires ";
  const auto at = element.find(kExpires);
  if (at == std::string::npos) return element;
  const auto begin = at + kExpires.size();
  const auto end = std::min(element.find(' ', begin), element.size());
  const Duration left = parse_time_left(std::string_view(element).substr(begin, end - begin)) - passed;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
  if (milliseconds <= 0) return std::nullopt;
  return element.substr(0, begin) + fmt::format("{}s{}ms", milliseconds / 1000, milliseconds % 1000) +
         element.substr(end);
}

std::string without_marker(std::string_view rule) {
  static const std::regex marker(R"( comment "mailweir [0-9a-f]{16}")");
  return std::regex_replace(std::string(rule), marker, "");
}

}  // namespace mailweir
