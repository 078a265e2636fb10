#include "cli/lint_machine.h"

#include <algorithm>
#include <filesystem>

#include "cli/first_policy.h"
#include "cli/read_rules.h"
#include "ruleset/read_ruleset.h"
#include "sys/kernel_setting.h"
#include "sys/machine.h"

namespace mailweir {
namespace {

// What the boot of Debian, Ubuntu and the Red Hat family loads: iptables-persistent, nftables.service,
// iptables-services.
constexpr const char* kBootFiles[] = {"/etc/iptables/rules.v4", "/etc/iptables/rules.v6", "/etc/sysconfig/iptables",
                                      "/etc/sysconfig/ip6tables", "/etc/nftables.conf"};

}  // namespace

rules::LiveFacts live_facts() {
  rules::LiveFacts facts;
  facts.interfaces = interface_names();
  for (const OwnAddress& own : own_addresses()) facts.addresses.push_back({own.interface, own.address});
  MachineFacts around;
  around.addresses = own_addresses();
  around.listeners = listeners();
  const std::vector<OpenProxy> proxies = exposed_proxies(around);
  for (const Listener& listener : around.listeners) {
    rules::LiveFacts::OpenPort port{listener.address, listener.port, 6, {}, std::nullopt};
    for (const OpenProxy& proxy : proxies)
      if (proxy.listener.address == listener.address && proxy.listener.port == listener.port) {
        port.proxy = proxy.kind;
        port.takes_strangers = socks_without_password(listener);
      }
    facts.open_ports.push_back(std::move(port));
  }
  facts.forwards_v4 = read_kernel_setting("net/ipv4/ip_forward").value_or(0) != 0;
  facts.forwards_v6 = read_kernel_setting("net/ipv6/conf/all/forwarding").value_or(0) != 0;
  for (const char* path : kBootFiles) {
    std::error_code problem;
    if (!std::filesystem::is_regular_file(path, problem)) continue;
    auto file = read_rules_file(path);
    if (!file) continue;
    facts.persisted_name += (facts.persisted_name.empty() ? "" : ", ") + std::string(path);
    facts.persisted = facts.persisted ? rules::joined(*std::move(facts.persisted), std::move(file->ruleset))
                                      : std::move(file->ruleset);
  }
  return facts;
}

}  // namespace mailweir
