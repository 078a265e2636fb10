// The address lists of the rules as sets of the ipset program, for iptables.
//
// Always true: a list of one prefix is no set; equal lists are one set; names tell where they come from and have at
// most 31 bytes (linux/netfilter/ipset/ip_set.h, IPSET_MAXNAMELEN). With a gateway there are also sets that a person
// fills, per family: of blocked clients (`ipset add mw-blocked4 172.16.0.66 timeout 86400`) and, where the policy slows
// suspects down, of those. Who is in one of them need not be in the other.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compile/compile.h"
#include "compile/rule.h"

namespace mailweir {

class IpSets {
 public:
  static constexpr int kKnownSeconds = 7 * 86'400;  // as in nft_text.cc

  explicit IpSets(const Rules& rules);

  // Nothing: write its prefixes into the rule.
  [[nodiscard]] std::optional<std::string> name_of(const Addresses& addresses, bool v4) const;
  [[nodiscard]] static std::string_view blocked(bool v4) { return v4 ? "mw-blocked4" : "mw-blocked6"; }
  [[nodiscard]] static std::string_view slowed(bool v4) { return v4 ? "mw-slowed4" : "mw-slowed6"; }
  // Client, port and mail server. Of IPv6 the client is an address here, not its /64: iptables cannot mask it.
  [[nodiscard]] static std::string_view known(bool v4) { return v4 ? "mw-known4" : "mw-known6"; }
  // For `ipset restore`, also over sets that are there: lists are replaced, who is blocked stays blocked.
  [[nodiscard]] std::string text(const CompileSettings& settings) const;

 private:
  struct Set {
    std::string name;
    bool v4 = true;
    std::vector<IpPrefix> prefixes;
  };
  void add(const Rule& rule, const Addresses& addresses, std::string_view what, bool v4);
  [[nodiscard]] const Set* find(const std::vector<IpPrefix>& prefixes, bool v4) const;

  bool gateway_, throttles_ = false;
  std::vector<Set> sets_;
};

}  // namespace mailweir
