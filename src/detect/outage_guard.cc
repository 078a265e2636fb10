#include "detect/outage_guard.h"

#include <algorithm>

#include "detect/numbers.h"

namespace mailweir {
namespace {

using namespace numbers;

// The place of this client's vote: its own, else a free one, else the oldest.
template <typename Votes>
auto& place_for(Votes& votes, std::uint32_t client) {
  auto* oldest = &votes.front();
  for (auto& vote : votes) {
    if (vote.at_s != 0 && vote.client == client) return vote;
    if (vote.at_s < oldest->at_s) oldest = &vote;
  }
  return *oldest;
}

template <typename Votes>
UplinkVotes count(const Votes& votes, std::uint32_t now_s, std::chrono::seconds window,
                  std::optional<std::uint32_t> except) {
  UplinkVotes counted;
  const auto window_s = static_cast<std::uint32_t>(window.count());
  for (const auto& vote : votes) {
    if (vote.at_s == 0 || now_s - vote.at_s > window_s || vote.client == except) continue;
    ++counted.clients;
    if (vote.failed) ++counted.failing;
  }
  return counted;
}

std::uint32_t short_of(std::uint64_t client_hash) { return static_cast<std::uint32_t>(client_hash >> 32); }

}  // namespace

bool UplinkVotes::closed() const { return clients >= kUplinkClientsMin && failing > kUplinkFailShare * clients; }

// Seconds since a second before the first contact, so that 0 means never. Sources may go back by a little.
std::uint32_t OutageGuard::clock(Time time) {
  if (!started_) started_ = time;
  return time <= *started_ ? 1 : static_cast<std::uint32_t>((time - *started_) / std::chrono::seconds(1)) + 1;
}

OutageGuard::Group* OutageGuard::group_of(std::uint64_t mark, std::uint32_t now_s, bool make) {
  if (groups_.empty()) {
    if (!make) return nullptr;
    groups_.resize(kGroups);
  }
  Group* const first = &groups_[mark % (kGroups / kWays) * kWays];
  Group* const end = first + kWays;
  if (Group* found = std::find_if(first, end, [&](const Group& group) { return group.mark == mark; }); found != end)
    return found;
  if (!make) return nullptr;
  Group* const oldest =
      std::min_element(first, end, [](const Group& a, const Group& b) { return a.latest_s < b.latest_s; });
  if (oldest->latest_s != 0 && now_s - oldest->latest_s < std::chrono::seconds(kOutageWindow).count()) ++forgotten_;
  *oldest = Group{.mark = mark};
  return oldest;
}

bool OutageGuard::down_for_others(const Group& group, std::uint32_t client, std::uint32_t now_s) const {
  const UplinkVotes others = count(group.votes, now_s, kOutageWindow, client);
  return others.clients >= kOutageClientsMin && others.failing > kOutageFailShare * others.clients;
}

bool OutageGuard::uplink_closed_for_others(std::uint32_t client, std::uint32_t now_s) const {
  return count(uplink_, now_s, kUplinkWindow, client).closed();
}

bool OutageGuard::counts(const Contact& contact) {
  const std::uint32_t now_s = clock(contact.time);
  const std::uint32_t client = short_of(contact.client);
  // Only destinations that failed somebody are worth a place.
  Group* const group = group_of(contact.group, now_s, contact.failed && !contact.suspect);
  bool evidence = true;
  if (contact.failed && contact.first) {
    evidence = !(group != nullptr && down_for_others(*group, client, now_s)) &&
               !(contact.transfer && uplink_closed_for_others(client, now_s));
    if (!evidence) ++silenced_;
  }
  if (group != nullptr && !contact.suspect) {
    group->latest_s = now_s;
    place_for(group->votes, client) = {client, now_s, contact.failed};
  }
  if (contact.transfer) place_for(uplink_, client) = {client, now_s, contact.failed};
  return evidence;
}

UplinkVotes OutageGuard::uplink(Time now) const {
  if (!started_) return {};
  const auto elapsed = std::max(now - *started_, Duration{0}) / std::chrono::seconds(1);
  return count(uplink_, static_cast<std::uint32_t>(elapsed) + 1, kUplinkWindow, std::nullopt);
}

}  // namespace mailweir
