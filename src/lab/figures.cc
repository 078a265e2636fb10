#include "lab/figures.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "lab/places.h"

namespace mailweir::lab {
namespace {

void add_mail(Figures& figures, Trade trade, const ClientTally& tally) {
  if (is_transfer_bot(trade)) return;  // told apart by the time of the block
  if (trade == Trade::AccountThief) {
    figures.mail_thieves += tally.accepted;
  } else {
    figures.mail_honest += tally.accepted;
    figures.honest_cut += tally.cut;
    figures.honest_given_up += tally.given_up;
  }
}

// Which count of blocked clients a block of this one raises, and whether the kernel alone decides.
void add_block(Figures& figures, Trade trade, bool in_kernel) {
  if (is_server(trade)) {
    ++figures.servers_blocked;
  } else if (!is_abuser(trade)) {
    ++figures.honest_blocked;
  } else if (in_kernel && trade == Trade::AccountThief) {
    ++figures.bots_other_blocked;
  }
}

}  // namespace

Figures figures_of(const Population& population, const Scoreboard& board, const GuardView& guard) {
  std::unordered_map<IpAddress, const GuardBlock*> decided;
  for (const GuardBlock& block : guard.decided)
    decided.try_emplace(block.client.base(), &block);  // the first one stopped it
  std::unordered_set<IpAddress> in_kernel;
  for (const IpPrefix& client : guard.in_kernel) in_kernel.insert(client.base());

  Figures figures;
  figures.clients = static_cast<std::uint32_t>(population.clients.size());
  figures.lost_events = guard.lost_events;
  for (std::uint32_t n = 0; n < figures.clients; ++n) {
    const Client& client = population.clients[n];
    const ClientTally& tally = board.clients()[n];
    const IpAddress key = client_prefix(client.address).base();
    const auto decision = decided.find(key);
    const bool held = in_kernel.contains(key);
    figures.connections += tally.opened;
    add_mail(figures, client.trade, tally);
    if (held || decision != decided.end()) add_block(figures, client.trade, held);
    if (client.trade == Trade::AccountThief) ++figures.bots_other;
    if (is_transfer_bot(client.trade)) ++figures.bots_all;
    const bool counts = is_transfer_bot(client.trade) && tally.opened >= kBotConnectionsMin;
    if (counts) ++figures.bots;
    if (!is_abuser(client.trade) && !is_server(client.trade)) continue;

    Story story{n, client.trade, client.address, tally.opened, tally.accepted, 0, {}, {}};
    if (held && decision != decided.end()) {
      const Time at = decision->second->at;
      const AbuserLog* log = board.log_of(n);
      story.blocked_after = log != nullptr ? log->opened.until(at) : tally.opened.load();
      if (log != nullptr) story.accepted_after_block = log->accepted.count - log->accepted.until(at);
      story.packet_to_block_us = decision->second->packet_to_block_us;
    } else if (held) {
      story.blocked_after = tally.opened.load();  // the guard's word has not arrived yet
    }
    if (is_transfer_bot(client.trade) && story.blocked_after) ++figures.bots_all_blocked;
    if (counts && story.blocked_after) {
      ++figures.bots_blocked;
      figures.connections_to_block.push_back(*story.blocked_after);
    }
    if (is_transfer_bot(client.trade)) {
      figures.spam_before_block += story.accepted - story.accepted_after_block;
      figures.spam_after_block += story.accepted_after_block;
    }
    figures.stories.push_back(story);
  }
  for (const GuardBlock& block : guard.decided) {
    if (block.packet_to_block_us) figures.packet_to_block_us.push_back(*block.packet_to_block_us);
  }
  std::ranges::sort(figures.connections_to_block);
  std::ranges::sort(figures.packet_to_block_us);
  std::ranges::stable_sort(figures.stories, {}, &Story::trade);
  return figures;
}

bool expectation_held(const Figures& figures) {
  return figures.bots_blocked == figures.bots && figures.honest_blocked == 0 && figures.servers_blocked == 0;
}

}  // namespace mailweir::lab
