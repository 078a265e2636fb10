// surroundings() of prove.h.
#include <dirent.h>
#include <unistd.h>

#include <map>
#include <memory>

#include "proof/prove.h"
#include "sys/kernel_setting.h"
#include "sys/unused_address.h"

namespace mailweir {
namespace {

// A machine may forward on some interfaces only.
bool forwards4() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/sys/net/ipv4/conf"), closedir);
  if (!folder) return false;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || name == "default" || name == "lo") continue;
    if (read_kernel_setting("net/ipv4/conf/" + name + "/forwarding") == 1) return true;
  }
  return false;
}

// Each question is asked once.
template <typename Key>
std::function<bool(const Key&)> remembered(Result<bool> (*ask)(const Key&)) {
  const auto known = std::make_shared<std::map<Key, bool>>();
  return [known, ask](const Key& key) {
    const auto found = known->find(key);
    if (found != known->end()) return found->second;
    // What cannot be told is taken for used.
    return (*known)[key] = ask(key).value_or(false);
  };
}

}  // namespace

Surroundings surroundings() {
  Surroundings here;
  here.own = own_addresses();
  here.forwards4 = forwards4();
  here.forwards6 = read_kernel_setting("net/ipv6/conf/all/forwarding") == 1;
  here.user = geteuid();
  here.group = getegid();
  here.has_way_to = [](IpAddress address) { return has_way_to(address); };
  here.is_unused = remembered<IpAddress>([](const IpAddress& address) { return is_unused(address); });
  here.is_unused_network = remembered<IpPrefix>([](const IpPrefix& network) { return is_unused_network(network); });
  return here;
}

}  // namespace mailweir
