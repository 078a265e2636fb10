#include "tests/world/flood.h"

#include <unistd.h>

#include <fstream>
#include <set>
#include <vector>

#include "detect/detector.h"
#include "ingest/live_connections.h"
#include "tests/world/random.h"
#include "tests/world/script.h"

namespace mailweir::world {
namespace {

constexpr unsigned kPeople = 400, kBots = 40, kRounds = 120;

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// The gateway's own way from packets to findings.
class Gateway {
 public:
  Gateway() : detector_(settings(), KeyedHash(KeyedHash::Key{3})) {}

  void first_packet(IpAddress client, IpAddress server, std::uint16_t port) {
    PacketSighting packet;
    packet.time = now_;
    packet.source = client;
    packet.destination = server;
    packet.source_port = next_port_++;
    packet.destination_port = port;
    packet.sequence = 1;
    packet.flags = tcp_flag::kSyn;
    latest_ = {client, server, packet.source_port, port};
    connections_.sighted(packet, events_);
  }
  // The connection whose first packet was the latest: answered, and ended after so many bytes.
  void is_answered(std::uint64_t bytes) {
    change(TcpState::SynReceived);
    change(TcpState::Established);
    now_ += std::chrono::microseconds(1);
    change(TcpState::FinWait);
    const auto ended = connections_.take_ended();
    const std::vector<std::optional<FlowCounters>> counters(ended.size(), FlowCounters{10, 520 + bytes, 10, 1'000});
    connections_.counted(ended, counters, now_, events_);
  }
  void is_refused() { change(TcpState::Close); }
  void passes(Duration time) {
    now_ += time;
    connections_.advance(now_, events_);
    detector_.observe(events_);
    events_.clear();
    for (const ClientReport& finding : detector_.take_findings()) {
      if (finding.verdict == Verdict::Spammer) blocked.insert(finding.client.base());
    }
  }
  [[nodiscard]] const Detector& detector() const { return detector_; }
  [[nodiscard]] const LiveConnections& connections() const { return connections_; }

  std::set<IpAddress> blocked;

 private:
  static DetectSettings settings() {
    DetectSettings live;
    live.doorkeeper = true;
    return live;
  }
  void change(TcpState state) {
    connections_.tracked({ConntrackEvent::Kind::Update, {latest_, state, std::nullopt, state != TcpState::Close}, now_},
                         events_);
  }

  Time now_ = first_midnight();
  std::uint16_t next_port_ = 1;
  FlowTuple latest_{};
  LiveConnections connections_;
  LiveConnections::Events events_;
  Detector detector_;
};

IpAddress person(unsigned number) { return IpAddress::v4(0x0a01'0000U + number); }
IpAddress bot(unsigned number) { return IpAddress::v4(0x0a02'0000U + number); }
IpAddress server(std::uint32_t number) { return IpAddress::v4(0x2d00'0019U + (number << 8)); }

void everybody_goes_on(Gateway& gateway, Random& random) {
  for (unsigned i = 0; i < kPeople; ++i) {
    gateway.first_packet(person(i), server(i % 50), 587);
    gateway.is_answered(20'000);
  }
  for (unsigned i = 0; i < kBots; ++i) {
    gateway.first_packet(bot(i), server(random.between(1'000, 100'000)), 25);
    const Outcome outcome = end_of(random, {0.25, 0.35});
    if (outcome == Outcome::Delivered || outcome == Outcome::Short) {
      gateway.is_answered(outcome == Outcome::Short ? 100 : 3'000);
    } else if (outcome == Outcome::Refused) {
      gateway.is_refused();
    }
  }
}

}  // namespace

FloodResult flood(std::uint64_t sources) {
  Gateway gateway;
  Random random(20261122);
  FloodResult result{.sources = sources, .honest = kPeople, .bots = kBots};
  const std::uint64_t each = sources / kRounds;
  for (std::uint64_t i = 0; i < sources; ++i) {
    // Half of them of clients' networks that exist, half IPv6.
    const IpAddress forged = i % 2 == 0 ? IpAddress::v4(static_cast<std::uint32_t>(random.next() | 0x8000'0000U))
                                        : IpAddress{0xfd16'0000'0000'0000U | random.next() >> 16, 1};
    gateway.first_packet(forged, server(static_cast<std::uint32_t>(i % 100'000)), 25);
    if (i % each == 0) everybody_goes_on(gateway, random);
    if (i % 512 == 0) gateway.passes(std::chrono::milliseconds(8));  // 64,000 a second
    if (i == sources / 10) result.bytes_before = resident_bytes();
  }
  result.bytes_after = resident_bytes();
  gateway.passes(std::chrono::seconds(20));
  result.clients = gateway.detector().counters().clients;
  result.turned_away = gateway.detector().counters().turned_away;
  result.given_up = gateway.connections().counters().given_up;
  for (unsigned i = 0; i < kPeople; ++i) {
    if (gateway.blocked.contains(person(i))) ++result.honest_blocked;
    if (!gateway.detector().scores(person(i))) ++result.honest_forgotten;
  }
  for (unsigned i = 0; i < kBots; ++i) result.bots_found += gateway.blocked.contains(bot(i)) ? 1 : 0;
  return result;
}

}  // namespace mailweir::world
