#include "cli/export.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "cli/policy_file.h"
#include "cli/write_file.h"
#include "compile/export.h"
#include "compile/system_files.h"

namespace mailweir {
namespace {

Result<std::string> rules_text(const ExportOptions& options, const CommonOptions& common) {
  const auto policy = load_policy(common.config, stderr);
  if (!policy) return fail(policy.error());
  RulesFormat format = RulesFormat::Nft;
  if (options.format == "ipset") format = RulesFormat::Ipset;
  if (options.format == "iptables") format = options.ipset ? RulesFormat::IptablesSets : RulesFormat::Iptables;
  if (options.format == "ip6tables") format = options.ipset ? RulesFormat::Ip6tablesSets : RulesFormat::Ip6tables;
  auto rules = export_rules(*policy, SystemAccounts{}, format);
  if (!rules) return fail(std::move(rules).error());
  if (rules->watches && !common.quiet)
    fmt::print(
        stderr,
        "mailweir: \"watch\" needs `mailweir run`: these rules show watched mail on NFLOG and stop none of it\n");
  return std::move(rules->text);
}

Result<std::string> text_for(const ExportOptions& options, const CommonOptions& common) {
  Installation installation;
  std::error_code unknown;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  if (!unknown) installation.program = program.string();
  installation.state_dir = common.state_dir;
  if (options.format == "rsyslog") return rsyslog_file();
  if (options.format == "logrotate") return logrotate_file();
  if (options.format == "systemd") return systemd_unit(installation);
  if (options.format == "ifupdown") return ifupdown_hook(installation);
  if (options.format == "sysvinit") return sysvinit_script(installation);
  return rules_text(options, common);
}

bool is_program(const std::string& format) { return format == "ifupdown" || format == "sysvinit"; }

}  // namespace

int export_files(const ExportOptions& options, const CommonOptions& common) {
  if (options.ipset && options.format != "iptables" && options.format != "ip6tables") {
    fmt::print(stderr, "mailweir: export: --ipset is for iptables and ip6tables; the sets themselves: export ipset\n");
    return exit_status(ErrorCode::Usage);
  }
  const auto told = [](const Error& error) {
    fmt::print(stderr, "mailweir: {}\n", error.text());
    return exit_status(error.code());
  };
  const auto text = text_for(options, common);
  if (!text) return told(text.error());
  if (options.to.empty()) {
    std::fputs(text->c_str(), stdout);
    return 0;
  }
  const auto written = write_file(options.to, *text, is_program(options.format) ? 0755 : 0644);
  return written ? 0 : told(written.error());
}

}  // namespace mailweir
