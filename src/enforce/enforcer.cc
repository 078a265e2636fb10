#include "enforce/enforcer.h"

#include <algorithm>

#include "base/mail_ports.h"
#include "base/must.h"
#include "decide/case_of.h"

namespace mailweir {
namespace {

// The kernel counts in milliseconds; a block of less is over.
bool is_over(const EnforcedBlock& enforced, Time now) { return enforced.until - now < std::chrono::milliseconds(1); }

bool is_throttle(const EnforcedBlock& enforced) { return enforced.block.scope == BlockScope::SlowedDown; }

std::vector<Block> blocks_for(auto& enforced_blocks, Time now) {
  std::vector<Block> blocks;
  for (EnforcedBlock& enforced : enforced_blocks) {
    blocks.push_back(enforced.block);
    blocks.back().length = std::min<Duration>(enforced.block.length, enforced.until - now);
  }
  return blocks;
}

}  // namespace

BlockScope scope_of(const std::vector<MailRole>& roles) {
  const auto has = [&](MailRole role) { return std::find(roles.begin(), roles.end(), role) != roles.end(); };
  if (has(MailRole::Transfer) == has(MailRole::Submission)) return BlockScope::AllSending;
  return has(MailRole::Transfer) ? BlockScope::TransferOnly : BlockScope::SubmissionOnly;
}

std::vector<MailRole> roles_of(BlockScope scope) {
  switch (scope) {
    case BlockScope::TransferOnly:
      return {MailRole::Transfer};
    case BlockScope::SubmissionOnly:
      return {MailRole::Submission};
    case BlockScope::SlowedDown:
      return {MailRole::Transfer};
    case BlockScope::AllSending:
      break;
  }
  return {MailRole::Transfer, MailRole::Submission};
}

Block block_of(const CaseRecord& record) {
  const bool slowed = record.action == Decision::Action::Throttle;
  const BlockScope scope = slowed ? BlockScope::SlowedDown : scope_of(roles_of(record.ports));
  return {record.client, scope, record.id, record.until - record.since, {}, 0};
}

Result<std::vector<EnforcedBlock>> Enforcer::resume(Time now) {
  auto blocks = kernel_.blocks();
  if (!blocks) return fail(std::move(blocks).error());
  std::vector<EnforcedBlock> resumed;
  for (Block& block : *blocks) {
    EnforcedBlock enforced{std::move(block), {}};
    enforced.until = now + enforced.block.left;
    keep(enforced);
    resumed.push_back(std::move(enforced));
  }
  return resumed;
}

void Enforcer::keep(const EnforcedBlock& enforced) {
  const auto [entry, is_new] = in_force_.try_emplace(enforced.block.client, enforced);
  if (!is_new) {
    slowed_ -= is_throttle(entry->second) ? 1 : 0;
    entry->second = enforced;
  }
  slowed_ += is_throttle(enforced) ? 1 : 0;
  ends_.emplace(enforced.until, enforced.block.client);
}

template <typename Over>
void Enforcer::forget(Over is_over) {
  std::erase_if(in_force_, [&](const auto& entry) {
    if (!is_over(entry.second)) return false;
    slowed_ -= is_throttle(entry.second) ? 1 : 0;
    return true;
  });
}

std::optional<Time> Enforcer::next_count() const {
  return ends_.empty() ? std::nullopt : std::optional(ends_.begin()->first - kCountBefore);
}

std::vector<CaseCounted> Enforcer::count_ending(Time now) {
  std::vector<IpPrefix> clients;
  while (!ends_.empty() && ends_.begin()->first - kCountBefore <= now) {
    const auto [until, client] = *ends_.begin();
    ends_.erase(ends_.begin());
    // A longer block may have taken its place.
    const auto found = in_force_.find(client);
    if (found != in_force_.end() && found->second.until == until && now < until) clients.push_back(client);
  }
  std::vector<CaseCounted> counted;
  if (clients.empty()) return counted;
  const auto blocks = kernel_.blocks_of(clients);
  if (!blocks) return counted;
  for (const Block& block : *blocks) counted.push_back({block.case_id, block.stopped});
  return counted;
}

void Enforcer::want(const Decision& decision) {
  MUST(decision.action == Decision::Action::Block || decision.action == Decision::Action::Throttle);
  const IpPrefix client = decision.finding.client;
  if (waiting_.size() >= kWaitingMax && !waiting_.contains(client)) {
    ++counters_.given_up;
    return;
  }
  const bool slowed = decision.action == Decision::Action::Throttle;
  const BlockScope scope = slowed ? BlockScope::SlowedDown : scope_of(decision.roles);
  const Block block{client, scope, decision.case_id, decision.length, {}, 0};
  waiting_.insert_or_assign(client, EnforcedBlock{block, decision.since + decision.length});
}

Result<void> Enforcer::reconcile(Time now) {
  counters_.given_up += std::erase_if(waiting_, [&](const auto& entry) { return is_over(entry.second, now); });
  while (!waiting_.empty()) {
    std::vector<EnforcedBlock> batch;
    for (auto entry = waiting_.begin(); entry != waiting_.end() && batch.size() < kBlocksPerTransaction; ++entry) {
      batch.push_back(entry->second);
    }
    if (auto added = kernel_.add_blocks(blocks_for(batch, now)); !added) {
      ++counters_.failed;
      return added;
    }
    for (const EnforcedBlock& enforced : batch) {
      waiting_.erase(enforced.block.client);
      keep(enforced);
      confirmed_.push_back(enforced.block.case_id);
    }
    const auto slowed = std::count_if(batch.begin(), batch.end(), is_throttle);
    counters_.slowed += static_cast<std::uint64_t>(slowed);
    counters_.added += batch.size() - static_cast<std::uint64_t>(slowed);
  }
  return {};
}

bool Enforcer::is_news(IpPrefix client, const std::optional<std::string>& case_id) const {
  const auto found = in_force_.find(client);
  if (!case_id) return found != in_force_.end();
  return found == in_force_.end() || found->second.block.case_id != *case_id;
}

Result<Enforcer::OthersDid> Enforcer::follow(Time now) {
  auto blocks = kernel_.blocks();
  if (!blocks) return fail(std::move(blocks).error());
  advance(now);
  std::map<IpPrefix, EnforcedBlock> there;
  for (Block& block : *blocks) {
    EnforcedBlock enforced{std::move(block), {}};
    enforced.until = now + enforced.block.left;
    there.emplace(enforced.block.client, std::move(enforced));
  }
  OthersDid did;
  for (const auto& [client, enforced] : there) {
    if (!is_news(client, enforced.block.case_id)) continue;
    did.added.push_back(enforced);
    keep(enforced);
  }
  forget([&](const EnforcedBlock& enforced) {
    if (there.contains(enforced.block.client)) return false;
    did.lifted.push_back(enforced);
    return true;
  });
  return did;
}

Result<void> Enforcer::restore(Time now) {
  advance(now);
  std::vector<EnforcedBlock> running;
  for (const auto& [client, enforced] : in_force_) running.push_back(enforced);
  auto added = kernel_.add_blocks(blocks_for(running, now));
  if (added) {
    counters_.restored += running.size();
  } else {
    ++counters_.failed;
  }
  return added;
}

bool Enforcer::is_blocked(IpPrefix client, std::uint16_t port) const {
  const auto found = in_force_.find(client);
  const auto role = mail_role(port);
  if (found == in_force_.end() || !role || is_throttle(found->second)) return false;
  const auto roles = roles_of(found->second.block.scope);
  return std::find(roles.begin(), roles.end(), *role) != roles.end();
}

void Enforcer::advance(Time now) {
  forget([&](const EnforcedBlock& enforced) { return is_over(enforced, now); });
}

Result<void> Enforcer::lift(std::span<const IpPrefix> clients) {
  if (auto removed = kernel_.remove_blocks(clients); !removed) return removed;
  forget([&](const EnforcedBlock& enforced) {
    return std::find(clients.begin(), clients.end(), enforced.block.client) != clients.end();
  });
  return {};
}

}  // namespace mailweir
