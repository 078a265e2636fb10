// The verbs about changes that were made: confirm, rollback, history.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "apply/change.h"
#include "apply/linux_kernel.h"
#include "base/escape.h"
#include "cli/apply.h"
#include "cli/give_up.h"
#include "cli/install.h"
#include "cli/screen.h"
#include "report/json.h"
#include "report/layout.h"
#include "report/words.h"
#include "sys/operator.h"

namespace mailweir {
namespace {

void tell(std::string_view verb, std::string_view result, const Generation& generation, const std::string& sentence,
          const CommonOptions& common) {
  if (common.json) {
    auto answer = json_answer(verb);
    answer["result"] = result;
    answer["generation"] = generation.number;
    std::fputs(print_json(answer).c_str(), stdout);
  } else if (!common.quiet) {
    fmt::print("{}\n", sentence);
  }
}

// Nothing is wrong; there is only nothing to do.
int said_no(const Error& error) {
  fmt::print(stderr, "mailweir: {}\n", error.text());
  return 1;
}

Result<Generation> generation_before(const std::vector<Generation>& generations) {
  if (const Generation* target = one_back(generations)) return *target;
  return fail(
      ErrorCode::NotFound,
      "there is no confirmed generation to go back to; `mailweir history --changes` lists all, `mailweir remove` "
      "takes the table away");
}

int roll_back_to(Changes& changes, const Generation& target, const CommonOptions& common) {
  const ChangeOrder order{target.table,
                          target.policy_file,
                          target.policy,
                          current_operator().name,
                          fmt::format("rollback to generation {}", target.number),
                          std::nullopt,
                          target.number};
  const auto changed = changes.apply(order, {});
  if (!changed) return give_up(changed.error());
  Generation told = target;
  if (changed->generation != 0) told.number = changed->generation;
  tell("rollback", changed->changes.empty() ? "unchanged" : "applied", told,
       fmt::format("The table of generation {} is in force again{}.", target.number,
                   told.number == target.number ? "" : fmt::format(", as generation {}", told.number)),
       common);
  return 0;
}

nlohmann::ordered_json generation_json(const Generation& generation) {
  nlohmann::ordered_json json;
  json["generation"] = generation.number;
  json["state"] = name_of(generation.state);
  json["time"] = json_time(generation.time);
  json["author"] = generation.author;
  json["deadline"] = json_time(generation.deadline);
  json["remark"] = generation.remark;
  json["returns_to"] =
      generation.returns_to == 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(generation.returns_to);
  json["policy_file"] = generation.policy_file;
  json["policy"] = generation.policy;
  json["difference"] = generation.difference;
  return json;
}

}  // namespace

int confirm(const CommonOptions& common) {
  const auto kernel = open_linux_kernel();
  if (!kernel) return give_up(kernel.error());
  const GenerationStore store(common.state_dir);
  const SystemClock clock;
  const auto confirmed = Changes(**kernel, store, clock).confirm();
  if (!confirmed) {
    return confirmed.error().code() == ErrorCode::NotFound ? said_no(confirmed.error()) : give_up(confirmed.error());
  }
  tell("confirm", "confirmed", *confirmed, fmt::format("Kept: generation {}. {}", confirmed->number, after_a_reboot()),
       common);
  return 0;
}

int rollback(const RollbackOptions& options, const CommonOptions& common) {
  const auto kernel = open_linux_kernel();
  if (!kernel) return give_up(kernel.error());
  const GenerationStore store(common.state_dir);
  const SystemClock clock;
  Changes changes(**kernel, store, clock);
  auto generations = store.list();
  if (const Generation* open = open_one(generations)) {
    const int number = open->number;
    const auto reverted = changes.revert_open("taken back by " + current_operator().name);
    if (!reverted && reverted.error().code() != ErrorCode::NotFound) return give_up(reverted.error());
    if (options.generation == 0) {
      tell("rollback", "reverted", reverted ? *reverted : *open, fmt::format("Taken back: generation {}.", number),
           common);
      return 0;
    }
    generations = store.list();
  }
  const auto target = options.generation == 0 ? generation_before(generations) : store.read(options.generation);
  if (!target) {
    if (options.generation == 0) return said_no(target.error());
    return give_up(Error(ErrorCode::NotFound, fmt::format("there is no generation {}", options.generation)));
  }
  if (target->is_removal())
    return give_up(
        Error(ErrorCode::Refused,
              fmt::format("generation {} took the table away: `mailweir remove` does that", target->number)));
  return roll_back_to(changes, *target, common);
}

int history_of_table(const CommonOptions& common) {
  const auto generations = GenerationStore(common.state_dir).list();
  if (common.json) {
    auto answer = json_answer("history");
    auto list = nlohmann::ordered_json::array();
    for (const Generation& generation : generations) list.push_back(generation_json(generation));
    answer["generations"] = std::move(list);
    std::fputs(print_json(answer).c_str(), stdout);
    return 0;
  }
  if (generations.empty()) {
    fmt::print("Nothing was ever applied here.\n");
    return 0;
  }
  const Screen screen = screen_of(stdout, common);
  Table table({{"", Table::Align::Right}, {"TIME (UTC)"}, {"STATE"}, {"BY"}, {"CHANGES"}});
  for (auto it = generations.rbegin(); it != generations.rend(); ++it) {
    table.add({std::to_string(it->number), time_text(it->time), std::string(name_of(it->state)), escape(it->author),
               std::to_string(it->difference.size())},
              escape(it->remark, 400));
  }
  fmt::print("{}", table.text(screen.width, screen.paint));
  return 0;
}

}  // namespace mailweir
