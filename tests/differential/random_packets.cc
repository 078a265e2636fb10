#include "tests/differential/random_packets.h"

#include <algorithm>

#include "record/packet_sighting.h"
#include "simulate/tcp_tracking.h"
#include "tests/differential/vocabulary.h"

namespace mailweir::rules::differential {
namespace {

using lab::Dice;
using namespace tcp_flag;

constexpr std::array<std::uint8_t, 14> kFlags{
    kSyn, kSyn,        kSyn, kAck,        kSyn | kAck,        kRst,       kRst | kAck, kFin | kAck,
    kFin, kPsh | kAck, 0,    kSyn | kFin, kSyn | kAck | kPsh, kAck | kUrg};

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

IpAddress inside(Dice& dice, bool v4) { return ip(v4 ? one_of(dice, kInside4) : one_of(dice, kInside6)); }
IpAddress outside(Dice& dice, bool v4) { return ip(v4 ? one_of(dice, kOutside4) : one_of(dice, kOutside6)); }
IpAddress ours(bool left, bool v4) { return ip((v4 ? kOurs4 : kOurs6)[left ? 0 : 1]); }

struct Ends {
  Origin origin;
  IpAddress source, destination;
};

Ends random_ends(Dice& dice, bool v4) {
  switch (dice.below(6)) {
    case 0:
      return {Origin::Left, inside(dice, v4), ours(true, v4)};
    case 1:
      return {Origin::Right, outside(dice, v4), ours(false, v4)};
    case 2:
      return {Origin::Left, inside(dice, v4), outside(dice, v4)};
    case 3:
      return {Origin::Right, outside(dice, v4), inside(dice, v4)};
    case 4:
      return {Origin::Here, ours(false, v4), outside(dice, v4)};
    default:
      return {Origin::Here, ours(true, v4), inside(dice, v4)};
  }
}

SimulatedPacket of_length(SimulatedPacket packet) {
  // What the options and the payload add to what tcp_packet() counted.
  const std::uint32_t options = (packet.options.window_scale ? 4 : 0) + (packet.options.selective_ack ? 4 : 0);
  packet.values.set(Field::Length, packet.values.value(Field::Length) + options + packet.payload);
  return packet;
}

}  // namespace

std::vector<TestPacket> first_packets(Dice& dice, std::size_t count, bool v4) {
  std::vector<TestPacket> packets;
  packets.reserve(count);
  for (std::size_t i = 0; i != count; ++i) {
    const Ends ends = random_ends(dice, v4);
    const auto unique = static_cast<std::uint16_t>(1024 + i % 60000);
    const auto port = static_cast<std::uint16_t>(dice.chance(0.8) ? one_of(dice, kPorts) : 1 + dice.below(1023));
    TestPacket test{ends.origin, {}};
    switch (dice.below(8)) {
      case 0:
        test.packet =
            udp_packet(ends.source, unique, ends.destination, port, static_cast<std::uint16_t>(dice.below(40)));
        break;
      case 1: {
        static constexpr std::array<std::uint8_t, 4> kTypes4{8, 0, 13, 8}, kTypes6{128, 129, 128, 128};
        test.packet =
            icmp_packet(ends.source, ends.destination, v4 ? one_of(dice, kTypes4) : one_of(dice, kTypes6), 0, unique);
        break;
      }
      default: {
        test.packet = tcp_packet(ends.source, unique, ends.destination, port, one_of(dice, kFlags));
        PacketValues& values = test.packet.values;
        values.set(Field::TcpSequence, 1000 + dice.below(1'000'000));
        // An ACK number means nothing without the flag; kernels do not look at it either.
        values.set(Field::TcpAcknowledgement, dice.below(1'000'000));
        test.packet.payload = dice.chance(0.2) ? dice.below(30) : 0;
        test.packet = of_length(std::move(test.packet));
      }
    }
    if (ends.origin != Origin::Here && test.packet.protocol() == kTcp) test.packet.bad_checksum = dice.chance(0.02);
    packets.push_back(std::move(test));
  }
  return packets;
}

namespace {

// One connection as both ends see it; it does not always do what it should.
struct Conversation {
  Ends there, back;
  std::uint16_t client_port, server_port;
  std::uint32_t next[2];  // sequence numbers, client and server
};

}  // namespace

std::vector<TestPacket> conversations(Dice& dice, std::size_t count, bool v4) {
  std::vector<Conversation> all;
  for (std::size_t i = 0; i != 6; ++i) {
    // Through the machine only: a socket here would have a mind of its own.
    const IpAddress client = inside(dice, v4), server = outside(dice, v4);
    all.push_back({{Origin::Left, client, server},
                   {Origin::Right, server, client},
                   static_cast<std::uint16_t>(2000 + i),
                   static_cast<std::uint16_t>(one_of(dice, kPorts)),
                   {dice.below(1u << 31), dice.below(1u << 31)}});
  }
  std::vector<TestPacket> packets;
  packets.reserve(count);
  for (std::size_t i = 0; i != count; ++i) {
    Conversation& talk = all[dice.below(static_cast<std::uint32_t>(all.size()))];
    const bool reply = dice.chance(0.45);
    const Ends& ends = reply ? talk.back : talk.there;
    std::uint8_t flags = one_of(dice, kFlags);
    if (dice.chance(0.6)) flags = reply ? (dice.chance(0.4) ? kSyn | kAck : kAck) : (dice.chance(0.35) ? kSyn : kAck);
    TestPacket test{ends.origin, tcp_packet(ends.source, reply ? talk.server_port : talk.client_port, ends.destination,
                                            reply ? talk.client_port : talk.server_port, flags)};
    std::uint32_t& mine = talk.next[reply ? 1 : 0];
    const std::uint32_t theirs = talk.next[reply ? 0 : 1];
    const std::uint32_t astray = dice.chance(0.15) ? dice.below(200'000) - 100'000 : 0;
    test.packet.values.set(Field::TcpSequence, mine + astray);
    test.packet.values.set(Field::TcpAcknowledgement, theirs + (dice.chance(0.1) ? dice.below(200'000) - 100'000 : 0));
    test.packet.values.set(Field::TcpWindow, dice.chance(0.1) ? dice.below(100) : 65535);
    test.packet.payload = (flags & (kSyn | kRst)) == 0 && dice.chance(0.3) ? 1 + dice.below(50) : 0;
    if ((flags & kSyn) != 0 && dice.chance(0.5))
      test.packet.options = {static_cast<std::uint8_t>(dice.below(16)), dice.chance(0.5)};
    if (astray == 0 && dice.chance(0.8)) mine = TcpSegment::of(test.packet).end();
    packets.push_back({ends.origin, of_length(std::move(test.packet))});
  }
  return packets;
}

}  // namespace mailweir::rules::differential
