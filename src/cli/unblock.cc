#include "cli/unblock.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apply/linux_kernel.h"
#include "cli/case_book.h"
#include "cli/client_arguments.h"
#include "cli/screen.h"
#include "report/case_json.h"
#include "report/json.h"
#include "report/layout.h"
#include "report/words.h"
#include "sys/clock.h"
#include "sys/operator.h"

namespace mailweir {
namespace {

constexpr std::size_t kSentencesMax = 20;  // of those that say what was done to each

struct Lifting {
  std::vector<CaseView> lifted;
  std::vector<IpPrefix> not_blocked;
  bool recorded = true;
};

Result<Lifting> lift(const UnblockOptions& options, const CommonOptions& common) {
  if (options.all == !options.clients.empty())
    return fail(ErrorCode::Usage, "unblock: name the clients, or give --all");
  auto named = named_clients(options.clients, std::cin);
  if (!named) return fail(std::move(named).error());
  for (const std::string& text : named->remarks) remark(common, text);
  auto kernel = open_linux_kernel();
  if (!kernel) return fail(std::move(kernel).error());
  auto blocks = (*kernel)->blocks();
  if (!blocks && blocks.error().code() != ErrorCode::NotFound) return fail(std::move(blocks).error());
  if (!blocks) blocks.emplace();

  Lifting done;
  std::vector<Block> meant;
  if (options.all) meant = *blocks;
  for (const IpPrefix& client : named->clients) {
    const auto found =
        std::find_if(blocks->begin(), blocks->end(), [&](const Block& block) { return block.client == client; });
    if (found == blocks->end()) {
      done.not_blocked.push_back(client);
    } else {
      meant.push_back(*found);
    }
  }
  const Time now = SystemClock().now();
  CaseQuery query;
  query.ends_after = now;
  query.carried_out_only = true;
  const auto cases = read_cases(common, query);
  done.lifted = running_views(meant, cases ? *cases : std::vector<CaseRecord>{}, now);
  if (options.dry_run) return done;

  std::vector<IpPrefix> clients;
  std::vector<LedgerEntry> entries;
  const std::string who = current_operator().name;
  for (CaseView& view : done.lifted) {
    clients.push_back(view.record.client);
    view.record.ended = CaseEnd{now, who, false, view.packets_stopped};
    view.state = CaseView::State::Over;
    entries.emplace_back(CaseLifted{view.record.client, *view.record.ended});
  }
  if (auto removed = (*kernel)->remove_blocks(clients); !removed) return fail(std::move(removed).error());
  done.recorded = write_down(common, entries);
  return done;
}

std::string lifted_text(const Lifting& done, bool dry_run, bool quiet, const Screen& screen) {
  std::string text;
  for (std::size_t i = 0; i < std::min(done.lifted.size(), kSentencesMax); ++i) {
    const CaseView& view = done.lifted[i];
    const std::uint64_t stopped = view.packets_stopped.value_or(0);
    const bool slowed = view.record.action == Decision::Action::Throttle;
    text += wrap(fmt::format("{} {}{}: it was to last until {} UTC and stopped {}.", dry_run ? "Would lift" : "Lifted",
                             slowed ? "the throttle of " : "", view.record.client.text(), time_text(view.record.until),
                             count_of(stopped, "packet")),
                 screen.width, 0);
  }
  if (done.lifted.size() > kSentencesMax)
    text += fmt::format("... and {} more: {} in all.\n", count_text(done.lifted.size() - kSentencesMax),
                        count_of(done.lifted.size(), "client"));
  for (const IpPrefix& client : done.not_blocked) text += client.text() + " is neither blocked nor slowed down.\n";
  if (done.lifted.empty() && done.not_blocked.empty()) text += "Nobody is blocked or slowed down.\n";
  if (!quiet && !dry_run && !done.lifted.empty())
    text += wrap("Whoever goes on as before is found again; exempt in the policy keeps a client out for good.",
                 screen.width, 0);
  return text;
}

}  // namespace

int unblock(const UnblockOptions& options, const CommonOptions& common) {
  const auto done = lift(options, common);
  if (!done) {
    fmt::print(stderr, "mailweir: {}\n", done.error().text());
    return exit_status(done.error().code());
  }
  if (common.json) {
    auto answer = json_answer("unblock");
    answer["cases"] = cases_json(done->lifted);
    auto others = nlohmann::ordered_json::array();
    for (const IpPrefix& client : done->not_blocked) others.push_back(client.text());
    answer["not_blocked"] = std::move(others);
    std::fputs(print_json(answer).c_str(), stdout);
  } else {
    std::fputs(lifted_text(*done, options.dry_run, common.quiet, screen_of(stdout, common)).c_str(), stdout);
  }
  return done->not_blocked.empty() ? 0 : 1;
}

}  // namespace mailweir
