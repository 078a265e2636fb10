#include "cli/block.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apply/linux_kernel.h"
#include "base/escape.h"
#include "cli/block_plan.h"
#include "cli/case_book.h"
#include "cli/client_arguments.h"
#include "cli/screen.h"
#include "decide/case_of.h"
#include "decide/decider.h"
#include "enforce/enforcer.h"
#include "policy/read_policy.h"
#include "report/case_json.h"
#include "report/case_text.h"
#include "report/json.h"
#include "report/layout.h"
#include "report/words.h"
#include "sys/clock.h"
#include "sys/operator.h"

namespace mailweir {
namespace {

constexpr Duration kLengthMin = std::chrono::seconds(1);
constexpr Duration kLengthMax = std::chrono::days(366);  // no block is for ever
constexpr std::size_t kSentencesMax = 20;                // of those that say what was done to each

int failed(const Error& error) {
  fmt::print(stderr, "mailweir: {}\n", error.text());
  return exit_status(error.code());
}

Result<Duration> length_of(const std::string& text) {
  const auto length = parse_duration(text);
  if (!length)
    return fail(ErrorCode::Usage,
                fmt::format("--for: '{}' is not a duration; examples: 90s, 15m, 1h, 7d", escape(text, 64)));
  if (*length < kLengthMin || *length > kLengthMax)
    return fail(ErrorCode::Usage, "--for: a block lasts from 1s to 366d; every block ends by itself");
  return *length;
}

// The policy says who is exempt. A block by hand is wanted in a hurry: without a policy it works too, and says so.
std::optional<Policy> policy_of(const CommonOptions& common) {
  Diagnostics diagnostics;
  auto policy = read_policy(common.config, diagnostics);
  if (policy) return std::move(*policy);
  if (policy.error().code() != ErrorCode::NotFound)
    remark(common, fmt::format("{}: nobody is taken as exempt (mailweir check tells more)", policy.error().text()));
  return std::nullopt;
}

Result<void> refuse(const std::vector<IpPrefix>& clients, const Policy* policy, const Operator& who) {
  std::string text;
  for (const IpPrefix& client : clients) {
    if (const auto because = objection(client, policy, who.sessions)) text += *because + "; ";
  }
  if (text.empty()) return {};
  return fail(ErrorCode::Refused, text + "nothing was done; --force blocks all the same");
}

bool is_outside(const IpPrefix& client, const Policy* policy) {
  if (policy == nullptr || !policy->gateway) return false;
  const auto& clients = policy->gateway->clients.value;
  return std::none_of(clients.begin(), clients.end(), [&](const IpPrefix& prefix) { return prefix.contains(client); });
}

// What is worth knowing about a block that is set all the same.
void remark_on(const std::vector<IpPrefix>& clients, const Policy* policy, const CommonOptions& common) {
  for (const IpPrefix& client : clients) {
    if (rules_exempt(client, policy))
      remark(common, client.text() + " is exempt in the policy, and the rules let it pass: the block stops nothing");
    if (is_outside(client, policy))
      remark(common, client.text() + " is not among the clients of the policy: is it the right one?");
  }
}

std::vector<CaseRecord> cases_for(const std::vector<IpPrefix>& clients, const BlockOptions& options, Duration length,
                                  const std::vector<MailRole>& roles, const Operator& who,
                                  std::span<const CaseRecord> before, Time now) {
  const auto past = histories(before);
  CaseIds ids(CaseIds::Asked::ByHand);
  std::vector<CaseRecord> cases;
  for (const IpPrefix& client : clients) {
    CaseRecord record;
    record.id = ids.next(now);
    record.client = client;
    record.since = now;
    record.until = now + length;
    record.by = who.name;
    record.by_hand = true;
    record.reason = options.reason;
    record.ports = ports_of(std::span(roles));
    if (const auto known = past.find(client); known != past.end()) {
      const bool runs = *known->second.until > now;
      record.repeat = known->second.blocks - (runs && known->second.blocks > 0 ? 1 : 0);
    }
    cases.push_back(std::move(record));
  }
  return cases;
}

Result<void> set_blocks(Kernel& kernel, const std::vector<CaseRecord>& cases, BlockScope scope, bool make_table,
                        const Policy* policy) {
  if (make_table) {
    const auto table = table_for_hand(policy);
    if (!table) return fail(table.error());
    if (auto installed = kernel.install(*table); !installed) return fail(std::move(installed).error().in("our table"));
  }
  std::vector<Block> blocks;
  for (const CaseRecord& record : cases)
    blocks.push_back({record.client, scope, record.id, record.until - record.since, {}, 0});
  auto added = kernel.add_blocks(blocks);
  // The table is there, its sets of blocks are not.
  if (!added && added.error().code() == ErrorCode::NotFound) {
    return fail(ErrorCode::Refused,
                "the rules in force have no place for blocks: the policy that made them has no [gateway] section");
  }
  return added;
}

std::string blocked_text(const std::vector<CaseRecord>& cases, bool dry_run, const Screen& screen) {
  std::string text;
  for (std::size_t i = 0; i < std::min(cases.size(), kSentencesMax); ++i) {
    const CaseRecord& record = cases[i];
    text += wrap(fmt::format("{} {} on {} until {} UTC ({}){}.", dry_run ? "Would block" : "Blocked",
                             record.client.text(), ports_text(record.ports), time_text(record.until),
                             format_duration(record.until - record.since), dry_run ? "" : ", case " + record.id),
                 screen.width, 0);
  }
  if (cases.size() > kSentencesMax)
    text += fmt::format("... and {} more: {} in all.\n", count_text(cases.size() - kSentencesMax),
                        count_of(cases.size(), "client"));
  return text;
}

struct Blocking {
  std::vector<CaseRecord> cases;
  bool recorded = true;
};

Result<Blocking> block_clients(const BlockOptions& options, const CommonOptions& common) {
  const auto length = length_of(options.length);
  if (!length) return fail(length.error());
  auto named = named_clients(options.clients, std::cin);
  if (!named) return fail(std::move(named).error());
  for (const std::string& text : named->remarks) remark(common, text);
  const auto policy = policy_of(common);
  const Policy* rules = policy ? &*policy : nullptr;
  const Operator who = current_operator();
  if (!options.force) {
    if (auto refused = refuse(named->clients, rules, who); !refused) return fail(std::move(refused).error());
  }
  auto kernel = open_linux_kernel();
  if (!kernel) return fail(std::move(kernel).error());
  const auto table = (*kernel)->table();
  if (!table) return fail(table.error());
  const bool no_table = table->fingerprint == 0;
  const auto roles = roles_to_cut(options.ports);

  const Time now = SystemClock().now();
  CaseQuery query;
  query.ends_after = now - Decider::kForgiven;
  query.carried_out_only = true;
  query.with_evidence = false;
  if (named->clients.size() == 1) query.client = named->clients.front();
  const auto before = read_cases(common, query);
  Blocking done;
  done.cases =
      cases_for(named->clients, options, *length, roles, who, before ? *before : std::vector<CaseRecord>{}, now);
  remark_on(named->clients, rules, common);
  if (options.dry_run) return done;
  if (no_table) remark(common, "there was no table inet mailweir: one is made that holds blocks and watches nobody");
  if (auto set = set_blocks(**kernel, done.cases, scope_of(roles), no_table, rules); !set)
    return fail(std::move(set).error());
  const std::vector<LedgerEntry> entries(done.cases.begin(), done.cases.end());
  done.recorded = write_down(common, entries);
  return done;
}

}  // namespace

int block(const BlockOptions& options, const CommonOptions& common) {
  const auto done = block_clients(options, common);
  if (!done) return failed(done.error());
  if (common.json) {
    std::vector<CaseView> views;
    const auto state = options.dry_run ? CaseView::State::NotThere : CaseView::State::Running;
    for (const CaseRecord& record : done->cases)
      views.push_back({record, state, done->recorded && !options.dry_run, 0});
    auto answer = json_answer("block");
    answer["cases"] = cases_json(views);
    std::fputs(print_json(answer).c_str(), stdout);
  } else {
    std::fputs(blocked_text(done->cases, options.dry_run, screen_of(stdout, common)).c_str(), stdout);
  }
  return 0;
}

}  // namespace mailweir
