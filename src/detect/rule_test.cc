// Both sides of every border of the decision rule. The thresholds are moved to the record's own scores, so that a
// border is met exactly.
#include "detect/rule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/mail_client.h"

namespace mailweir {
namespace {

using testing::MailClient;
using testing::server;
using Kind = ClientStanding::Kind;

double just_above(double value) { return std::nextafter(value, 1e9); }

class RuleTest : public ::testing::Test {
 protected:
  void tell(const ConnectionEvent& event) {
    const MailRole role = *mail_role(event.server_port);
    const std::uint64_t number = (event.server.v4_bits() >> 8) - 0x2d0000U;
    const GroupMark mark{number | (number + 7) << 16};
    if (event.kind == ConnectionEvent::Kind::Opened) record.opened(event, role, mark);
    if (event.kind == ConnectionEvent::Kind::Established) record.established(event, role, mark);
    if (event.kind == ConnectionEvent::Kind::Judged) record.judged(event, role, mark);
  }
  void contact(unsigned count, Outcome outcome, std::uint16_t port = 25) {
    for (unsigned i = 0; i < count; ++i) client.connects(server(number_++), outcome, port);
  }
  // What is decided when both scores reach their thresholds exactly.
  Kind at_the_border() {
    settings.user_threshold = record.score_user();
    settings.server_threshold = record.score_server() - record.server_margin();
    return standing(record, settings).kind;
  }

  ClientRecord record{*IpAddress::parse("172.16.0.66"), testing::kMorning};
  MailClient client{"172.16.0.66", [this](const ConnectionEvent& event) { tell(event); }};
  DetectSettings settings;

 private:
  unsigned number_ = 0;
};

TEST_F(RuleTest, BothScoresMustReachTheirThresholds) {
  contact(3, Outcome::Refused);
  contact(4, Outcome::Short);
  EXPECT_EQ(at_the_border(), Kind::Spammer);
  settings.server_threshold = just_above(record.score_server() - record.server_margin());
  EXPECT_EQ(standing(record, settings).kind, Kind::Candidate);
  settings.servers_registered = true;
  EXPECT_EQ(standing(record, settings).kind, Kind::Spammer);
  settings.user_threshold = just_above(record.score_user());
  EXPECT_EQ(standing(record, settings).kind, Kind::Open);
}

TEST_F(RuleTest, FiveGroupsOnPort25) {
  contact(4, Outcome::Short);
  EXPECT_EQ(at_the_border(), Kind::Suspicious);
  EXPECT_FALSE(standing(record, settings).enough_groups);
  contact(1, Outcome::Short);
  EXPECT_EQ(at_the_border(), Kind::Spammer);
}

TEST_F(RuleTest, TenGroupsOnSubmission) {
  contact(9, Outcome::Short, 587);
  EXPECT_EQ(at_the_border(), Kind::Suspicious);
  contact(1, Outcome::Short, 465);
  EXPECT_EQ(at_the_border(), Kind::Spammer);
}

TEST_F(RuleTest, TwoKindsOfEvidenceOfOneNatEach) {
  contact(6, Outcome::Delivered);
  contact(1, Outcome::Short);  // 0.8 nats
  EXPECT_EQ(at_the_border(), Kind::Suspicious);
  EXPECT_FALSE(standing(record, settings).enough_kinds);
  contact(1, Outcome::Short);
  EXPECT_EQ(at_the_border(), Kind::Spammer);
}

TEST_F(RuleTest, LiveTheClientMustHaveCompletedThreeHandshakes) {
  contact(5, Outcome::Refused);
  contact(2, Outcome::Short);
  EXPECT_EQ(at_the_border(), Kind::Suspicious);
  EXPECT_FALSE(standing(record, settings).return_path);
  contact(1, Outcome::Short);
  EXPECT_EQ(at_the_border(), Kind::Spammer);
}

TEST_F(RuleTest, OneHandshakeWhereSourcesAreBound) {
  settings.sources_bound = true;
  contact(7, Outcome::Refused);
  EXPECT_EQ(at_the_border(), Kind::Suspicious);
  contact(1, Outcome::Short);
  EXPECT_EQ(at_the_border(), Kind::Spammer);
}

TEST_F(RuleTest, RecordedOneHandshakeOrThreeAnswers) {
  settings.recorded = true;
  contact(6, Outcome::NoAnswer);
  contact(2, Outcome::Refused);
  EXPECT_EQ(at_the_border(), Kind::Suspicious);
  ClientRecord before = record;
  contact(1, Outcome::Refused);
  EXPECT_EQ(at_the_border(), Kind::Spammer);
  record = before;
  client.establishes(server(2));  // judged before, so not a first contact any more
  EXPECT_EQ(at_the_border(), Kind::Suspicious);
  contact(1, Outcome::Grey);
  EXPECT_EQ(at_the_border(), Kind::Spammer);
}

TEST_F(RuleTest, OnesOwnSubmissionServersDoNotVouchForPort25) {
  contact(3, Outcome::Delivered, 587);
  contact(8, Outcome::NoAnswer);  // SYNs in this client's name
  EXPECT_EQ(at_the_border(), Kind::Suspicious);
  EXPECT_FALSE(standing(record, settings).return_path);
}

TEST_F(RuleTest, FirstPacketsAloneConvictFromTwentyGroupsOn) {
  settings.recorded = true;
  client.seen_as(View::FirstPackets);
  const auto opens = [&](unsigned first, unsigned last) {
    for (unsigned i = first; i <= last; ++i) client.opens(server(i));
  };
  opens(1, 19);
  settings.user_threshold = record.score_user() - 2.0;
  EXPECT_EQ(standing(record, settings).kind, Kind::Suspicious);
  opens(20, 20);
  settings.user_threshold = record.score_user() - 2.0;
  EXPECT_EQ(standing(record, settings).kind, Kind::FirstPacketsSpammer);
  settings.user_threshold = record.score_user() - 2.0 + 1e-9;
  EXPECT_EQ(standing(record, settings).kind, Kind::Suspicious);

  settings.user_threshold = record.score_user() - 2.0;
  settings.recorded = false;  // `run` blocks: never on this
  EXPECT_EQ(standing(record, settings).kind, Kind::Suspicious);
  settings.recorded = true;
  client.seen_as(View::OneSided).ends(server(1), Outcome::Unknown);  // a source that shows more
  EXPECT_EQ(standing(record, settings).kind, Kind::Suspicious);
}

TEST_F(RuleTest, OrdinaryFromFiveConnectionsOn) {
  client.connects(server(0), Outcome::Delivered, 587);
  for (int i = 0; i < 10; ++i) client.connects(server(0), Outcome::Delivered, 587);
  EXPECT_EQ(standing(record, settings).kind, Kind::Open);  // -2.9
  client.connects(server(0), Outcome::Delivered, 587);
  EXPECT_EQ(standing(record, settings).kind, Kind::Ordinary);
}

}  // namespace
}  // namespace mailweir
