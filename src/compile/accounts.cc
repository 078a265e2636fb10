#include "compile/accounts.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <vector>

namespace mailweir {
namespace {

// Entries of a directory service can be long: a group's holds its members.
constexpr std::size_t kEntryBytesMax = std::size_t{1} << 20;

template <typename Entry, typename Ask>
bool ask_system(Entry& entry, std::vector<char>& room, Ask ask) {
  for (std::size_t size = 4096; size <= kEntryBytesMax; size *= 4) {
    room.resize(size);
    Entry* found = nullptr;
    if (ask(&entry, room.data(), room.size(), &found) == ERANGE) continue;
    return found != nullptr;
  }
  return false;
}

}  // namespace

std::optional<std::uint32_t> SystemAccounts::user(const std::string& name) const {
  passwd entry{};
  std::vector<char> room;
  const auto ask = [&](auto... rest) { return getpwnam_r(name.c_str(), rest...); };
  return ask_system(entry, room, ask) ? std::optional<std::uint32_t>(entry.pw_uid) : std::nullopt;
}

std::optional<std::uint32_t> SystemAccounts::group(const std::string& name) const {
  ::group entry{};
  std::vector<char> room;
  const auto ask = [&](auto... rest) { return getgrnam_r(name.c_str(), rest...); };
  return ask_system(entry, room, ask) ? std::optional<std::uint32_t>(entry.gr_gid) : std::nullopt;
}

}  // namespace mailweir
