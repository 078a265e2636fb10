#include "decide/decider.h"

namespace mailweir {

ClientHistory Decider::history(IpPrefix client, Time now) const {
  const auto found = clients_.find(client);
  if (found == clients_.end() || *found->second.until + kForgiven < now) return {};
  return found->second;
}

Decision Decider::decide(const ClientReport& finding, Time now) {
  Decision decision = mailweir::decide(finding, policy_, history(finding.client, now), mode_, case_ids_.next(now), now);
  if (decision.action == Decision::Action::Block || decision.action == Decision::Action::WatchOnly) remember(decision);
  return decision;
}

void Decider::remember(const Decision& decision) {
  const IpPrefix client = decision.finding.client;
  if (const auto found = clients_.find(client); found != clients_.end()) {
    by_end_.erase({*found->second.until, client});
  } else if (clients_.size() >= kClientsMax) {
    clients_.erase(by_end_.begin()->second);
    by_end_.erase(by_end_.begin());
    ++forgotten_;
  }
  clients_[client] = {.blocks = decision.repeat + 1, .until = end_of(decision), .roles = decision.roles};
  by_end_.insert({end_of(decision), client});
}

std::vector<IpPrefix> Decider::ended(Time now) {
  std::vector<IpPrefix> clients;
  const std::pair after{ended_until_, IpPrefix::host({~0ULL, ~0ULL})};
  for (auto block = by_end_.upper_bound(after); block != by_end_.end() && block->first <= now; ++block) {
    clients.push_back(block->second);
  }
  ended_until_ = std::max(ended_until_, now);
  return clients;
}

std::optional<Time> Decider::next_end() const {
  const auto block = by_end_.upper_bound({ended_until_, IpPrefix::host({~0ULL, ~0ULL})});
  return block == by_end_.end() ? std::nullopt : std::optional(block->first);
}

}  // namespace mailweir
