// States of conntrack as measured on Linux 6.18 (docs/sources.md#kernel-packets); the differential tests hold the rest.
#include "simulate/tcp_tracking.h"

#include <gtest/gtest.h>

#include "record/packet_sighting.h"

namespace mailweir::rules {
namespace {

using namespace tcp_flag;
using Outcome = TcpTracking::Outcome;

TcpSegment segment(std::uint8_t flags, std::uint32_t sequence = 1000, std::uint32_t acknowledgement = 0) {
  return {.sequence = sequence, .acknowledgement = acknowledgement, .window = 65535, .flags = flags, .options = {}};
}

// All 256 flag bytes of a first packet: those conntrack lets open a connection.
TEST(TcpTracking, FirstPacketsOfAllFlagBytes) {
  for (const bool loose : {true, false}) {
    int opens = 0;
    for (int flags = 0; flags != 256; ++flags) {
      const auto byte = static_cast<std::uint8_t>(flags);
      const std::uint8_t core = byte & (kFin | kSyn | kRst | kAck | kUrg);
      TcpTracking tracking;
      const bool opened = are_valid_tcp_flags(byte) && tracking.open(segment(byte), {.loose = loose});
      const bool expected = core == kSyn || core == (kSyn | kUrg) || (loose && (core == kAck || core == (kAck | kUrg)));
      EXPECT_EQ(opened, expected) << flags;
      opens += opened ? 1 : 0;
    }
    EXPECT_EQ(opens, loose ? 32 : 16);
  }
}

class Handshake : public testing::Test {
 protected:
  Outcome send(const TcpSegment& what, bool reply = false) {
    const Outcome outcome = tracking_.segment(what, reply, seen_reply_, assured_, {});
    if (reply && outcome != Outcome::Invalid) seen_reply_ = true;
    return outcome;
  }
  void shake_hands() {
    ASSERT_TRUE(tracking_.open(segment(kSyn, 100), {}));
    ASSERT_EQ(send(segment(kSyn, 100)), Outcome::Accept);
    ASSERT_EQ(send(segment(kSyn | kAck, 500, 101), true), Outcome::Accept);
    ASSERT_EQ(send(segment(kAck, 101, 501)), Outcome::Accept);
    ASSERT_EQ(tracking_.state(), TcpState::Established);
    ASSERT_TRUE(assured_);
  }
  TcpTracking tracking_;
  bool seen_reply_ = false, assured_ = false;
};

TEST_F(Handshake, OpensAndCloses) {
  shake_hands();
  EXPECT_EQ(send(segment(kFin | kAck, 101, 501)), Outcome::Accept);
  EXPECT_EQ(tracking_.state(), TcpState::FinWait);
  EXPECT_EQ(send(segment(kAck, 501, 102), true), Outcome::Accept);
  EXPECT_EQ(tracking_.state(), TcpState::CloseWait);
  EXPECT_EQ(send(segment(kFin | kAck, 501, 102), true), Outcome::Accept);
  EXPECT_EQ(tracking_.state(), TcpState::LastAck);
  EXPECT_EQ(send(segment(kAck, 102, 502)), Outcome::Accept);
  EXPECT_EQ(tracking_.state(), TcpState::TimeWait);
}

TEST_F(Handshake, ASynAfterTheCloseOpensAnother) {
  shake_hands();
  ASSERT_EQ(send(segment(kRst, 101)), Outcome::Accept);
  ASSERT_EQ(tracking_.state(), TcpState::Close);
  EXPECT_EQ(send(segment(kSyn, 9000)), Outcome::Repeat);
}

TEST_F(Handshake, AResetFarOutOfWindowIsInvalid) {
  shake_hands();
  EXPECT_EQ(send(segment(kRst, 101 + 5'000'000)), Outcome::Invalid);
  EXPECT_EQ(tracking_.state(), TcpState::Established);
}

TEST_F(Handshake, DataFarOutOfWindowIsInvalid) {
  shake_hands();
  EXPECT_EQ(send(segment(kAck, 101 + 5'000'000, 501)), Outcome::Invalid);
}

TEST_F(Handshake, AnAcknowledgementOfWhatWasNeverSentIsInvalid) {
  shake_hands();
  EXPECT_EQ(send(segment(kAck, 101, 501 + 1'000'000)), Outcome::Invalid);
}

TEST_F(Handshake, AResetAsTheOnlyAnswerForgetsTheConnection) {
  ASSERT_TRUE(tracking_.open(segment(kSyn, 100), {}));
  ASSERT_EQ(send(segment(kSyn, 100)), Outcome::Accept);
  EXPECT_EQ(tracking_.segment(segment(kRst | kAck, 0, 101), true, false, assured_, {}), Outcome::Forget);
}

TEST_F(Handshake, TheClientCannotAcknowledgeBeforeTheServerAnswered) {
  ASSERT_TRUE(tracking_.open(segment(kSyn, 100), {}));
  ASSERT_EQ(send(segment(kSyn, 100)), Outcome::Accept);
  EXPECT_EQ(send(segment(kAck, 101, 1)), Outcome::Invalid);
}

}  // namespace
}  // namespace mailweir::rules
