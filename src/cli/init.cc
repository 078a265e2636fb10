#include "cli/init.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "base/escape.h"
#include "cli/first_policy.h"
#include "cli/write_file.h"
#include "compile/accounts.h"
#include "sys/kernel_setting.h"
#include "sys/process.h"

namespace mailweir {
namespace {

// Users that mail servers of Debian run as.
constexpr const char* kMailAccounts[] = {"postfix", "Debian-exim", "opensmtpd", "smmsp"};

std::optional<bool> rules_translate() {
  const auto rules = run_process({"nft", "-j", "list", "ruleset"});
  if (!rules || rules->status != 0) return std::nullopt;
  return rules->out.find("\"masquerade\"") != std::string::npos || rules->out.find("\"snat\"") != std::string::npos ||
         rules->out.find("MASQUERADE") != std::string::npos;
}

MachineFacts look_around() {
  MachineFacts facts;
  facts.forwards_v4 = read_kernel_setting("net/ipv4/ip_forward") == 1;
  facts.forwards_v6 = read_kernel_setting("net/ipv6/conf/all/forwarding") == 1;
  facts.translates = rules_translate();
  facts.addresses = own_addresses();
  facts.uplinks = default_route_interfaces();
  facts.listeners = listeners();
  const SystemAccounts accounts;
  for (const char* name : kMailAccounts) {
    if (accounts.user(name)) facts.mail_accounts.emplace_back(name);
  }
  return facts;
}

int told(const Error& error) {
  fmt::print(stderr, "mailweir: {}\n", error.text());
  return exit_status(error.code());
}

}  // namespace

int init(const InitOptions& options, const CommonOptions& common) {
  const MachineFacts facts = look_around();
  std::vector<OpenProxy> proxies = exposed_proxies(facts);
  for (OpenProxy& proxy : proxies) proxy.lets_anyone = socks_without_password(proxy.listener);
  const std::string text = first_policy(facts, proxies);
  if (options.print) {
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  std::error_code problem;
  if (!options.force && std::filesystem::exists(common.config, problem))
    return told(Error(ErrorCode::Refused, escape(common.config) + " is there already; --force replaces it"));
  const auto folder = std::filesystem::path(common.config).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, problem);
  if (const auto written = write_file(common.config, text, 0644); !written) return told(written.error());
  if (common.quiet) return 0;
  for (const OpenProxy& proxy : proxies)
    fmt::print(stderr, "mailweir: port {} ({}) can be reached from outside: see {}\n", proxy.listener.port, proxy.kind,
               escape(common.config));
  fmt::print("{} is written. Next: mailweir check\n", escape(common.config));
  return 0;
}

}  // namespace mailweir
