#include "apply/bypass.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/escape.h"

namespace mailweir {
namespace {

constexpr std::size_t kNamedMax = 5;
constexpr std::string_view kComment = "comment \"";

// The first word of a rule's comment; empty: it has none.
std::string_view id_of(std::string_view line) {
  const auto at = line.rfind(kComment);
  if (at == std::string_view::npos) return {};
  const std::string_view comment = line.substr(at + kComment.size());
  return comment.substr(0, comment.find_first_of(" \""));
}

bool is_dormant(const ListedTable& table) {
  return std::any_of(table.properties.begin(), table.properties.end(), [](const std::string& property) {
    return property.starts_with("flags ") && property.find("dormant") != std::string::npos;
  });
}

// Those that stop what is open already: a block of a client.
std::size_t rules_about_open_connections(const ListedTable& table) {
  std::size_t rules = 0;
  for (const TableObject& object : table.objects) {
    if (!object.is_chain()) continue;
    rules +=
        static_cast<std::size_t>(std::count_if(object.lines.begin(), object.lines.end(), [](const std::string& line) {
          return id_of(line).starts_with("blocks.");
        }));
  }
  return rules;
}

}  // namespace

std::size_t parts_of(const ListedTable& table) {
  std::size_t parts = 0;
  for (const TableObject& object : table.objects) {
    if (object.is_chain()) parts += object.lines.size();
    if (!object.is_chain()) parts += 1 + (object.has_life() ? 0 : object.elements.size());
  }
  return parts;
}

std::vector<Bypass> bypasses_of(const ListedTable& ours, const std::vector<std::string>& flowtables) {
  if (is_dormant(ours))
    return {{"the table is switched off (flags dormant): the kernel passes all its rules by", parts_of(ours)}};
  std::vector<Bypass> found;
  const std::size_t about_open = rules_about_open_connections(ours);
  if (!flowtables.empty() && about_open > 0) {
    std::vector<std::string> named(
        flowtables.begin(), flowtables.begin() + static_cast<std::ptrdiff_t>(std::min(flowtables.size(), kNamedMax)));
    found.push_back(
        {fmt::format("flowtable {}: connections that it takes over pass the forward rules by; a block stops "
                     "new ones, and open ones only as far as `mailweir run` ends them one by one",
                     escape(fmt::format("{}", fmt::join(named, ", ")), 200)),
         about_open});
  }
  return found;
}

LogCounts log_counts(std::span<const RulePackets> rules) {
  std::map<std::string, std::uint64_t> packets;
  for (const RulePackets& rule : rules) packets[rule.id] += rule.packets;
  LogCounts counts;
  constexpr std::string_view kLog = ".log";
  for (const auto& [id, written] : packets) {
    if (!id.ends_with(kLog)) continue;
    const std::string served = id.substr(0, id.size() - kLog.size());
    // Of a limit, what exceeds it is logged, and stopped under an id of its own.
    auto seen = packets.find(served + ".over");
    if (seen == packets.end()) seen = packets.find(served);
    counts.written += written;
    counts.seen += seen == packets.end() ? written : std::max(seen->second, written);
  }
  return counts;
}

}  // namespace mailweir
