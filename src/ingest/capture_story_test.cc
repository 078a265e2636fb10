// Whole captures, from their bytes to what happened to each connection: the chain that analysis and replay use.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "ingest/capture_reader.h"
#include "ingest/client_scope.h"
#include "ingest/connection_follower.h"
#include "tests/support/packet_builder.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;
using namespace test;

constexpr std::uint8_t kSyn = 0x02, kSynAck = 0x12, kAck = 0x10, kPush = 0x18, kFin = 0x11, kRst = 0x04, kRstAck = 0x14;

struct Packet {
  Time time;
  Tcp tcp;
};

// Packets of several connections, sorted by time before they become a capture.
struct Traffic {
  std::vector<Packet> packets;

  // A dialogue of one connection: who (true: the client), flags, bytes. One packet every 20 ms.
  struct Turn {
    bool client;
    std::uint8_t flags;
    std::size_t payload = 0;
    Duration pause = 20ms;
  };
  void talk(Time time, const Tcp& opening, std::initializer_list<Turn> turns) {
    std::uint32_t mine = opening.sequence;
    for (const Turn& turn : turns) {
      time += turn.pause;
      Tcp tcp = opening;
      if (!turn.client) {
        std::swap(tcp.from, tcp.to);
        std::swap(tcp.from_port, tcp.to_port);
      }
      tcp.sequence = turn.client ? mine : 5000;
      tcp.acknowledgement = turn.client ? 5000 : mine;
      tcp.flags = turn.flags;
      tcp.payload = turn.payload;
      packets.push_back({time, tcp});
      if (turn.client && (turn.flags & kSyn) == 0) mine += static_cast<std::uint32_t>(turn.payload);
      if (!turn.client && turn.flags == kSynAck) ++mine;
    }
  }
  [[nodiscard]] std::vector<Packet> in_order() const {
    auto sorted = packets;
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
    return sorted;
  }
};

const Time kStart = *parse_time("2026-11-22T19:43:00Z");

// One of each ending, by client port; two families; mail that comes in; a connection whose start was missed.
Traffic ordinary_evening() {
  Traffic traffic;
  const auto tcp = [](const char* from, const char* to, int port, std::uint16_t to_port = 25) {
    return Tcp{.from = from,
               .to = to,
               .from_port = static_cast<std::uint16_t>(port),
               .to_port = to_port,
               .sequence = static_cast<std::uint32_t>(port) * 1000};
  };
  const char *client4 = "172.16.0.7", *server4 = "198.51.100.9", *client6 = "fd16::7", *server6 = "2001:db8::9";
  traffic.talk(kStart, tcp(client4, server4, 1001),
               {{true, kSyn}, {false, kSynAck}, {true, kAck}, {true, kPush, 900}, {true, kFin}, {false, kFin}});
  traffic.talk(kStart + 5ms, tcp(client6, server6, 1002, 587),
               {{true, kSyn}, {false, kSynAck}, {true, kAck}, {true, kPush, 900}, {false, kRst}});
  traffic.talk(kStart + 7ms, tcp(client4, server4, 1003), {{true, kSyn}, {false, kRstAck}});
  traffic.talk(kStart + 9ms, tcp(client6, server6, 1004), {{true, kSyn}, {true, kSyn, 0, 1s}, {true, kSyn, 0, 2s}});
  traffic.talk(kStart + 1min, tcp(client4, server4, 1005, 465),
               {{true, kSyn}, {false, kSynAck}, {true, kAck}, {true, kPush, 1000}, {true, kPush, 1000}, {true, kFin}});
  traffic.talk(kStart + 1min, tcp(client4, server4, 1006), {{true, kSyn}, {false, kSynAck}, {true, kAck}});
  traffic.talk(kStart, tcp("203.0.113.5", "172.16.0.25", 1007),
               {{true, kSyn}, {false, kSynAck}, {true, kAck}, {true, kPush, 900}, {true, kFin}});
  traffic.talk(kStart, tcp(client4, server4, 1008), {{true, kPush, 900}, {false, kAck}, {true, kFin}});
  return traffic;
}

struct Told {
  std::vector<ConnectionEvent> events;
  std::map<Way, int> ways;
  FollowerCounters counters;

  [[nodiscard]] std::map<int, Outcome> outcomes() const {
    std::map<int, Outcome> by_port;
    for (const auto& event : events) {
      if (event.kind == ConnectionEvent::Kind::Opened) by_port.emplace(event.client_port, Outcome::Unknown);
      if (event.kind == ConnectionEvent::Kind::Judged) by_port[event.client_port] = event.outcome;
    }
    return by_port;
  }
};

Told tell(const Octets& capture) {
  Told told;
  std::size_t at = 0;
  auto reader = CaptureReader::open([&](std::span<std::uint8_t> into) -> Result<std::size_t> {
    const std::size_t count = std::min(into.size(), capture.size() - at);
    std::copy_n(capture.begin() + static_cast<std::ptrdiff_t>(at), count, into.begin());
    at += count;
    return count;
  });
  EXPECT_TRUE(reader.has_value());
  const ClientScope scope;
  ConnectionFollower follower;
  PacketSighting sighting;
  while (reader->next(sighting)) {
    const Way way = scope.way_of(sighting);
    ++told.ways[way];
    if (way == Way::FromClient || way == Way::ToClient) follower.observe(sighting, way == Way::FromClient, told.events);
  }
  follower.finish(told.events);
  told.counters = follower.counters();
  return told;
}

const std::map<int, Outcome> kExpected{{1001, Outcome::Delivered}, {1002, Outcome::Short},
                                       {1003, Outcome::Refused},   {1004, Outcome::NoAnswer},
                                       {1005, Outcome::Delivered}, {1006, Outcome::Unknown}};

TEST(CaptureStory, EveryConnectionEndsAsItDid) {
  PcapBuilder capture(1);
  for (const Packet& packet : ordinary_evening().in_order()) capture.add(packet.time, ethernet(packet.tcp));
  const Told told = tell(capture.bytes());
  EXPECT_EQ(told.outcomes(), kExpected);
  EXPECT_EQ(told.ways.at(Way::Inbound), 5);
  EXPECT_EQ(told.counters.midstream, 3U);
  EXPECT_EQ(told.counters.retransmissions, 2U);
}

TEST(CaptureStory, TheLinkMakesNoDifference) {
  struct Link {
    const char* name;
    std::uint32_t type;
    std::function<Octets(const Octets&)> frame;
  };
  const Link links[] = {
      {"VLAN over PPPoE", 1, [](const Octets& p) { return ethernet(pppoe(p), 0x8864, {0x8100}); }},
      {"QinQ", 1,
       [](const Octets& p) {
         return ethernet(p, ether_type_of(p), {0x88a8, 0x8100});
       }},
      {"raw", 101, [](const Octets& p) { return p; }},
      {"SLL2", 276,
       [](const Octets& p) {
         Octets out;
         put16(out, ether_type_of(p));
         out.resize(20);
         append(out, p);
         return out;
       }},
      {"NFLOG", 239,
       [](const Octets& p) {
         Octets out{2, 0, 0, 5};
         append(out, nflog_attribute(9, p));
         return out;
       }},
  };
  for (const Link& link : links) {
    PcapBuilder whole(link.type), cut(link.type, true, 96);
    for (const Packet& packet : ordinary_evening().in_order()) {
      whole.add(packet.time, link.frame(ip_packet(packet.tcp)));
      cut.add(packet.time, link.frame(ip_packet(packet.tcp)));
    }
    EXPECT_EQ(tell(whole.bytes()).outcomes(), kExpected) << link.name;
    EXPECT_EQ(tell(cut.bytes()).outcomes(), kExpected) << link.name << ", cut";
  }
}

TEST(CaptureStory, APacketSeenOnTwoInterfacesIsOnePacket) {
  PcapngBuilder capture;
  capture.interface(1).interface(1);
  for (const Packet& packet : ordinary_evening().in_order()) {
    const Octets packet_bytes = ip_packet(packet.tcp);
    capture.add(0, packet.time, ethernet(packet_bytes, ether_type_of(packet_bytes)));
    capture.add(1, packet.time + 30us, ethernet(packet_bytes, ether_type_of(packet_bytes), {0x8100}));
  }
  const Told told = tell(capture.bytes());
  EXPECT_EQ(told.outcomes(), kExpected);
  EXPECT_EQ(told.counters.retransmissions, 2U);
}

TEST(CaptureStory, OneDirectionOnlyNeverMakesFailures) {
  PcapBuilder capture(101);
  for (const Packet& packet : ordinary_evening().in_order())
    if (packet.tcp.to_port < 1000) capture.add(packet.time, ip_packet(packet.tcp));
  const auto outcomes = tell(capture.bytes()).outcomes();
  EXPECT_EQ(outcomes.at(1001), Outcome::Delivered);
  EXPECT_EQ(outcomes.at(1003), Outcome::Unknown);   // the refusal is not in it
  EXPECT_EQ(outcomes.at(1004), Outcome::NoAnswer);  // a client that repeats itself had no answer
}

TEST(CaptureStory, BackscatterAndScansMakeNoClients) {
  PcapBuilder capture(101);
  Time time = kStart;
  for (const std::uint8_t flags : {kSynAck, kRstAck, kRst, kAck, kFin})
    for (const auto& [from_port, to_port] : {std::pair{25, 40000}, {40000, 25}, {25, 25}})
      capture.add(time += 1s, ip_packet({.from_port = static_cast<std::uint16_t>(from_port),
                                         .to_port = static_cast<std::uint16_t>(to_port),
                                         .flags = flags}));
  EXPECT_TRUE(tell(capture.bytes()).events.empty());
}

}  // namespace
}  // namespace mailweir
