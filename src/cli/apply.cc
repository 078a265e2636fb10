#include "cli/apply.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apply/change.h"
#include "apply/linux_kernel.h"
#include "apply/way_back.h"
#include "base/escape.h"
#include "cli/access_view.h"
#include "cli/change_text.h"
#include "cli/give_up.h"
#include "cli/install.h"
#include "cli/observation_view.h"
#include "cli/policy_table.h"
#include "cli/screen.h"
#include "report/json.h"
#include "report/words.h"
#include "sys/poller.h"
#include "sys/terminal.h"

namespace mailweir {
namespace {

// What a person at the terminal has to look at their rules and answer.
constexpr Duration kAskedFor = std::chrono::seconds(60);

// Yes only when they say so in time.
bool answered_yes(std::string_view question, std::optional<Duration> within) {
  fmt::print(stderr, "{} [y/N] ", question);
  std::fflush(stderr);
  auto poller = Poller::open();
  if (!poller || !poller->watch(STDIN_FILENO, 0)) return false;
  const auto ready = poller->wait(within);
  if (!ready || ready->empty()) {
    fmt::print(stderr, "\n");
    return false;
  }
  std::string line;
  return std::getline(std::cin, line) && (line == "y" || line == "Y" || line == "yes");
}

bool touches_this_machine(const CompiledTable& table) {
  return std::any_of(table.rules.begin(), table.rules.end(),
                     [](const RuleInfo& rule) { return rule.hook != RuleHook::Forward; });
}

struct Answer {
  std::string result;
  int generation = 0;
  std::optional<Time> deadline;
  AccessReport access;
  std::vector<TableChange> changes;
};

void tell(const Answer& answer, const CompiledTable& table, const CommonOptions& common) {
  if (common.json) {
    auto json = json_answer("apply");
    json["result"] = answer.result;
    json["generation"] = answer.generation;
    json["deadline"] = json_time(answer.deadline);
    add_access(json, answer.access);
    json["changes"] = changes_json(answer.changes, table);
    std::fputs(print_json(json).c_str(), stdout);
    return;
  }
  if (common.quiet) return;
  if (answer.result == "unchanged") fmt::print("Nothing to do: the kernel has what the policy asks for.\n");
  if (answer.result == "applied") {
    fmt::print("In force: generation {}, {}. {}\n", answer.generation, changes_count(answer.changes), after_a_reboot());
  }
  if (answer.result == "pending") {
    fmt::print(
        "In force until {} UTC: generation {}, {}.\nKeep it with `mailweir confirm`; otherwise it is taken back.\n",
        time_text(*answer.deadline), answer.generation, changes_count(answer.changes));
  }
  if (answer.result == "reverted") fmt::print("Taken back: generation {}.\n", answer.generation);
}

class Application {
 public:
  Application(const ApplyOptions& options, const CommonOptions& common, const PolicyTable& wish, Kernel& kernel)
      : options_(options),
        common_(common),
        wish_(wish),
        kernel_(kernel),
        store_(common.state_dir),
        changes_(kernel, store_, clock_) {}

  int run(std::optional<Duration> confirm_within, Duration answer_within);

 private:
  int show_only();
  int refuse();
  Result<ChangeResult> change(std::optional<Duration> confirm_within);
  int ask_to_keep(Answer answer);

  const ApplyOptions& options_;
  const CommonOptions& common_;
  const PolicyTable& wish_;
  Kernel& kernel_;
  GenerationStore store_;
  SystemClock clock_;
  Changes changes_;
  AccessReport access_;
};

int Application::show_only() {
  const auto plan = plan_change(kernel_, wish_.table.text, &store_);
  if (!plan) return give_up(plan.error());
  if (!plan->changes.empty()) {
    if (const auto checked = kernel_.check_statements(plan->statements); !checked) return give_up(checked.error());
  }
  if (common_.json) {
    tell({plan->changes.empty() ? "unchanged" : "dry-run", 0, {}, access_, plan->changes}, wish_.table, common_);
  } else if (plan->changes.empty()) {
    tell({"unchanged", 0, {}, access_, {}}, wish_.table, common_);
  } else {
    fmt::print("The kernel would take this ({}):\n\n{}", changes_count(plan->changes),
               changes_text(plan->changes, wish_.table, screen_of(stdout, common_).paint));
  }
  return 0;
}

int Application::refuse() {
  if (common_.json) tell({"refused", 0, {}, access_, {}}, wish_.table, common_);
  fmt::print(stderr, "mailweir: {}; {}\n", access_.lockout->text, way_out_of(*access_.lockout));
  return exit_status(ErrorCode::Refused);
}

Result<ChangeResult> Application::change(std::optional<Duration> confirm_within) {
  const ChangeOrder order{wish_.table.text, common_.config, wish_.text, current_operator().name, {}, confirm_within};
  return changes_.apply(order, [&](const Generation& generation) { return arm_way_back(store_, generation); });
}

int Application::ask_to_keep(Answer answer) {
  tell(answer, wish_.table, common_);
  const Duration left = *answer.deadline - clock_.now();
  if (answered_yes("Does everything still work? Keep it?", left)) {
    const auto confirmed = changes_.confirm();
    if (!confirmed) return give_up(confirmed.error());
    answer.result = "applied";
    tell(answer, wish_.table, common_);
    return 0;
  }
  // When nobody answered, the way back does the same at this moment.
  const auto reverted = changes_.revert_due(answer.generation, "not kept at the terminal");
  if (!reverted) return give_up(reverted.error());
  answer.result = "reverted";
  tell(answer, wish_.table, common_);
  return exit_status(ErrorCode::Reverted);
}

int Application::run(std::optional<Duration> confirm_within, Duration answer_within) {
  if (auto access = check_access(wish_.table, clock_.now()))
    access_ = std::move(*access);
  else if (!options_.force)
    return give_up(access.error());
  remark_on_access(access_, common_);
  if (access_.lockout && !options_.force) return refuse();
  if (options_.dry_run) return show_only();

  const bool asks = !options_.yes && !confirm_within && !common_.json && is_terminal(stdin) && is_terminal(stderr);
  const bool asks_after = asks && touches_this_machine(wish_.table);
  if (asks && !asks_after) {
    const auto plan = plan_change(kernel_, wish_.table.text, &store_);
    if (!plan) return give_up(plan.error());
    if (!plan->changes.empty()) {
      fmt::print("{}", changes_text(plan->changes, wish_.table, screen_of(stdout, common_).paint));
      if (!answered_yes("Apply this?", std::nullopt)) return exit_status(ErrorCode::Refused);
    }
  }
  const auto changed = change(asks_after ? answer_within : confirm_within);
  if (!changed) {
    if (common_.json) tell({"refused", 0, {}, access_, {}}, wish_.table, common_);
    return give_up(changed.error());
  }
  Answer answer{"unchanged", changed->generation, changed->deadline, access_, changed->changes};
  if (changed->kind == ChangeResult::Kind::Applied) answer.result = "applied";
  if (changed->kind == ChangeResult::Kind::Pending) answer.result = "pending";
  if (asks_after && answer.result == "pending") return ask_to_keep(std::move(answer));
  tell(answer, wish_.table, common_);
  remark_on_observations(common_);
  return 0;
}

// Nothing: it was not given.
Result<std::optional<Duration>> time_of(std::string_view option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto time = parse_duration(text);
  if (time && *time > Duration{0}) return time;
  return fail(ErrorCode::Usage, fmt::format("{}: '{}' is not a time; examples: 60s, 5m", option, escape(text, 32)));
}

}  // namespace

int apply(const ApplyOptions& options, const CommonOptions& common) {
  const auto confirm_within = time_of("--confirm-within", options.confirm_within);
  if (!confirm_within) return give_up(confirm_within.error());
  const auto answer_within = time_of("--answer-within", options.answer_within);
  if (!answer_within) return give_up(answer_within.error());
  const auto wish = load_policy_table(common.config);
  if (!wish) return give_up(wish.error());
  const auto kernel = open_linux_kernel();
  if (!kernel) return give_up(kernel.error());
  return Application(options, common, *wish, **kernel).run(*confirm_within, answer_within->value_or(kAskedFor));
}

}  // namespace mailweir
