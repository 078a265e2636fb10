#include "decide/decider.h"

#include <algorithm>

namespace mailweir {

ClientHistory Decider::history(IpPrefix client, Time now) const {
  const auto found = clients_.find(client);
  if (found == clients_.end() || *found->second.until + kForgiven < now) return {};
  return found->second;
}

Decision Decider::decide(const ClientReport& finding, Time now) {
  Decision decision = mailweir::decide(finding, policy_, history(finding.client, now), mode_, case_ids_.next(now), now);
  if (decision.action == Decision::Action::Block || decision.action == Decision::Action::WatchOnly) {
    remember(finding.client, {.blocks = decision.repeat + 1, .until = end_of(decision), .roles = decision.roles});
  }
  return decision;
}

void Decider::remember(IpPrefix client, ClientHistory history) {
  if (const auto found = clients_.find(client); found != clients_.end()) {
    by_end_.erase({*found->second.until, client});
  } else if (clients_.size() >= kClientsMax) {
    clients_.erase(by_end_.begin()->second);
    by_end_.erase(by_end_.begin());
    ++forgotten_;
  }
  by_end_.insert({*history.until, client});
  clients_[client] = std::move(history);
}

void Decider::recall(IpPrefix client, const ClientHistory& history) {
  if (!history.until) return;
  const auto found = clients_.find(client);
  if (found != clients_.end() && *found->second.until > *history.until) return;
  remember(client, history);
}

void Decider::lifted(IpPrefix client, Time now) {
  const auto found = clients_.find(client);
  if (found == clients_.end() || *found->second.until <= now) return;
  ClientHistory history = found->second;
  history.blocks -= std::min<std::uint32_t>(history.blocks, 1);
  history.until = std::max(now, ended_until_ + Duration(1));  // so that ended() still tells it
  remember(client, std::move(history));
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
