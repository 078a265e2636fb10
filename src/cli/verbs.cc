#include "cli/verbs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/Config.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/analyze.h"
#include "cli/apply.h"
#include "cli/block.h"
#include "cli/cases.h"
#include "cli/check.h"
#include "cli/clients.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/demo.h"
#include "cli/dns_check.h"
#include "cli/dns_zone.h"
#include "cli/explain.h"
#include "cli/export.h"
#include "cli/help.h"
#include "cli/init.h"
#include "cli/install.h"
#include "cli/lint.h"
#include "cli/observe.h"
#include "cli/plan.h"
#include "cli/remove.h"
#include "cli/restore.h"
#include "cli/run.h"
#include "cli/status.h"
#include "cli/trace.h"
#include "cli/unblock.h"
#include "cli/verify.h"
#include "cli/version.h"
#include "lab/demo.h"
#include "lab/places.h"
#include "lab/population.h"

namespace mailweir {
namespace {

// A verb runs `action` once the whole command line was understood.
CLI::App& add_verb(Commands& commands, const char* name, const char* what, const char* example,
                   std::function<int()> action, CLI::App* within = nullptr) {
  CLI::App& verb = *(within == nullptr ? &commands.app : within)->add_subcommand(name, what);
  verb.footer(example);
  verb.callback([&commands, action = std::move(action)] { commands.chosen = action; });
  return verb;
}

// A list between commas, or the option several times.
CLI::Option& add_list(CLI::App& verb, const char* name, std::vector<std::string>& to, const char* what,
                      const char* type) {
  return *verb.add_option(name, to, what)
              ->type_name(type)
              ->delimiter(',')
              ->expected(1)
              ->allow_extra_args(false)
              ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_analyze(Commands& commands) {
  const auto options = std::make_shared<AnalyzeOptions>();
  CLI::App& verb = add_verb(commands, "analyze", "Who sends spam in these kernel logs, journals or captures?",
                            "mailweir analyze --since 24h /var/log/kern.log",
                            [=, &commands] { return analyze(*options, commands.common); });
  verb.add_option("FILE", options->files, "Plain, .gz or .zst; - is standard input")->required()->type_name("FILE");
  verb.add_option("--since", options->since, "From then on: RFC 3339, a date, or so long ago (2h)")->type_name("TIME");
  verb.add_option("--until", options->until, "Before then")->type_name("TIME");
  add_list(verb, "--clients", options->clients, "Whose mail is judged; default: worked out", "NETWORK");
  add_list(verb, "--mail-servers", options->mail_servers, "Mail servers of yours: never spammers", "NETWORK");
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

void add_dns(Commands& commands) {
  CLI::App& group = *commands.app.add_subcommand("dns", "Names of the addresses mail leaves from");
  group.require_subcommand(1);
  const auto check = std::make_shared<DnsCheckOptions>();
  CLI::App& check_verb = add_verb(
      commands, "check", "Is the NAT pool fit to send mail? PTR, forward names, zones",
      "mailweir dns check 198.51.100.0/24", [=, &commands] { return dns_check(*check, commands.common); }, &group);
  check_verb.add_option("ADDRESS", check->what, "Address, range or prefix; default: `public` and this machine's own")
      ->type_name("ADDRESS");
  check_verb.add_option("--server", check->server, "Ask this resolver, and nobody else; default: the machine's own")
      ->type_name("SERVER");
  check_verb.add_flag("--authoritative", check->authoritative, "Ask the zones' own servers, not a resolver's memory");
  add_list(check_verb, "--name-servers", check->name_servers,
           "Ask these servers for the reverse zones: before the delegation exists", "SERVER");
  add_list(check_verb, "--helo", check->helo, "What the mail server at an address calls itself", "ADDRESS=NAME");
  check_verb.add_flag("--blocklists", check->blocklists, "Ask the policy's DNS blocklists too");
  check_verb.add_option("--rate", check->rate, "Questions a second to one server; 0: no limit")->type_name("N");
  check_verb.add_flag("--all", check->everyone, "List what is in order too");

  const auto zone = std::make_shared<DnsZoneOptions>();
  CLI::App& zone_verb = add_verb(
      commands, "zone", "Write the reverse zone, the forward records and the servers' configuration",
      "mailweir dns zone 198.51.100.0/24 --name 'out{n}.example.net'",
      [=, &commands] { return dns_zone(*zone, commands.common); }, &group);
  zone_verb.add_option("PREFIX", zone->what, "Address, range or prefix")->type_name("PREFIX");
  zone_verb.add_option("--name", zone->pattern, "The names: {n} counts, {a} to {d} are the octets, {ip} the address")
      ->type_name("PATTERN");
  zone_verb.add_option("--table", zone->table, "The names: a line for each, ADDRESS NAME; - is standard input")
      ->type_name("FILE");
  zone_verb.add_option("--first", zone->first, "What {n} begins with")->type_name("N")->capture_default_str();
  add_list(zone_verb, "--name-servers", zone->name_servers, "Who serves the zone; default: ns1 and ns2 of the domain",
           "NAME");
  zone_verb.add_option("--contact", zone->contact, "Who answers for the zone; default: hostmaster of the domain")
      ->type_name("MAIL");
  zone_verb.add_option("--delegated", zone->delegated, "The network that is delegated to you, when it is larger")
      ->type_name("PREFIX");
  zone_verb.add_option("--ttl", zone->ttl_s, "How long records may be remembered, in seconds")
      ->check(CLI::Range(60, 604800))
      ->type_name("N")
      ->capture_default_str();
  zone_verb.add_option("--update", zone->update, "This zone file: its other records stay, its serial grows")
      ->type_name("FILE");
  zone_verb.add_option("--to", zone->to, "Write everything into files of this folder")->type_name("DIR");
}

void add_help(Commands& commands) {
  const auto about = std::make_shared<std::vector<std::string>>();
  CLI::App& verb =
      add_verb(commands, "help", "What a verb does and which options it has", "mailweir help check", [=, &commands] {
        const CommandTree tree = command_tree();
        const std::string name = fmt::format("{}", fmt::join(*about, " "));
        if (const std::string verbs = group_help(tree, name); !verbs.empty()) {
          fmt::print("{}", verbs);
          return 0;
        }
        const VerbFacts* named = tree.find(name);
        if (named == nullptr && !about->empty()) {
          fmt::print(stderr, "mailweir: {}\n", unexpected_word(tree, "", name));
          return exit_status(ErrorCode::Usage);
        }
        fmt::print("{}", named == nullptr ? program_help(tree) : verb_help(*named));
        return 0;
      });
  verb.add_option("VERB", *about, "Without one: all verbs")->type_name("TEXT");
}

void add_completion(Commands& commands) {
  const auto shell = std::make_shared<std::string>();
  CLI::App& verb =
      add_verb(commands, "completion", "A completion script for a shell",
               "mailweir completion bash > /usr/share/bash-completion/completions/mailweir", [=, &commands] {
                 const CommandTree tree = command_tree();
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
  verb.add_option("--ports", options->ports, "Which mail ports; default: all that send")
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

void add_trace(Commands& commands) {
  const auto options = std::make_shared<TraceOptions>();
  CLI::App& verb = add_verb(commands, "trace", "What would become of a packet, rule by rule, and why",
                            "mailweir trace 'tcp 172.16.7.70:50000 > 203.0.113.9:25 in eth1 out eth0 syn'",
                            [options, &commands] { return trace(*options, commands.common); });
  verb.add_option("PACKET", options->packet, "PROTOCOL SOURCE > DESTINATION ...; ? where something is not known")
      ->type_name("PACKET");
  verb.add_option("--ruleset", options->ruleset,
                  "Rules of a file in any notation, - is standard input; default: the kernel's")
      ->type_name("FILE");
  verb.add_flag("--brief", options->brief, "Only the rules that matched");
  verb.add_option("--pcap", options->capture, "Instead of a packet, those of a capture file, one after another")
      ->type_name("FILE");
  verb.add_flag("--each", options->each, "Every packet of the capture by itself, not in groups of one fate");
  verb.add_option("--in", options->in, "Interface by which packets of the capture arrive")->type_name("NAME");
  verb.add_option("--out", options->out, "Interface by which they leave")->type_name("NAME");
  add_list(verb, "--own", options->own, "Addresses of the machine, with --ruleset; packets from there it sends itself",
           "ADDRESS");
}

void add_lint(Commands& commands) {
  const auto options = std::make_shared<LintVerbOptions>();
  CLI::App& verb = add_verb(commands, "lint", "What is wrong with these rules, how sure that is, and what mends it",
                            "mailweir lint /etc/iptables/rules.v4 /etc/iptables/rules.v6",
                            [options, &commands] { return lint(*options, commands.common); });
  verb.add_option("FILE", options->files,
                  "Rules of one machine, in any notation; - is standard input; default: the kernel's")
      ->type_name("FILE");
  verb.add_flag("--fix", options->fix, "Print the changes that were tried and mend something, as a diff");
  verb.add_flag("--all", options->all, "Every finding, however often the same");
  add_list(verb, "--only", options->only, "This check alone, by its id or number; may be repeated", "CHECK");
  add_list(verb, "--without", options->without, "Not this check; may be repeated", "CHECK");
  verb.add_flag("--list", options->list, "All checks, each with an example");
}

void add_explain(Commands& commands) {
  const auto options = std::make_shared<ExplainOptions>();
  CLI::App& verb =
      add_verb(commands, "explain", "Why is this line in the firewall's log? Rule, causes, remedies that were tried",
               "mailweir explain --ruleset rules.v4 < kern.log",
               [options, &commands] { return explain(*options, commands.common); });
  verb.add_option("LINE", options->lines, "A line of the log; default, and -: standard input, as many as there are")
      ->type_name("LINE");
  verb.add_option("--ruleset", options->ruleset,
                  "Rules of a file in any notation; default: those pasted with the lines, else the kernel's")
      ->type_name("FILE");
  verb.add_flag("--all", options->everything, "Every rule that did not take the packet, and every cause");
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
  verb.add_option("--answer-within", options->answer_within, "How long the question at the terminal waits (60s)")
      ->type_name("TIME");
  verb.add_flag("--force", options->force, "Also when it would cut off your own session");
}

void add_status(Commands& commands) {
  add_verb(commands, "status", "Is everything in force that should be?", "mailweir status",
           [&commands] { return status(commands.common); });
}

void add_observe(Commands& commands) {
  const auto options = std::make_shared<ObserveOptions>();
  CLI::App& verb =
      add_verb(commands, "observe", "Log attempts for a while; the kernel itself ends it",
               "mailweir observe --for 2h smtp", [=, &commands] { return observe(*options, commands.common); });
  verb.add_option("WHAT", options->what, "transfer, submission, retrieval, services, ports, ranges; default: sending")
      ->type_name("PORT");
  verb.add_option("--for", options->length, "How long: 90s, 15m, 2h; without it: list what runs")
      ->type_name("DURATION");
  add_list(verb, "--from", options->from, "Only attempts of these", "NETWORK");
  add_list(verb, "--hook", options->hooks, "Where; default: output and forward", "HOOK")
      .check(CLI::IsMember({"output", "forward", "input"}));
  verb.add_option("--log", options->log, "Where to; default: as the policy says")
      ->check(CLI::IsMember({"nflog", "kernel"}));
  verb.add_flag("--stop", options->stop, "End them all, or those with these numbers");
  verb.add_flag("--dry-run", options->dry_run, "Say what would be done, and change nothing");
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
  const auto options = std::make_shared<VerifyOptions>();
  CLI::App& verb = add_verb(commands, "verify", "Prove every rule by a connection attempt and its counter",
                            "mailweir verify --target smtp.example.net:25",
                            [options, &commands] { return verify(*options, commands.common); });
  verb.add_flag("--forward-probe", options->forward_probe,
                "Also on a gateway: attach a throw-away client and a throw-away outside for some seconds");
  verb.add_flag("--limit-probe", options->limit_probe, "Use up limits that real mail shares, to see them stop");
  verb.add_option("--target", options->target, "Probe this server, and see whether it answers without the rule")
      ->type_name("HOST:PORT");
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
      ->check(CLI::IsMember(
          {"iptables", "ip6tables", "ipset", "nft", "rsyslog", "logrotate", "systemd", "ifupdown", "sysvinit"}));
  verb.add_flag("--ipset", options->ipset, "Of iptables and ip6tables: look addresses up in the sets of export ipset");
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

}  // namespace

void add_verbs(Commands& commands) {
  add_common_options(commands);
  add_analyze(commands);
  add_init(commands);
  add_check(commands);
  add_plan(commands);
  add_apply(commands);
  add_generations(commands);
  add_verify(commands);
  add_status(commands);
  add_observe(commands);
  add_run(commands);
  add_clients(commands);
  add_block(commands);
  add_unblock(commands);
  add_cases(commands);
  add_trace(commands);
  add_explain(commands);
  add_lint(commands);
  add_remove(commands);
  add_install(commands);
  add_export(commands);
  add_dns(commands);
  add_demo(commands);
  add_help(commands);
  add_completion(commands);
}

}  // namespace mailweir
