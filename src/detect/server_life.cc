// The part of ClientRecord that is kept over a restart.
#include "detect/server_life.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "detect/client_record.h"
#include "detect/numbers.h"
#include "detect/wide_memory.h"

namespace mailweir {
namespace {

using namespace numbers;

// Nearer to an ordinary client than that, it is to show anew that it is a server.
constexpr double kWorthKeepingM = -2.0;

}  // namespace

bool is_possible(const ServerLife& life) {
  const bool client = life.client.base().is_v4() ? life.client.length() == 32 : life.client.length() <= 64;
  const auto lived = life.last_seen - life.first_seen;
  const auto most = std::chrono::seconds(std::uint32_t{UINT32_MAX});
  return client && lived >= Duration{0} && lived <= most && life.score_server >= kFloorM &&
         life.score_server <= kCeilingM && life.retried <= life.bad &&
         life.latest_day <= lived / std::chrono::days(1) && (!life.history || is_possible(*life.history));
}

std::optional<ServerLife> ClientRecord::server_life() const {
  const bool changes_count = registered_ && history() != nullptr;
  const bool server = learned_server() || (is_wide() && score_server() <= kWorthKeepingM && told_ != Told::Decided);
  if (!changes_count && !server) return std::nullopt;
  const WideMemory& memory = groups_.wide();
  ServerLife life;
  life.client = base().is_v4() ? IpPrefix::host(base()) : IpPrefix::of(base(), 64);
  life.first_seen = first_seen_;
  life.last_seen = first_seen_ + std::chrono::seconds(updated_s_);
  life.score_server = score_server();
  life.days_active = memory.days_active;
  life.latest_day = memory.latest_day;
  life.bad = memory.bad;
  life.retried = std::min(memory.retried, memory.bad);
  life.inbound_networks = memory.inbound_nets;
  life.inbound_days = memory.inbound_days;
  life.hardware = hardware_;
  life.learned = memory.learned_server;
  life.was_spammer = memory.was_spammer;
  if (changes_count) life.history = history()->kept();
  return life;
}

ClientRecord ClientRecord::recalled(const ServerLife& life) {
  ClientRecord record(life.client.base(), life.first_seen);
  record.updated_s_ = static_cast<std::uint32_t>((life.last_seen - life.first_seen) / std::chrono::seconds(1));
  record.first_packets_only_ = false;
  record.hardware_ = life.hardware;
  record.score_server_ = 0;
  record.add_server(life.score_server);
  WideMemory& memory = record.groups_.widen();
  memory.days_active = life.days_active;
  memory.latest_day = life.latest_day;
  memory.bad = life.bad;
  memory.retried = life.retried;
  memory.inbound_days = life.inbound_days;
  memory.inbound_nets = life.inbound_networks;
  // Networks are known by a keyed hash, and the key is a new one: a network that comes again would count twice. Where
  // enough of them had come, it does not matter any more.
  if (!record.receives_mail()) memory.inbound_nets = 0;
  memory.learned_server = life.learned;
  memory.was_spammer = life.was_spammer;
  if (life.history) memory.history.made() = ServerHistory(*life.history);
  return record;
}

}  // namespace mailweir
