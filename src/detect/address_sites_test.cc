#include "detect/address_sites.h"

#include <gtest/gtest.h>

#include "detect/detector.h"
#include "detect/numbers.h"
#include "tests/support/mail_client.h"

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::kMorning;
using testing::MailClient;
using testing::server;
using Sign = AddressSites::Sign;

const KeyedHash kHash({9, 8, 7, 6, 5, 4, 3, 2, 1});

// The number's network of the site fd16:0:0:aa00::/56.
IpAddress network(unsigned number) { return {0xfd16'0000'0000'aa00 + number, 0}; }

TEST(AddressSites, FourSuspiciousNetworksOfASiteAreWatchedTogether) {
  AddressSites sites(kHash);
  for (unsigned i = 0; i < 3; ++i) sites.noticed(network(i), Sign::Suspicious, kMorning);
  sites.noticed(network(2), Sign::Suspicious, kMorning);  // again the same
  EXPECT_EQ(sites.watched(network(0)), nullptr);
  sites.noticed(network(3), Sign::Suspicious, kMorning);
  ASSERT_NE(sites.watched(network(200)), nullptr);
  EXPECT_EQ(sites.watched(network(256)), nullptr) << "the next /56 is somebody else";
}

TEST(AddressSites, WhatLiesLongerThanADayApartIsNotCountedTogether) {
  AddressSites sites(kHash);
  for (unsigned i = 0; i < 20; ++i)
    sites.noticed(network(i), Sign::Suspicious, kMorning + numbers::kHopperWindow / 2 * static_cast<int>(i));
  EXPECT_EQ(sites.size(), 0U);
}

TEST(AddressSites, NeverWatchesMoreThanItsLimitAndCountsWhoGaveWay) {
  AddressSites sites(kHash);
  for (unsigned site = 0; site < 4'500; ++site) {
    for (unsigned i = 0; i < 6; ++i) sites.noticed(network(256 * site + i), Sign::Suspicious, kMorning + seconds(site));
  }
  EXPECT_LE(sites.size(), 4'096U);
  EXPECT_EQ(sites.size() + sites.forgotten(), 4'500U);
}

DetectSettings as_live() {
  DetectSettings settings;
  settings.doorkeeper = true;
  return settings;
}

// A detector and a bot that takes the next /64 after so many connections.
struct Hopping {
  Detector detector{as_live(), kHash};
  std::vector<ClientReport> findings;
  unsigned connections = 0;
  Time now = kMorning;

  void hop(unsigned every, unsigned count, unsigned site = 0) {
    for (unsigned i = 0; i < count; ++i) {
      const IpAddress from{network(256 * site + i / every).high, 7};
      MailClient client(from.text().c_str(), [&](const ConnectionEvent& event) {
        ConnectionEvent at = event;
        at.time = now;
        detector.observe(at);
      });
      constexpr Outcome kMix[] = {Outcome::Refused, Outcome::Short, Outcome::Delivered};
      client.connects(server(1'000 * site + i), kMix[i % 3]);
      ++connections;
      now += seconds(20);
      for (ClientReport& finding : detector.take_findings()) findings.push_back(std::move(finding));
      if (!findings.empty()) return;
    }
  }
};

TEST(AddressHopper, IsToldOfAsASiteAndNotConvicted) {
  for (const unsigned every : {1U, 2U, 4U}) {
    Hopping bot;
    bot.hop(every, 60);
    ASSERT_EQ(bot.findings.size(), 1U) << every;
    const ClientReport& finding = bot.findings.front();
    EXPECT_EQ(finding.client.text(), "fd16:0:0:aa00::/56");
    EXPECT_EQ(finding.verdict, Verdict::Undecided);
    EXPECT_EQ(finding.doubt, Doubt::AddressHopper);
    EXPECT_LE(bot.connections, 40U) << every;
    EXPECT_NE(finding.reason.find("networks of this IPv6 site take turns"), std::string::npos) << finding.reason;
    double sum = 0;
    for (const Evidence& evidence : finding.evidence) sum += evidence.nats;
    EXPECT_NEAR(sum, finding.score_user, 0.05);
  }
}

TEST(AddressHopper, NeighboursWhoUsePort25AreNone) {
  Detector detector(as_live(), kHash);
  for (unsigned day = 0; day < 3; ++day) {
    for (unsigned i = 0; i < 200; ++i) {
      MailClient client(network(i).text().c_str(), [&](const ConnectionEvent& event) { detector.observe(event); });
      client.wait(hours(24 * day) + seconds(i)).connects(server(i % 40), Outcome::Delivered);
      client.connects(server(i % 40), Outcome::Delivered, 587);
    }
  }
  EXPECT_GE(detector.counters().sites_watched, 1U);
  EXPECT_TRUE(detector.take_findings().empty());
}

TEST(AddressHopper, OneBotInASiteIsTheBotAlone) {
  Detector detector({}, kHash);
  for (unsigned i = 0; i < 20; ++i) {
    MailClient neighbour(network(i).text().c_str(), [&](const ConnectionEvent& event) { detector.observe(event); });
    neighbour.connects(server(i), Outcome::Delivered);
  }
  MailClient bot(network(99).text().c_str(), [&](const ConnectionEvent& event) { detector.observe(event); });
  for (unsigned i = 100; i < 130; ++i)
    bot.wait(seconds(9)).connects(server(i), i % 3 == 0 ? Outcome::Delivered : Outcome::Refused);
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::Spammer);
  EXPECT_EQ(findings[0].client.length(), 64);
}

}  // namespace
}  // namespace mailweir
