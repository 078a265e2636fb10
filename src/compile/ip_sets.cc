#include "compile/ip_sets.h"

#include <fmt/format.h>

#include <algorithm>

namespace mailweir {
namespace {

constexpr std::size_t kNameMax = 31;
// ipset's own default. A set that is full refuses further elements, loudly.
constexpr std::size_t kElementsMin = 65'536;
// As in nft_text.cc.
constexpr int kKnownServers = 131'072;

std::vector<IpPrefix> of_family(const Addresses& addresses, bool v4) {
  std::vector<IpPrefix> prefixes;
  for (const IpPrefix& prefix : addresses.prefixes) {
    if (prefix.base().is_v4() == v4) prefixes.push_back(prefix);
  }
  std::sort(prefixes.begin(), prefixes.end());
  return prefixes;
}

std::string_view family_name(bool v4) { return v4 ? "inet" : "inet6"; }

}  // namespace

IpSets::IpSets(const Rules& rules) : gateway_(rules.gateway) {
  for (const Rule& rule : rules.list) {
    throttles_ = throttles_ || rule.new_servers_over;
    for (const bool v4 : {true, false}) {
      if (rule.from) add(rule, *rule.from, "from", v4);
      if (rule.to) add(rule, *rule.to, "to", v4);
    }
  }
}

const IpSets::Set* IpSets::find(const std::vector<IpPrefix>& prefixes, bool v4) const {
  const auto found = std::find_if(sets_.begin(), sets_.end(),
                                  [&](const Set& set) { return set.v4 == v4 && set.prefixes == prefixes; });
  return found == sets_.end() ? nullptr : &*found;
}

void IpSets::add(const Rule& rule, const Addresses& addresses, std::string_view what, bool v4) {
  std::vector<IpPrefix> prefixes = of_family(addresses, v4);
  if (prefixes.size() < 2 || find(prefixes, v4) != nullptr) return;
  std::string stem = "mw-" + (addresses.set.empty() ? fmt::format("{}-{}", rule.id, what) : std::string(addresses.set));
  std::string name;
  // Cut names may meet: then a number tells them apart.
  for (int number = 1; name.empty(); ++number) {
    const std::string end = fmt::format("{}{}", number == 1 ? "" : fmt::format("-{}-", number), v4 ? 4 : 6);
    std::string candidate = stem.substr(0, kNameMax - end.size()) + end;
    const bool taken = std::any_of(sets_.begin(), sets_.end(), [&](const Set& set) { return set.name == candidate; });
    const bool ours = candidate == blocked(v4) || candidate == slowed(v4) || candidate == known(v4);
    if (!taken && !ours) name = std::move(candidate);
  }
  sets_.push_back({std::move(name), v4, std::move(prefixes)});
}

std::optional<std::string> IpSets::name_of(const Addresses& addresses, bool v4) const {
  const Set* set = find(of_family(addresses, v4), v4);
  return set == nullptr ? std::nullopt : std::optional(set->name);
}

std::string IpSets::text(const CompileSettings& settings) const {
  std::string text =
      "# Made by `mailweir export ipset`: load it with `ipset -exist restore < FILE`, before the rules of `mailweir "
      "export\n# iptables --ipset` and `ip6tables --ipset`.\n";
  for (const Set& set : sets_) {
    text += fmt::format("create {} hash:net family {} maxelem {}\nflush {}\n", set.name, family_name(set.v4),
                        std::max(set.prefixes.size() + 1, kElementsMin), set.name);
    for (const IpPrefix& prefix : set.prefixes) text += fmt::format("add {} {}\n", set.name, prefix.text());
  }
  if (!gateway_) return text;
  text += "# Blocked clients, each until its time is up: `ipset add mw-blocked4 172.16.0.66 timeout 86400`.\n";
  const auto clients = [&](std::string_view name, bool v4, int seconds) {
    // A client of IPv6 is a /64.
    text += fmt::format("create {} hash:ip family {}{} timeout {} counters maxelem {}\n", name, family_name(v4),
                        v4 ? "" : " netmask 64", seconds, settings.blocks_max);
  };
  for (const bool v4 : {true, false}) clients(blocked(v4), v4, 3600);
  if (!throttles_) return text;
  text +=
      "# Clients that are slowed down, not blocked: `ipset add mw-slowed4 172.16.9.25 timeout 90000`; and which mail\n"
      "# servers each client knows: the rules fill that.\n";
  for (const bool v4 : {true, false}) clients(slowed(v4), v4, 90'000);
  for (const bool v4 : {true, false}) {
    text += fmt::format("create {} hash:ip,port,ip family {} timeout {} maxelem {}\n", known(v4), family_name(v4),
                        kKnownSeconds, kKnownServers);
  }
  return text;
}

}  // namespace mailweir
