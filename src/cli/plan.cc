#include "cli/plan.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "apply/change.h"
#include "apply/linux_kernel.h"
#include "cli/access_view.h"
#include "cli/change_text.h"
#include "cli/give_up.h"
#include "cli/observation_view.h"
#include "cli/policy_table.h"
#include "cli/screen.h"
#include "report/json.h"
#include "sys/clock.h"

namespace mailweir {
int plan(const PlanOptions& options, const CommonOptions& common) {
  const auto wish = load_policy_table(common.config);
  if (!wish) return give_up(wish.error());
  const auto kernel = open_linux_kernel();
  if (!kernel) return give_up(kernel.error());
  const GenerationStore store(common.state_dir);
  const auto planned = plan_change(**kernel, wish->table.text, &store);
  if (!planned) return give_up(planned.error());

  const auto access = check_access(wish->table, SystemClock().now());
  if (!access) return give_up(access.error());

  if (common.json) {
    auto answer = json_answer("plan");
    answer["changes"] = changes_json(planned->changes, wish->table);
    answer["ruleset"] = planned->statements;
    add_access(answer, *access);
    std::fputs(print_json(answer).c_str(), stdout);
  } else if (options.nft) {
    std::fputs(planned->statements.c_str(), stdout);
  } else if (planned->changes.empty()) {
    fmt::print("Nothing to do: the kernel has what the policy asks for.\n");
  } else {
    const Screen screen = screen_of(stdout, common);
    fmt::print("The table inet mailweir would {} ({}):\n\n{}", planned->there ? "change" : "be made",
               changes_count(planned->changes), changes_text(planned->changes, wish->table, screen.paint));
  }
  remark_on_observations(common);
  remark_on_access(*access, common);
  if (!access->lockout) return 0;
  fmt::print(stderr, "mailweir: apply would refuse this: {}; {}\n", access->lockout->text,
             way_out_of(*access->lockout));
  return exit_status(ErrorCode::Refused);
}

}  // namespace mailweir
