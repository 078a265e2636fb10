// What the demonstration showed, computed from what happened: connections that clients opened, messages that servers
// accepted, decisions that the guard printed, elements that the kernel holds.
//
// Invariants
//   (1) A bot counts as blocked only when the kernel holds its block; an honest client counts as harmed when either the
//       kernel holds one or the guard said so.
//   (2) Nothing here knows what was expected; expectation_held() asks the numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/time.h"
#include "lab/population.h"
#include "lab/scoreboard.h"

namespace mailweir::lab {

// One block, as the guard told it.
struct GuardBlock {
  IpPrefix client = IpPrefix::host({});
  Time at;
  std::optional<double> packet_to_block_us;
  std::string case_id;
};

// What the guard and the kernel say at one moment.
struct GuardView {
  std::vector<GuardBlock> decided;  // in order of time
  std::vector<IpPrefix> in_kernel;
  std::uint64_t lost_events = 0;
};

// One client worth a line of its own: abusers and servers.
struct Story {
  std::uint32_t client = 0;
  Trade trade{};
  IpAddress address;
  std::uint32_t opened = 0;
  std::uint32_t accepted = 0;                  // messages, by servers outside
  std::uint32_t accepted_after_block = 0;      // of these; what was on its way may still arrive
  std::optional<std::uint32_t> blocked_after;  // connections opened until then; set when the kernel holds the block
  std::optional<double> packet_to_block_us;
};

struct Figures {
  std::uint32_t clients = 0;
  std::uint32_t bots = 0;        // on port 25, with at least kBotConnectionsMin connections
  std::uint32_t bots_all = 0;    // on port 25
  std::uint32_t bots_other = 0;  // account thieves
  std::uint32_t bots_blocked = 0, bots_all_blocked = 0, bots_other_blocked = 0, honest_blocked = 0, servers_blocked = 0;
  std::vector<std::uint32_t> connections_to_block;  // of the blocked port-25 bots, ascending
  std::vector<double> packet_to_block_us;           // of all blocks, ascending
  std::uint64_t connections = 0, mail_honest = 0, mail_thieves = 0;
  std::uint64_t spam_before_block = 0, spam_after_block = 0;  // of port-25 bots; without a block all of it is before
  std::uint64_t honest_cut = 0;       // dialogues of honest clients and servers that broke off in the middle
  std::uint64_t honest_given_up = 0;  // honest messages that found no way
  std::uint64_t lost_events = 0;
  std::vector<Story> stories;  // in the order of trades, then numbers
};
inline constexpr std::uint32_t kBotConnectionsMin = 30;

[[nodiscard]] Figures figures_of(const Population& population, const Scoreboard& board, const GuardView& guard);
// Every port-25 bot that made 30 connections is blocked, no honest client and no mail server is.
[[nodiscard]] bool expectation_held(const Figures& figures);

// The value that at least `share` of the values do not exceed (nearest rank); nothing without values. REQUIRES: sorted.
template <typename T>
[[nodiscard]] std::optional<T> quantile(const std::vector<T>& sorted, double share) {
  if (sorted.empty()) return std::nullopt;
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(sorted.size()) + 0.999999);
  return sorted[rank == 0 ? 0 : rank - 1];
}

}  // namespace mailweir::lab
