#include "tests/support/fake_nft.h"

#include <algorithm>
#include <sstream>

#include "record/compiled_table.h"

namespace mailweir {
namespace {

TableObject* find(ListedTable& table, const std::string& kind, const std::string& name) {
  for (TableObject& object : table.objects) {
    if (object.kind == kind && object.name == name) return &object;
  }
  return nullptr;
}

TableObject* find_any(ListedTable& table, const std::string& name) {
  for (TableObject& object : table.objects) {
    if (object.name == name) return &object;
  }
  return nullptr;
}

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// "{ a; b; }" at `separator`s; "policy accept" stays on the line of the hook, as nft writes it.
std::vector<std::string> parts(std::string braces, char separator) {
  braces = trimmed(braces);
  if (braces.size() < 2 || braces.front() != '{' || braces.back() != '}') return {};
  std::istringstream inside(braces.substr(1, braces.size() - 2));
  std::vector<std::string> list;
  for (std::string part; std::getline(inside, part, separator);) {
    part = trimmed(part);
    if (part.starts_with("policy ") && !list.empty()) {
      list.back() += "; " + part + ";";
    } else if (!part.empty()) {
      list.push_back(part);
    }
  }
  return list;
}

void add_all(TableObject& object, const std::vector<std::string>& elements) {
  for (const std::string& element : elements) {
    if (std::find(object.elements.begin(), object.elements.end(), element) == object.elements.end())
      object.elements.push_back(element);
  }
  std::sort(object.elements.begin(), object.elements.end());
}

// "table inet mailweir { … }": declared anew or added to.
void merge(std::optional<ListedTable>& table, const ListedTable& block) {
  if (!table) table.emplace();
  if (table->properties.empty()) table->properties = block.properties;
  for (const TableObject& object : block.objects) {
    TableObject* known = find(*table, object.kind, object.name);
    if (known == nullptr) {
      table->objects.push_back(object);
    } else {
      if (object.is_chain()) known->lines.insert(known->lines.end(), object.lines.begin(), object.lines.end());
      add_all(*known, object.elements);
    }
  }
}

bool statement(std::optional<ListedTable>& table, const std::string& line) {
  std::istringstream words(line);
  std::string verb, kind, family, name, object, rest;
  words >> verb >> kind >> family >> name;
  if (family != "inet" || name != kTable) return false;
  if (kind != "table") words >> object;
  std::getline(words, rest);
  if (kind == "table" && verb == "add") {
    if (!table) table.emplace().properties = parts(rest, ';');
    return true;
  }
  if (!table) return false;
  if (kind == "table" && verb == "delete") {
    table.reset();
    return true;
  }
  if (verb == "add" && kind == "rule") {
    TableObject* chain = find(*table, "chain", object);
    if (chain == nullptr) return false;
    chain->lines.push_back(trimmed(rest));
    return true;
  }
  if (kind == "element") {
    TableObject* set = find_any(*table, object);
    if (set == nullptr || verb != "add") return false;
    add_all(*set, parts(rest, ','));
    return true;
  }
  TableObject* known = find(*table, kind, object);
  if (verb == "add") {
    if (known == nullptr) table->objects.push_back({kind, object, parts(rest, ';'), {}});
    return true;
  }
  if (known == nullptr) return false;
  if (verb == "delete") {
    table->objects.erase(table->objects.begin() + (known - table->objects.data()));
    return true;
  }
  if (verb != "flush") return false;
  std::erase_if(known->lines, [&](const std::string& rule) { return known->is_chain() && !rule.starts_with("type "); });
  known->elements.clear();
  return true;
}

}  // namespace

bool FakeNft::load(const std::string& statements) {
  std::optional<ListedTable> after = table_;
  std::istringstream lines(statements);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (!line.starts_with("table ")) {
      if (!statement(after, line)) return false;
      continue;
    }
    std::string block = line + "\n";
    while (std::getline(lines, line)) {
      block += line + "\n";
      if (line == "}") break;
    }
    const auto parsed = parse_listing(block);
    if (!parsed) return false;
    merge(after, *parsed);
  }
  table_ = std::move(after);
  return true;
}

}  // namespace mailweir
