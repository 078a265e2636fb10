#include "cli/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/case_book.h"
#include "cli/client_arguments.h"
#include "cli/screen.h"
#include "report/case_json.h"
#include "report/case_text.h"
#include "report/json.h"
#include "sys/clock.h"

namespace mailweir {
namespace {

int failed(const Error& error) {
  fmt::print(stderr, "mailweir: {}\n", error.text());
  return exit_status(error.code());
}

CaseStyle style_of(Time now, const CommonOptions& common) {
  const Screen screen = screen_of(stdout, common);
  return {now, screen.width, common.quiet, screen.paint};
}

void print_cases(const char* verb, std::span<const CaseView> cases) {
  auto answer = json_answer(verb);
  answer["cases"] = cases_json(cases);
  std::fputs(print_json(answer).c_str(), stdout);
}

// Without the ledger the kernel still tells who is blocked.
std::vector<CaseRecord> cases_or_remark(const CommonOptions& common, const CaseQuery& query) {
  auto cases = read_cases(common, query);
  if (cases) return std::move(*cases);
  remark(common, cases.error().text() + "; reasons are not known; ignoring");
  return {};
}

}  // namespace

int blocks(const CommonOptions& common) {
  const auto kernel = ask_kernel();
  if (!kernel) return failed(kernel.error());
  if (!kernel->blocks) return failed(Error(ErrorCode::NotPermitted, kernel->trouble));
  const Time now = SystemClock().now();
  CaseQuery query;
  query.ends_after = now;
  query.carried_out_only = true;
  const auto views = running_views(*kernel->blocks, cases_or_remark(common, query), now);
  if (common.json) {
    print_cases("blocks", views);
  } else {
    std::fputs(blocks_text(views, style_of(now, common)).c_str(), stdout);
  }
  return 0;
}

int why(const WhyOptions& options, const CommonOptions& common) {
  const auto client = client_argument(options.client);
  if (!client) return failed(client.error());
  auto kernel = ask_kernel();
  if (!kernel) return failed(kernel.error());
  CaseQuery query;
  query.client = *client;
  if (kernel->blocks) {
    std::erase_if(*kernel->blocks, [&](const Block& block) { return block.client != *client; });
  } else {
    remark(common, kernel->trouble + ": only what the ledger says is told");
  }
  // With no kernel to ask there is nothing else to tell.
  auto cases = read_cases(common, query);
  if (!cases && !kernel->blocks) return failed(cases.error());
  if (!kernel->blocks && cases->empty()) {
    return failed(Error(ErrorCode::NotPermitted, "the ledger knows no case of " + client->text()));
  }
  if (!cases) remark(common, cases.error().text() + "; reasons are not known; ignoring");
  const Time now = SystemClock().now();
  const auto views = all_views(*kernel, cases ? *cases : std::vector<CaseRecord>{}, now);
  const auto runs = [&](Decision::Action action) {
    return std::any_of(views.begin(), views.end(), [&](const CaseView& view) {
      return view.state == CaseView::State::Running && view.record.action == action;
    });
  };
  const bool blocked = runs(Decision::Action::Block);
  if (common.json) {
    auto answer = json_answer("why");
    answer["client"] = client->text();
    answer["blocked"] = blocked;
    answer["slowed"] = runs(Decision::Action::Throttle);
    answer["cases"] = cases_json(views);
    std::fputs(print_json(answer).c_str(), stdout);
  } else {
    std::fputs(why_text(*client, views, style_of(now, common)).c_str(), stdout);
  }
  return blocked ? 0 : 1;
}

int history(const HistoryOptions& options, const CommonOptions& common) {
  const Time now = SystemClock().now();
  CaseQuery query;
  if (!options.client.empty()) {
    const auto client = client_argument(options.client);
    if (!client) return failed(client.error());
    query.client = *client;
  }
  if (!options.since.empty()) {
    const auto since = time_argument("--since", options.since, now);
    if (!since) return failed(since.error());
    query.since = *since;
  }
  const auto cases = read_cases(common, query);
  if (!cases) return failed(cases.error());
  auto kernel = ask_kernel();
  // The ledger's story is worth telling without the kernel.
  if (!kernel) kernel = KernelBlocks{std::nullopt, kernel.error().text()};
  if (kernel->blocks) {
    std::erase_if(*kernel->blocks, [&](const Block& block) {
      return std::none_of(cases->begin(), cases->end(),
                          [&](const CaseRecord& record) { return record.id == block.case_id; });
    });
  }
  const auto views = all_views(*kernel, *cases, now);
  if (common.json) {
    print_cases("history", views);
  } else {
    std::fputs(history_text(views, style_of(now, common)).c_str(), stdout);
  }
  return 0;
}

}  // namespace mailweir
