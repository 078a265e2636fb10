#include "cli/commands.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>

#include "base/escape.h"
#include "cli/analyze.h"
#include "cli/apply.h"
#include "cli/block.h"
#include "cli/cases.h"
#include "cli/check.h"
#include "cli/clients.h"
#include "cli/common.h"
#include "cli/completion.h"
#include "cli/demo.h"
#include "cli/export.h"
#include "cli/help.h"
#include "cli/init.h"
#include "cli/install.h"
#include "cli/plan.h"
#include "cli/remove.h"
#include "cli/run.h"
#include "cli/status.h"
#include "cli/unblock.h"
#include "cli/verify.h"
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

// A verb runs `action` once the whole command line was understood.
CLI::App& add_verb(Commands& commands, const char* name, const char* what, const char* example,
                   std::function<int()> action) {
  CLI::App& verb = *commands.app.add_subcommand(name, what);
  verb.footer(example);
  verb.callback([&commands, action = std::move(action)] { commands.chosen = action; });
  return verb;
}

CommandTree tree_of(const CLI::App& app);

void add_analyze(Commands& commands) {
  const auto options = std::make_shared<AnalyzeOptions>();
  CLI::App& verb = add_verb(commands, "analyze", "Who sends spam in these kernel logs, journals or captures?",
                            "mailweir analyze --since 24h /var/log/kern.log",
                            [=, &commands] { return analyze(*options, commands.common); });
  verb.add_option("FILE", options->files, "Plain, .gz or .zst; - is standard input")->required()->type_name("FILE");
  verb.add_option("--since", options->since, "From then on: RFC 3339, a date, or so long ago (2h)")->type_name("TIME");
  verb.add_option("--until", options->until, "Before then")->type_name("TIME");
  verb.add_option("--clients", options->clients, "Whose mail is judged; default: worked out")
      ->type_name("NETWORK")
      ->delimiter(',')
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--mail-servers", options->mail_servers, "Mail servers of yours: never spammers")
      ->type_name("NETWORK")
      ->delimiter(',')
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--threads", options->threads, "Processors to use; default: all")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  verb.add_flag("--all", options->everyone, "List ordinary clients too");
}

void add_check(Commands& commands) {
  const auto options = std::make_shared<CheckOptions>();
  CLI::App& verb =
      add_verb(commands, "check", "Is the policy valid? All mistakes in one run", "mailweir check mailweir.toml",
               [=, &commands] { return check(*options, commands.common); });
  verb.add_option("FILE", options->file, "The policy; default: --config")->type_name("FILE");
}

void add_demo(Commands& commands) {
  const auto options = std::make_shared<DemoCommandOptions>();
  CLI::App& verb =
      add_verb(commands, "demo", "The whole story in a laboratory of network namespaces; touches nothing else",
               "mailweir demo --clients 1000", [=, &commands] { return demo(*options, commands.common); });
  verb.add_option("--clients", options->clients, "How many clients live behind the gateway")
      ->check(CLI::Range(lab::kClientsMin, lab::kClientsMax))
      ->capture_default_str();
  verb.add_option("--seconds", options->seconds, "How long they send mail")
      ->check(CLI::Range(lab::kSecondsMin, lab::kSecondsMax))
      ->capture_default_str();
  verb.add_option("--seed", options->seed, "Another number, other people")->capture_default_str();
}

void add_help(Commands& commands) {
  const auto about = std::make_shared<std::string>();
  CLI::App& verb =
      add_verb(commands, "help", "What a verb does and which options it has", "mailweir help check", [=, &commands] {
        const CommandTree tree = tree_of(commands.app);
        const VerbFacts* named = tree.find(*about);
        if (named == nullptr && !about->empty()) {
          fmt::print(stderr, "mailweir: {}\n", unexpected_word(tree, "", *about));
          return kUsage;
        }
        fmt::print("{}", named == nullptr ? program_help(tree) : verb_help(*named));
        return 0;
      });
  verb.add_option("VERB", *about, "Without one: all verbs");
}

void add_completion(Commands& commands) {
  const auto shell = std::make_shared<std::string>();
  CLI::App& verb =
      add_verb(commands, "completion", "A completion script for a shell",
               "mailweir completion bash > /usr/share/bash-completion/completions/mailweir", [=, &commands] {
                 const CommandTree tree = tree_of(commands.app);
                 fmt::print("{}", *shell == "bash"  ? bash_completion(tree)
                                  : *shell == "zsh" ? zsh_completion(tree)
                                                    : fish_completion(tree));
                 return 0;
               });
  verb.add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

void add_common_options(Commands& commands) {
  CLI::App& app = commands.app;
  CommonOptions& common = commands.common;
  app.fallthrough();  // `mailweir analyze --json FILE` as well as `mailweir --json analyze FILE`
  app.add_option("--config", common.config, "The policy file")->type_name("FILE")->capture_default_str();
  app.add_option("--state-dir", common.state_dir, "What must survive a restart")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--runtime-dir", common.runtime_dir, "Where the running instance is found")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_flag("--json", common.json, "Answer with one JSON object");
  app.add_flag("--quiet", common.quiet, "No progress and no remarks");
  app.add_option("--color", common.color, "Colours")->check(CLI::IsMember({"auto", "always", "never"}));
  app.set_version_flag("--version", std::string("mailweir ") + kVersion, "The version");
}

void add_run(Commands& commands) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App& verb =
      add_verb(commands, "run", "Observe, detect, decide and block, in the foreground", "mailweir run --watch-only",
               [options, &commands] { return run(*options, commands.common); });
  verb.add_flag("--watch-only", options->watch_only, "Say what would be blocked, and block nobody");
}

void add_block(Commands& commands) {
  const auto options = std::make_shared<BlockOptions>();
  CLI::App& verb = add_verb(commands, "block", "Cut clients off by hand, with a reason and an end",
                            "mailweir block 172.16.0.66 --for 24h --reason 'complaint of 22 November'",
                            [=, &commands] { return block(*options, commands.common); });
  verb.add_option("ADDRESS", options->clients, "IPv4 address, IPv6 address or /64; - is standard input")
      ->required()
      ->type_name("ADDRESS");
  verb.add_option("--for", options->length, "How long: 90s, 15m, 24h, 7d")
      ->type_name("DURATION")
      ->capture_default_str();
  verb.add_option("--reason", options->reason, "What people are told")->type_name("TEXT");
  verb.add_option("--ports", options->ports, "Which mail ports; default: all the rules look at")
      ->check(CLI::IsMember({"transfer", "submission", "all"}));
  verb.add_flag("--force", options->force, "Also where you are logged in from, exempt clients, mail servers");
  verb.add_flag("--dry-run", options->dry_run, "Say what would be done, and change nothing");
}

void add_unblock(Commands& commands) {
  const auto options = std::make_shared<UnblockOptions>();
  CLI::App& verb = add_verb(commands, "unblock", "Lift blocks", "mailweir unblock 172.16.0.66",
                            [=, &commands] { return unblock(*options, commands.common); });
  verb.add_option("ADDRESS", options->clients, "Who; - is standard input")->type_name("ADDRESS");
  verb.add_flag("--all", options->all, "Everybody");
  verb.add_flag("--dry-run", options->dry_run, "Say what would be done, and change nothing");
}

void add_cases(Commands& commands) {
  add_verb(commands, "blocks", "Who is blocked, until when, by whom and why", "mailweir blocks",
           [&commands] { return blocks(commands.common); });
  const auto why_options = std::make_shared<WhyOptions>();
  add_verb(commands, "why", "The whole story of one client, to be read out", "mailweir why 172.16.0.66",
           [=, &commands] { return why(*why_options, commands.common); })
      .add_option("ADDRESS", why_options->client, "The client")
      ->required()
      ->type_name("ADDRESS");
  const auto history_options = std::make_shared<HistoryOptions>();
  const auto of_table = std::make_shared<bool>(false);
  CLI::App& verb =
      add_verb(commands, "history", "What was decided about whom, in the order it happened",
               "mailweir history --since 7d", [=, &commands] {
                 return *of_table ? history_of_table(commands.common) : history(*history_options, commands.common);
               });
  verb.add_option("ADDRESS", history_options->client, "Only this client")->type_name("ADDRESS");
  verb.add_option("--since", history_options->since, "From then on: RFC 3339, a date, or so long ago (2h)")
      ->type_name("TIME");
  verb.add_flag("--changes", *of_table, "Instead: the changes of the table, by whom, and how they ended");
}

void add_remove(Commands& commands) {
  const auto options = std::make_shared<RemoveOptions>();
  CLI::App& verb = add_verb(commands, "remove", "Take our table out of the kernel, blocks and all", "mailweir remove",
                            [options, &commands] { return remove(*options, commands.common); });
  verb.add_flag("--dry-run", options->dry_run, "Say what would go, and change nothing");
}

void add_plan(Commands& commands) {
  const auto options = std::make_shared<PlanOptions>();
  CLI::App& verb = add_verb(commands, "plan", "What would change in the kernel", "mailweir plan",
                            [options, &commands] { return plan(*options, commands.common); });
  verb.add_flag("--nft", options->nft, "As statements for nft");
}

void add_apply(Commands& commands) {
  const auto options = std::make_shared<ApplyOptions>();
  CLI::App& verb = add_verb(commands, "apply", "Put the policy into force, all of it or nothing",
                            "mailweir apply --confirm-within 60s",
                            [options, &commands] { return apply(*options, commands.common); });
  verb.add_flag("--yes", options->yes, "Do not ask at the terminal");
  verb.add_flag("--dry-run", options->dry_run, "Try it on the kernel, and change nothing");
  verb.add_option("--confirm-within", options->confirm_within, "Take it back unless `mailweir confirm` follows")
      ->type_name("TIME");
  verb.add_flag("--force", options->force, "Also when it would cut off your own session");
}

void add_status(Commands& commands) {
  add_verb(commands, "status", "Is everything in force that should be?", "mailweir status",
           [&commands] { return status(commands.common); });
}

void add_clients(Commands& commands) {
  const auto options = std::make_shared<ClientsOptions>();
  CLI::App& verb = add_verb(commands, "clients", "What the running guard knows of its clients", "mailweir clients",
                            [options, &commands] { return clients(*options, commands.common); });
  verb.add_option("ADDRESS", options->client, "Only this client, with its evidence")->type_name("ADDRESS");
  verb.add_flag("--model", options->model, "Instead: what new mail networks are judged by, learned and as shipped");
  verb.add_flag("--all", options->all, "Also clients without any sign of spam");
  verb.add_option("--file", options->file, "An answer kept with --json, instead of asking the guard")
      ->type_name("FILE");
}

void add_verify(Commands& commands) {
  add_verb(commands, "verify", "Prove every rule by a connection attempt and its counter", "mailweir verify",
           [&commands] { return verify(commands.common); });
}

void add_generations(Commands& commands) {
  add_verb(commands, "confirm", "Keep the change that waits for it", "mailweir confirm",
           [&commands] { return confirm(commands.common); });
  const auto to = std::make_shared<RollbackOptions>();
  CLI::App& back = add_verb(commands, "rollback", "Take the last change back, or return to a generation",
                            "mailweir rollback 3", [to, &commands] { return rollback(*to, commands.common); });
  back.add_option("GENERATION", to->generation, "Its number in the history")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  const auto what = std::make_shared<RestoreOptions>();
  CLI::App& restored =
      add_verb(commands, "restore", "Load the last confirmed table, as the boot does", "mailweir restore --boot",
               [what, &commands] { return restore(*what, commands.common); });
  restored.add_flag("--boot", what->boot, "What was confirmed last; a change that waited is over");
}

void add_init(Commands& commands) {
  const auto options = std::make_shared<InitOptions>();
  CLI::App& verb = add_verb(commands, "init", "Look at this machine and write a first policy", "mailweir init --print",
                            [options, &commands] { return init(*options, commands.common); });
  verb.add_flag("--print", options->print, "Print it, and write nothing");
  verb.add_flag("--force", options->force, "Replace a policy that is there");
}

void add_export(Commands& commands) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App& verb = add_verb(commands, "export", "The policy in the files of other programs",
                            "mailweir export iptables --to /etc/iptables/rules.v4",
                            [options, &commands] { return export_files(*options, commands.common); });
  verb.add_option("FORMAT", options->format, "Whose file")
      ->required()
      ->check(
          CLI::IsMember({"iptables", "ip6tables", "nft", "rsyslog", "logrotate", "systemd", "ifupdown", "sysvinit"}));
  verb.add_option("--to", options->to, "Write it there instead of standard output")->type_name("FILE");
}

void add_install(Commands& commands) {
  const auto options = std::make_shared<InstallOptions>();
  const auto add = [&](const char* name, const char* what, const char* example, bool in) {
    CLI::App& verb = add_verb(commands, name, what, example, [=, &commands] {
      return in ? install(*options, commands.common) : uninstall(*options, commands.common);
    });
    verb.add_flag("--dry-run", options->dry_run, "Say which files, and change nothing");
    verb.add_option("--root", options->root, "Below this folder, and start nothing: for packages")->type_name("DIR");
  };
  add("install", "Let the boot load the confirmed table and start the guard", "mailweir install --dry-run", true);
  add("uninstall", "Take away what install wrote; the table stays", "mailweir uninstall", false);
}

// Everything there is; what `mailweir --help` lists, in this order.
void add_everything(Commands& commands) {
  CLI::App& app = commands.app;
  app.name("mailweir");
  app.set_help_flag("-h,--help", "This help");
  app.formatter_fn([](const CLI::App* about, const std::string&, CLI::AppFormatMode) {
    const CLI::App* parent = about->get_parent();
    const CommandTree tree = tree_of(parent == nullptr ? *about : *parent);
    return parent == nullptr ? program_help(tree) : verb_help(*tree.find(about->get_name()));
  });
  app.require_subcommand(0, 1);
  add_common_options(commands);
  add_analyze(commands);
  add_init(commands);
  add_check(commands);
  add_plan(commands);
  add_apply(commands);
  add_generations(commands);
  add_verify(commands);
  add_status(commands);
  add_run(commands);
  add_clients(commands);
  add_block(commands);
  add_unblock(commands);
  add_cases(commands);
  add_remove(commands);
  add_install(commands);
  add_export(commands);
  add_demo(commands);
  add_help(commands);
  add_completion(commands);
}

OptionFacts facts_of(const CLI::Option& option) {
  OptionFacts facts;
  facts.positional = option.get_positional();
  if (facts.positional) {
    facts.names = {option.get_name(true)};
  } else {
    for (const std::string& name : option.get_snames()) facts.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) facts.names.push_back("--" + name);
  }
  facts.what = option.get_description();
  if (const std::string fallback = option.get_default_str(); !fallback.empty())
    facts.what += fmt::format(" ({})", fallback);
  facts.required = option.get_required();
  facts.repeats = option.get_expected_max() > 1;
  if (option.get_type_size_max() == 0) return facts;  // a flag
  // CLI11 tells what a check allows only in the name of the type: "TEXT:{auto,always,never}", "N:INT in [1 - 9]".
  const std::string type = option.get_type_name();
  const auto colon = std::min(type.find(':'), type.size());
  facts.value = type.substr(0, colon);
  if (facts.value == "UINT" || facts.value == "INT") facts.value = "N";
  if (type.compare(colon, 2, ":{") != 0) return facts;
  std::string list = type.substr(colon + 2, type.size() - colon - 3);
  for (auto comma = list.find(','); comma != std::string::npos; comma = list.find(',')) {
    facts.choices.push_back(list.substr(0, comma));
    list.erase(0, comma + 1);
  }
  facts.choices.push_back(list);
  return facts;
}

std::vector<OptionFacts> options_of(const CLI::App& app) {
  std::vector<OptionFacts> options;
  for (const CLI::Option* option : app.get_options()) options.push_back(facts_of(*option));
  return options;
}

CommandTree tree_of(const CLI::App& app) {
  CommandTree tree;
  tree.what = app.get_description();
  tree.options = options_of(app);
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    VerbFacts facts{verb->get_name(), verb->get_description(), verb->get_footer(), {}};
    for (OptionFacts& option : options_of(*verb))
      if (option.names.front() != "-h") facts.options.push_back(std::move(option));  // every verb has it
    tree.verbs.push_back(std::move(facts));
  }
  return tree;
}

// One mistake, the nearest spelling, and where to read on.
int usage_mistake(const Commands& commands, const CLI::ParseError& error) {
  const auto named = commands.app.get_subcommands();
  const std::string verb = named.empty() ? "" : named.front()->get_name();
  std::string mistake = (verb.empty() ? "" : verb + ": ") + escape(error.what());
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> left = commands.app.remaining(true);
    if (!left.empty()) mistake = unexpected_word(tree_of(commands.app), verb, left.front());
  }
  fmt::print(stderr, "mailweir: {}\nTry: mailweir {}--help\n", mistake, verb.empty() ? "" : verb + " ");
  return kUsage;
}

}  // namespace

CommandTree command_tree() {
  Commands commands;
  add_everything(commands);
  return tree_of(commands.app);
}

int run_command(int argc, char** argv) try {
  Commands commands;
  add_everything(commands);
  try {
    commands.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return commands.app.exit(error);  // --help, --version
    return usage_mistake(commands, error);
  }
  if (!commands.chosen) {
    fmt::print("{}", commands.app.help());
    return kUsage;
  }
  return commands.chosen();
} catch (const std::exception& exception) {
  fmt::print(stderr, "mailweir: unexpected: {}; please report this\n", exception.what());
  return 4;
}

}  // namespace mailweir
