#include "cli/install.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/escape.h"
#include "cli/give_up.h"
#include "compile/compile.h"
#include "compile/system_files.h"
#include "policy/read_policy.h"
#include "report/json.h"
#include "sys/process.h"
#include "sys/state_file.h"

namespace mailweir {
namespace {

struct SystemFile {
  std::string path, text;
  mode_t mode = 0644;
};

struct Done {
  std::string path, what;
};

bool has_systemd() { return std::filesystem::is_directory("/run/systemd/system"); }

Installation installation_of(const CommonOptions& common) {
  Installation installation;
  std::error_code unknown;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  if (!unknown) installation.program = program.string();
  installation.state_dir = common.state_dir;
  installation.config = common.config;
  return installation;
}

std::vector<SystemFile> files_for(const InstallOptions& options, const CommonOptions& common) {
  const Installation installation = installation_of(common);
  const std::string& root = options.root;
  std::vector<SystemFile> files;
  if (!root.empty() || has_systemd()) {
    files.push_back({root + "/etc/systemd/system/mailweir-boot.service", systemd_unit(installation)});
    files.push_back({root + "/etc/systemd/system/mailweir.service", guard_unit(installation)});
  }
  if (!root.empty() || !has_systemd()) {
    files.push_back({root + "/etc/init.d/mailweir", sysvinit_script(installation), 0755});
    files.push_back({root + "/etc/network/if-pre-up.d/mailweir", ifupdown_hook(installation), 0755});
  }
  return files;
}

Result<Done> write_file(const SystemFile& file, bool dry_run) {
  const auto there = read_state_file(file.path);
  if (there && *there == file.text) return Done{file.path, "unchanged"};
  if (dry_run) return Done{file.path, "written"};
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(file.path).parent_path(), error);
  if (auto written = write_state_file(file.path, file.text); !written) return fail(std::move(written).error());
  if (chmod(file.path.c_str(), file.mode) != 0) return fail(Error::from_errno(errno, "chmod " + escape(file.path)));
  return Done{file.path, "written"};
}

// What somebody changed is theirs.
Result<Done> remove_file(const SystemFile& file, bool dry_run) {
  const auto there = read_state_file(file.path);
  if (!there && there.error().code() == ErrorCode::NotFound) return Done{file.path, "missing"};
  if (!there) return fail(there.error());
  if (*there != file.text) return Done{file.path, "changed by somebody"};
  if (!dry_run) {
    if (auto removed = remove_state_file(file.path); !removed) return fail(std::move(removed).error());
  }
  return Done{file.path, "removed"};
}

Result<void> call(const std::vector<std::string>& command) {
  const auto ran = run_process(command);
  if (!ran) return fail(ran.error());
  if (ran->status != 0) return fail(ErrorCode::Refused, fmt::format("{}: {}", command[0], escape(ran->err, 300)));
  return {};
}

// A guard that has nobody to watch would fail at every boot. Without a policy that says so, there is one to come.
bool watches_nobody(const std::string& config) {
  Diagnostics diagnostics;
  const auto policy = read_policy(config, diagnostics);
  if (!policy) return false;
  const auto table = compile(*policy, SystemAccounts{});
  return table && table->watched_ports.empty();
}

Result<void> switch_services(bool on, const CommonOptions& common) {
  if (!has_systemd()) {
    const auto told = on ? call({"update-rc.d", "mailweir", "defaults"}) : call({"update-rc.d", "mailweir", "remove"});
    // A machine without it has another way to run /etc/init.d.
    return !told && told.error().code() == ErrorCode::Unsupported ? Result<void>{} : told;
  }
  const std::vector<std::string> units{"mailweir-boot.service", "mailweir.service"};
  if (on) {
    if (auto reloaded = call({"systemctl", "daemon-reload"}); !reloaded) return reloaded;
    if (!watches_nobody(common.config)) return call({"systemctl", "enable", units[0], units[1]});
    if (!common.quiet) {
      fmt::print(stderr,
                 "mailweir: the policy watches nobody's mail: {} is not enabled; say `mailweir install` again when it "
                 "does\n",
                 units[1]);
    }
    if (auto enabled = call({"systemctl", "enable", units[0]}); !enabled) return enabled;
    return call({"systemctl", "disable", units[1]});
  }
  return call({"systemctl", "disable", units[0], units[1]});
}

int tell(std::string_view verb, const std::vector<Done>& done, const InstallOptions& options,
         const CommonOptions& common) {
  if (common.json) {
    auto answer = json_answer(verb);
    auto list = nlohmann::ordered_json::array();
    for (const Done& one : done) list.push_back({{"path", one.path}, {"done", one.what}});
    answer["files"] = std::move(list);
    std::fputs(print_json(answer).c_str(), stdout);
  } else if (!common.quiet) {
    for (const Done& one : done) {
      fmt::print("{}{}: {}\n", options.dry_run ? "would be " : "", one.what, escape(one.path));
    }
  }
  return 0;
}

}  // namespace

bool boot_is_arranged() {
  constexpr std::array places{"/etc/systemd/system/mailweir-boot.service", "/lib/systemd/system/mailweir-boot.service",
                              "/etc/init.d/mailweir", "/etc/network/if-pre-up.d/mailweir"};
  return std::any_of(places.begin(), places.end(), [](const char* place) {
    std::error_code unknown;
    return std::filesystem::exists(place, unknown);
  });
}

std::string_view after_a_reboot() {
  return boot_is_arranged() ? "It comes back after a reboot."
                            : "A reboot would lose it: `mailweir install` makes it come back.";
}

int install(const InstallOptions& options, const CommonOptions& common) {
  std::vector<Done> done;
  for (const SystemFile& file : files_for(options, common)) {
    auto written = write_file(file, options.dry_run);
    if (!written) return give_up(written.error());
    done.push_back(std::move(*written));
  }
  if (!options.dry_run && options.root.empty()) {
    if (const auto switched = switch_services(true, common); !switched) return give_up(switched.error());
  }
  return tell("install", done, options, common);
}

int uninstall(const InstallOptions& options, const CommonOptions& common) {
  if (!options.dry_run && options.root.empty()) {
    if (const auto switched = switch_services(false, common); !switched && !common.quiet) {
      fmt::print(stderr, "mailweir: {}; ignoring\n", switched.error().text());
    }
  }
  std::vector<Done> done;
  for (const SystemFile& file : files_for(options, common)) {
    auto removed = remove_file(file, options.dry_run);
    if (!removed) return give_up(removed.error());
    done.push_back(std::move(*removed));
  }
  // systemd is to forget them, too.
  if (!options.dry_run && options.root.empty() && has_systemd()) (void)call({"systemctl", "daemon-reload"});
  return tell("uninstall", done, options, common);
}

}  // namespace mailweir
