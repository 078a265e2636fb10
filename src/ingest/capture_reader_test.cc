#include "ingest/capture_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/support/packet_builder.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;
using namespace test;

const Time kStart = *parse_time("2026-11-22T19:43:00.123456Z");
constexpr std::uint8_t kSynAck = 0x12, kRstAck = 0x14, kAck = 0x10;

struct Reading {
  std::vector<PacketSighting> mail;
  CaptureCounters counters;
  std::vector<std::string> notes;
  bool readable = true, broken = false;
};

// Hands out the bytes in pieces of `piece`, as a pipe does.
PcapFile::Source source_of(Octets bytes, std::size_t piece = 1000) {
  return [bytes = std::move(bytes), piece, at = std::size_t{0}](std::span<std::uint8_t> into) mutable {
    const std::size_t count = std::min({piece, into.size(), bytes.size() - at});
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), count, into.begin());
    at += count;
    return Result<std::size_t>(count);
  };
}

Reading read(const Octets& bytes, std::size_t piece = 1000) {
  Reading reading;
  auto reader = CaptureReader::open(source_of(bytes, piece));
  reading.readable = reader.has_value();
  if (!reader) {
    reading.notes.push_back(reader.error().text());
    return reading;
  }
  PacketSighting sighting;
  while (reader->next(sighting)) reading.mail.push_back(sighting);
  reading.counters = reader->counters();
  reading.notes = reader->notes();
  reading.broken = reader->broken();
  const auto& counters = reading.counters;
  std::uint64_t skipped = counters.no_mail_port + counters.translated_copies;
  for (const auto count : counters.undecoded) skipped += count;
  EXPECT_EQ(counters.packets, counters.mail + skipped);
  EXPECT_TRUE(std::is_sorted(reading.mail.begin(), reading.mail.end(),
                             [](const auto& a, const auto& b) { return a.time < b.time; }));
  return reading;
}

TEST(CaptureReader, GivesThePacketsOfMailPorts) {
  const Reading reading =
      read(PcapBuilder(1)
               .add(kStart, ethernet(Tcp{.payload = 5}))
               .add(kStart + 1s, ethernet(Tcp{.from_port = 587, .to_port = 40000, .flags = kSynAck}))
               .add(kStart + 2s, ethernet(Tcp{.to_port = 80}))
               .add(kStart + 3s, ethernet(Octets(40), 0x0806))
               .bytes());
  ASSERT_EQ(reading.mail.size(), 2U);
  EXPECT_EQ(reading.mail[0].time, kStart);
  EXPECT_EQ(reading.mail[0].source, ip("172.16.0.7"));
  EXPECT_EQ(reading.mail[0].payload, 5U);
  EXPECT_EQ(reading.mail[0].sequence, 1000U);
  EXPECT_EQ(reading.mail[0].ip_id, 77);
  EXPECT_EQ(reading.mail[1].flags, kSynAck);
  EXPECT_EQ(reading.counters.no_mail_port, 1U);
  EXPECT_EQ(reading.counters.of(Decoded::NotIp), 1U);
}

TEST(CaptureReader, CutsDoNotShortenPayload) {
  const Reading reading = read(PcapBuilder(1, false, 60).add(kStart, ethernet(Tcp{.payload = 1000})).bytes());
  ASSERT_EQ(reading.mail.size(), 1U);
  EXPECT_EQ(reading.mail[0].payload, 1000U);
  EXPECT_EQ(read(PcapBuilder(1, false, 40).add(kStart, ethernet(Tcp{})).bytes()).counters.of(Decoded::CutShort), 1U);
}

TEST(CaptureReader, ReadsNanosecondFiles) {
  const Reading reading = read(PcapBuilder(101, true).add(kStart, ip_packet({})).bytes());
  ASSERT_EQ(reading.mail.size(), 1U);
  EXPECT_EQ(reading.mail[0].time, kStart);
}

TEST(CaptureReader, ReadsPcapngWithSeveralInterfaces) {
  const Reading reading = read(PcapngBuilder()
                                   .interface(1)
                                   .interface(1)
                                   .add(0, kStart, ethernet(Tcp{}))
                                   .add(1, kStart, ethernet(Tcp{}))
                                   .bytes());
  EXPECT_EQ(reading.mail.size(), 2U);
  EXPECT_EQ(reading.mail[0].time, kStart);
  EXPECT_TRUE(std::none_of(reading.notes.begin(), reading.notes.end(),
                           [](const auto& note) { return note.find("stopped") != note.npos; }));
}

TEST(CaptureReader, SaysWhereLinkTypesThatDifferStoppedIt) {
  PcapngBuilder capture;
  capture.interface(1).add(0, kStart, ethernet(Tcp{})).interface(101).add(1, kStart, ip_packet({}));
  const Reading reading = read(capture.bytes());
  EXPECT_EQ(reading.mail.size(), 1U);
  ASSERT_FALSE(reading.notes.empty());
  EXPECT_EQ(reading.notes[0].find("reading stopped after packet 1: "), 0U);
  EXPECT_TRUE(reading.broken);
}

TEST(CaptureReader, ReadsWhatATruncatedFileHolds) {
  Octets bytes = PcapBuilder(1).add(kStart, ethernet(Tcp{})).add(kStart, ethernet(Tcp{})).bytes();
  bytes.erase(bytes.end() - 10, bytes.end());
  const Reading reading = read(bytes);
  EXPECT_EQ(reading.mail.size(), 1U);
  ASSERT_FALSE(reading.notes.empty());
  EXPECT_EQ(reading.notes[0].find("reading stopped after packet 1: "), 0U);
  EXPECT_TRUE(reading.broken);
}

TEST(CaptureReader, EmptyFilesAreFine) {
  const Reading nothing = read({});
  EXPECT_TRUE(nothing.readable);
  EXPECT_EQ(nothing.notes, std::vector<std::string>{"the file is empty"});
  const Reading header_only = read(PcapBuilder(1).bytes());
  EXPECT_TRUE(header_only.readable);
  EXPECT_TRUE(header_only.notes.empty());
  EXPECT_FALSE(header_only.broken);
}

TEST(CaptureReader, OtherFilesAreRefused) {
  const Reading reading = read({'N', 'o', 'v', ' ', '2', '2', '\x1b', '[', '2', 'J'});
  EXPECT_FALSE(reading.readable);
  EXPECT_EQ(reading.notes[0].find('\x1b'), std::string::npos);
  EXPECT_FALSE(CaptureReader::open("/nonexistent/capture.pcap").has_value());
}

TEST(CaptureReader, AFailingSourceEndsTheFile) {
  auto inner = source_of(PcapBuilder(1).add(kStart, ethernet(Tcp{})).bytes());
  int calls = 0;
  auto reader = CaptureReader::open([&](std::span<std::uint8_t> into) -> Result<std::size_t> {
    if (++calls > 2) return fail(ErrorCode::Io, "the disk is on fire");
    return inner(into.first(std::min<std::size_t>(into.size(), 24)));
  });
  ASSERT_TRUE(reader.has_value());
  PacketSighting sighting;
  EXPECT_FALSE(reader->next(sighting));
  ASSERT_FALSE(reader->notes().empty());
  EXPECT_NE(reader->notes()[0].find("the disk is on fire"), std::string::npos);
}

TEST(CaptureReader, SmallPiecesMakeNoDifference) {
  const Octets bytes = PcapBuilder(1).add(kStart, ethernet(Tcp{})).add(kStart, ethernet(Tcp{})).bytes();
  EXPECT_EQ(read(bytes, 1).mail.size(), 2U);
}

TEST(CaptureReader, TimeNeverGoesBack) {
  PcapBuilder capture(101);
  for (const auto at : {10s, 11s, 3s, 5s}) capture.add(kStart + at, ip_packet({}));
  capture.add(kStart + 5s - 3ms, ip_packet({}));
  const Reading reading = read(capture.bytes());
  ASSERT_EQ(reading.mail.size(), 5U);
  EXPECT_EQ(reading.mail[2].time, kStart + 11s);  // the clock was set back by 8 s
  EXPECT_EQ(reading.mail[3].time, kStart + 13s);
  EXPECT_EQ(reading.mail[4].time, kStart + 13s);
  EXPECT_EQ(reading.counters.clock_steps, 1U);
  EXPECT_EQ(reading.counters.reordered, 1U);
}

TEST(CaptureReader, NoClockReachesTheLimitsOfTime) {
  PcapBuilder capture(101);
  for (int i = 0; i < 3000; ++i)
    for (const Time time : {Time(), Time(std::chrono::seconds(0xffff'ffff))}) capture.add(time, ip_packet({}));
  const Reading reading = read(capture.bytes());
  EXPECT_EQ(reading.mail.size(), 6000U);
  EXPECT_LT(reading.mail.back().time, Time(24h * 365 * 600));
}

TEST(CaptureReader, UnknownLinksAreToldOnce) {
  const Reading reading = read(PcapBuilder(127).add(kStart, Octets(60)).add(kStart, Octets(60)).bytes());
  EXPECT_EQ(reading.counters.of(Decoded::UnknownLink), 2U);
  EXPECT_EQ(reading.notes, std::vector<std::string>{"frames of IEEE802_11_RADIO are not read"});
}

Tcp answer_to(const Tcp& syn, std::uint8_t flags) {
  return {.from = syn.to,
          .to = syn.from,
          .from_port = syn.to_port,
          .to_port = syn.from_port,
          .sequence = 9,
          .flags = flags};
}

TEST(CaptureReader, OnlyAnswersThatBelongToASynShowThatTheCaptureHasTwoSides) {
  const Tcp syn;
  Tcp other = answer_to(syn, kSynAck);
  other.to_port = 4711;
  const Reading inbound = read(PcapBuilder(101).add(kStart, ip_packet(syn)).add(kStart, ip_packet(other)).bytes());
  EXPECT_EQ(inbound.mail.back().view, View::OneSided);
  EXPECT_EQ(inbound.notes.size(), 1U);
  for (const std::uint8_t flags : {kSynAck, kRstAck}) {
    const Reading reading =
        read(PcapBuilder(101).add(kStart, ip_packet(syn)).add(kStart, ip_packet(answer_to(syn, flags))).bytes());
    EXPECT_EQ(reading.mail[0].view, View::OneSided);
    EXPECT_EQ(reading.mail[1].view, View::TwoSided);
    EXPECT_TRUE(reading.notes.empty());
  }
}

TEST(CaptureReader, LeavesOutTheCopyBehindANatGateway) {
  const Tcp inside{.sequence = 0xabcdef01};
  Tcp outside = inside;
  outside.from = "203.0.113.1";
  const auto copies = [&](Duration later, const Tcp& copy) {
    return read(PcapBuilder(101).add(kStart, ip_packet(inside)).add(kStart + later, ip_packet(copy)).bytes())
        .counters.translated_copies;
  };
  EXPECT_EQ(copies(1ms, outside), 1U);
  EXPECT_EQ(copies(200ms, outside), 0U);
  EXPECT_EQ(copies(1ms, inside), 0U);
  EXPECT_EQ(copies(1ms,
                   [&] {
                     auto moved = outside;
                     moved.from_port = 1024;
                     return moved;
                   }()),
            1U);
  Tcp other_number = outside, other_id = outside, other_server = outside, other_client = inside;
  other_number.sequence = 5;
  other_id.ip_id = 5;
  other_server.to = "198.51.100.10";
  other_client.from = "172.16.0.8";
  for (const Tcp& another : {other_number, other_id, other_server, other_client}) EXPECT_EQ(copies(1ms, another), 0U);
}

TEST(CaptureReader, DamageNeverBreaksIt) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  PcapngBuilder ng;
  ng.interface(1);
  PcapBuilder classic(1);
  for (int i = 0; i < 5; ++i) {
    ng.add(0, kStart, ethernet(Tcp{}));
    classic.add(kStart, ethernet(Tcp{}));
  }
  for (const Octets& whole : {ng.bytes(), classic.bytes()}) {
    for (int round = 0; round < 500; ++round) {
      Octets bytes = whole;
      for (auto changes = 1 + random() % 5; changes > 0; --changes)
        bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
      (void)read(bytes);
    }
  }
}

}  // namespace
}  // namespace mailweir
