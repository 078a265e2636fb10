#include "cli/commands.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>

#include "cli/check.h"
#include "cli/common.h"
#include "cli/demo.h"
#include "cli/version.h"
#include "lab/demo.h"
#include "lab/places.h"
#include "lab/population.h"

namespace mailweir {
namespace {

constexpr int kUsage = 2;

struct Commands {
  CLI::App app{
      "Keeps spam from leaving this machine: finds the spamming client, cuts it off on mail ports only, and says why."};
  CommonOptions common;
  std::function<int()> chosen;  // set by the verb that was named
};

void add_common_options(Commands& commands) {
  CLI::App& app = commands.app;
  CommonOptions& common = commands.common;
  app.fallthrough();  // `mailweir analyze --json FILE` as well as `mailweir --json analyze FILE`
  app.add_option("--config", common.config, "The policy file")->type_name("FILE")->capture_default_str();
  app.add_option("--state-dir", common.state_dir, "Where what must survive a restart is kept")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--runtime-dir", common.runtime_dir, "Where the running instance is found")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_flag("--json", common.json, "Answer with one JSON object");
  app.add_flag("--quiet", common.quiet, "No progress and no remarks");
  app.add_option("--color", common.color, "Colours: auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app.set_version_flag("--version", std::string("mailweir ") + kVersion);
}

// A verb runs `action` once the whole command line was understood.
CLI::App& add_verb(Commands& commands, const char* name, const char* what, const char* example,
                   std::function<int()> action) {
  CLI::App& verb = *commands.app.add_subcommand(name, what);
  verb.footer(std::string("Example:\n  ") + example);
  verb.callback([&commands, action = std::move(action)] { commands.chosen = action; });
  return verb;
}

void add_check(Commands& commands) {
  const auto options = std::make_shared<CheckOptions>();
  CLI::App& verb =
      add_verb(commands, "check", "Is the policy valid? All mistakes in one run", "mailweir check mailweir.toml",
               [options, &commands] { return check(*options, commands.common); });
  verb.add_option("FILE", options->file, "The policy; default: --config");
}

void add_demo(Commands& commands) {
  const auto options = std::make_shared<DemoCommandOptions>();
  CLI::App& verb =
      add_verb(commands, "demo", "The whole story in a laboratory of network namespaces; touches nothing else",
               "mailweir demo --clients 1000", [options, &commands] { return demo(*options, commands.common); });
  verb.add_option("--clients", options->clients, "How many clients live behind the gateway")
      ->check(CLI::Range(lab::kClientsMin, lab::kClientsMax))
      ->capture_default_str();
  verb.add_option("--seconds", options->seconds, "How long they send mail")
      ->check(CLI::Range(lab::kSecondsMin, lab::kSecondsMax))
      ->capture_default_str();
  verb.add_option("--seed", options->seed, "Another number, other people")->capture_default_str();
}

}  // namespace

int run_command(int argc, char** argv) try {
  Commands commands;
  commands.app.name("mailweir");
  add_common_options(commands);
  add_check(commands);
  add_demo(commands);
  commands.app.require_subcommand(0, 1);
  try {
    commands.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return commands.app.exit(error);  // --help, --version
    std::fprintf(stderr, "mailweir: %s\nTry: mailweir --help\n", error.what());
    return kUsage;
  }
  if (!commands.chosen) {
    std::fputs(commands.app.help().c_str(), stdout);
    return kUsage;
  }
  return commands.chosen();
} catch (const std::exception& exception) {
  std::fprintf(stderr, "mailweir: unexpected: %s; please report this\n", exception.what());
  return 4;
}

}  // namespace mailweir
