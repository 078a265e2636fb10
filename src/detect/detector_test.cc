#include "detect/detector.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/mail_client.h"

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::MailClient;
using testing::server;

const KeyedHash kHash({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});

MailClient client_at(Detector& detector, const char* address) {
  return {address, [&detector](const ConnectionEvent& event) { detector.observe(event); }};
}

ClientReport report_of(const Detector& detector, const MailClient& client) {
  for (const ClientReport& report : detector.reports()) {
    if (report.client.contains(client.address())) return report;
  }
  ADD_FAILURE() << "no report of " << client.address().text();
  return {};
}

double sum_of(const ClientReport& report) {
  double sum = 0;
  for (const Evidence& evidence : report.evidence) sum += evidence.nats;
  return sum;
}

bool says(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

// A third is refused, a third cut short, a third delivered.
void spam(MailClient& client, unsigned connections, unsigned first = 0, std::uint16_t port = 25) {
  constexpr Outcome kMix[] = {Outcome::Refused, Outcome::Short, Outcome::Delivered};
  for (unsigned i = first; i < first + connections; ++i) {
    client.wait(seconds(6)).connects(server(i), kMix[i % 3], port);
  }
}

// Delivers what others would, with a greylisting here and there, and comes back for it.
void serve(MailClient& client, unsigned connections) {
  for (unsigned i = 0; i < connections; ++i) {
    const bool greylisted = i % 8 == 0;
    client.wait(seconds(10)).connects(server(i), greylisted ? Outcome::Short : Outcome::Delivered);
    if (greylisted) client.wait(seconds(300)).connects(server(i), Outcome::Delivered);
  }
}

TEST(Detector, ConvictsABotWithinADozenConnections) {
  Detector detector({}, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  spam(bot, 30);
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  const ClientReport& finding = findings.front();
  EXPECT_EQ(finding.verdict, Verdict::Spammer);
  EXPECT_EQ(finding.client.text(), "172.16.0.66");
  EXPECT_LE(*finding.decided_after_connections, 12U);
  EXPECT_EQ(*finding.decided_after_connections, finding.attempts);
  EXPECT_EQ(*finding.decided_at, finding.last_seen);
  EXPECT_GE(finding.score_user, 15.4);
  EXPECT_GE(finding.score_server, 7.0);
  EXPECT_NEAR(sum_of(finding), finding.score_user, 0.05);
  EXPECT_TRUE(says(finding.reason, "need 15.4")) << finding.reason;
  EXPECT_TRUE(says(finding.evidence[0].text, "new mail networks on port 25 in 48 s")) << finding.evidence[0].text;
  EXPECT_TRUE(says(finding.evidence[0].text, "fewer than 1 in")) << finding.evidence[0].text;
  EXPECT_TRUE(detector.take_findings().empty());
}

TEST(Detector, ASpammersReportKeepsTheMomentOfTheDecision) {
  Detector detector({}, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  spam(bot, 30);
  const ClientReport finding = detector.take_findings().at(0);
  bot.wait(hours(20));
  spam(bot, 10, 100);
  const ClientReport later = report_of(detector, bot);
  EXPECT_EQ(later.verdict, Verdict::Spammer);
  EXPECT_EQ(later.score_user, finding.score_user);
  EXPECT_EQ(later.reason, finding.reason);
  EXPECT_EQ(later.decided_at, finding.decided_at);
  EXPECT_EQ(later.decided_after_connections, finding.decided_after_connections);
  EXPECT_EQ(later.attempts, 40U);
  EXPECT_EQ(later.last_seen, bot.now());
  EXPECT_NEAR(sum_of(later), later.score_user, 0.05);
}

TEST(Detector, AnUnregisteredMailServerIsAskedAboutOnceAndNotConvicted) {
  Detector detector({}, kHash);
  auto mta = client_at(detector, "172.16.9.25");
  serve(mta, 100);
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::Undecided);
  EXPECT_TRUE(says(findings[0].reason, "unregistered mail server?")) << findings[0].reason;
  EXPECT_FALSE(findings[0].decided_at);
  EXPECT_NEAR(sum_of(findings[0]), findings[0].score_user, 0.05);
}

TEST(Detector, ACandidateMayStillBecomeASpammer) {
  Detector detector({}, kHash);
  auto client = client_at(detector, "172.16.9.25");
  serve(client, 100);
  ASSERT_EQ(detector.take_findings().size(), 1U);
  for (unsigned i = 200; i < 300; ++i) client.wait(seconds(1)).connects(server(i), Outcome::Refused);
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::Spammer);
}

TEST(Detector, ARegisteredServerIsScoredAndNeverASpammer) {
  DetectSettings settings;
  settings.mail_servers = {*IpPrefix::parse("172.16.9.25"), *IpPrefix::parse("fd16:0:0:25::25")};
  Detector detector(settings, kHash);
  auto quiet = client_at(detector, "172.16.9.25");
  serve(quiet, 100);
  EXPECT_TRUE(detector.take_findings().empty());
  EXPECT_EQ(report_of(detector, quiet).verdict, Verdict::Server);
  EXPECT_TRUE(report_of(detector, quiet).registered);
  EXPECT_GT(report_of(detector, quiet).score_user, 5);

  // The whole /64 is one client, so it is registered with the address that lives in it. Broken into, it is told of
  // once.
  auto cracked = client_at(detector, "fd16:0:0:25::77");
  spam(cracked, 60);
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::Server);
  EXPECT_TRUE(says(findings[0].reason, "broken into?")) << findings[0].reason;
  EXPECT_EQ(report_of(detector, cracked).verdict, Verdict::Server);
}

TEST(Detector, TheSameBehaviourIsJudgedAloneWhereAllServersAreRegistered) {
  DetectSettings settings;
  settings.servers_registered = true;
  Detector detector(settings, kHash);
  auto clean_list_bot = client_at(detector, "172.16.0.66");
  serve(clean_list_bot, 60);
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::Spammer);
  EXPECT_TRUE(says(findings[0].reason, "every mail server here is registered")) << findings[0].reason;
}

TEST(Detector, FirstPacketsAloneConvictInARecordingAndSayWhatIsUnsure) {
  DetectSettings settings;
  settings.recorded = true;
  Detector detector(settings, kHash);
  auto client = client_at(detector, "172.16.0.66");
  client.seen_as(View::FirstPackets);
  for (unsigned i = 0; i < 40; ++i) client.wait(seconds(5)).opens(server(i));
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::Spammer);
  EXPECT_GE(*findings[0].decided_after_connections, 20U);
  EXPECT_TRUE(says(findings[0].reason, "a mail server would look the same")) << findings[0].reason;
  EXPECT_TRUE(says(findings[0].reason, "--mail-servers 172.16.0.66")) << findings[0].reason;
}

TEST(Detector, ForgedSynsEndUndecided) {
  Detector detector({}, kHash);
  auto victim = client_at(detector, "172.16.0.66");
  for (unsigned i = 0; i < 60; ++i) victim.wait(seconds(5)).connects(server(i), Outcome::NoAnswer);
  EXPECT_TRUE(detector.take_findings().empty());
  const ClientReport report = report_of(detector, victim);
  EXPECT_EQ(report.verdict, Verdict::Undecided);
  EXPECT_TRUE(says(report.reason, "no handshake seen")) << report.reason;
}

TEST(Detector, AnOrdinaryUserIsCalledOne) {
  Detector detector({}, kHash);
  auto user = client_at(detector, "172.16.0.5");
  for (unsigned i = 0; i < 20; ++i) user.wait(seconds(60)).connects(server(i % 2), Outcome::Delivered, 587);
  const ClientReport report = report_of(detector, user);
  EXPECT_EQ(report.verdict, Verdict::Legitimate) << report.reason;
  EXPECT_EQ(report.ports[2].connections, 20U);
  EXPECT_EQ(report.delivered, 20U);
  EXPECT_EQ(report.established, 20U);
}

TEST(Detector, AProvidersManyServersAreOnePlace) {
  Detector detector({}, kHash);
  auto user = client_at(detector, "172.16.0.5");
  for (const char* text : {"64.233.184.26", "74.125.133.27", "142.250.102.26", "2a00:1450:4013:c00::1a"}) {
    user.connects(*IpAddress::parse(text), Outcome::Delivered);
  }
  EXPECT_EQ(report_of(detector, user).groups, 1U);
  EXPECT_EQ(report_of(detector, user).evidence.at(0).kind, "new-destinations-25");
  EXPECT_NEAR(report_of(detector, user).evidence.at(0).nats, 2.0, 1e-4);
}

TEST(Detector, IPv6ClientsAreTheir64) {
  Detector detector({}, kHash);
  auto one = client_at(detector, "fd16::1");
  auto other = client_at(detector, "fd16::2:3:4:5");
  auto neighbour = client_at(detector, "fd16:0:0:1::1");
  one.opens(server(0));
  other.opens(server(1));
  neighbour.opens(server(0));
  ASSERT_EQ(detector.reports().size(), 2U);
  EXPECT_EQ(report_of(detector, one).client.text(), "fd16::/64");
  EXPECT_EQ(report_of(detector, one).attempts, 2U);
}

TEST(Detector, OtherPortsAndUnknownClientsAreNotEvidence) {
  Detector detector({}, kHash);
  auto client = client_at(detector, "172.16.0.5");
  client.connects(server(0), Outcome::Delivered, 993);
  client.ends(server(0), Outcome::Refused);  // of a connection that was opened before we looked
  EXPECT_TRUE(detector.reports().empty());
  EXPECT_EQ(detector.counters().clients, 0U);
}

TEST(Detector, AfterABlockHalfTheThresholdIsKept) {
  Detector detector({}, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  spam(bot, 12);
  ASSERT_EQ(detector.take_findings().size(), 1U);
  detector.lifted(IpPrefix::host(bot.address()), bot.now() + hours(1));
  const ClientReport report = report_of(detector, bot);
  EXPECT_EQ(report.verdict, Verdict::Undecided);
  EXPECT_NEAR(report.score_user, 7.7, 0.01);
  EXPECT_NEAR(sum_of(report), report.score_user, 0.05);
  EXPECT_FALSE(report.decided_at);
  bot.wait(hours(1));
  spam(bot, 12, 100);
  ASSERT_EQ(detector.take_findings().size(), 1U);               // and is convicted again, sooner
  detector.lifted(*IpPrefix::parse("172.16.0.99"), bot.now());  // of somebody unknown: nothing happens
}

TEST(Detector, ForgetsTheMostInnocentThenTheIdlestFirst) {
  DetectSettings settings;
  settings.clients_max = 3;
  Detector detector(settings, kHash);
  auto suspect = client_at(detector, "172.16.0.1");
  auto idle = client_at(detector, "172.16.0.2");
  auto busy = client_at(detector, "172.16.0.3");
  suspect.connects(server(0), Outcome::Refused);
  idle.connects(server(0), Outcome::Delivered, 587);
  busy.wait(seconds(10)).connects(server(0), Outcome::Delivered, 587);
  auto fourth = client_at(detector, "172.16.0.4");
  fourth.wait(seconds(20)).opens(server(1), 587);
  auto reports = detector.reports();
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(detector.counters().forgotten_clients, 1U);
  EXPECT_TRUE(std::none_of(reports.begin(), reports.end(),
                           [&](const ClientReport& report) { return report.client.contains(idle.address()); }));
  auto fifth = client_at(detector, "172.16.0.5");
  fifth.wait(seconds(30)).opens(server(1), 587);
  reports = detector.reports();
  EXPECT_EQ(reports.front().client.text(), "172.16.0.1");
  EXPECT_EQ(detector.counters().forgotten_clients, 2U);
  EXPECT_EQ(detector.counters().clients, 3U);
}

TEST(Detector, CountsDestinationsExactlyInARecording) {
  DetectSettings settings;
  settings.recorded = true;
  settings.exact_destinations = true;
  Detector detector(settings, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  for (unsigned i = 0; i < 7000; ++i) {
    bot.opens(IpAddress::v4(server(i / 2).v4_bits() + i % 2)).opens(server(i / 2));
  }
  bot.opens(*IpAddress::parse("2001:db8:1:2::25")).opens(*IpAddress::parse("2001:db8:1:3::25"));
  EXPECT_EQ(report_of(detector, bot).destinations, 7002U);
  EXPECT_EQ(report_of(detector, bot).groups, 3501U);
  for (unsigned i = 3500; i < 25'000; ++i) bot.opens(server(i));
  EXPECT_NEAR(static_cast<double>(report_of(detector, bot).destinations), 28'502, 28'502 * 0.06);
  EXPECT_NEAR(static_cast<double>(report_of(detector, bot).groups), 25'001, 25'001 * 0.06);
}

TEST(Detector, EstimatesDestinationsLive) {
  Detector detector({}, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  for (unsigned i = 0; i < 50; ++i) bot.opens(server(i));
  EXPECT_NEAR(static_cast<double>(report_of(detector, bot).groups), 50, 10);
}

TEST(Detector, ARelayThatIsDownForEverybodyMakesNobodySuspicious) {
  Detector detector({}, kHash);
  for (unsigned i = 1; i <= 9; ++i) {
    auto user = client_at(detector, ("172.16.0." + std::to_string(i)).c_str());
    user.connects(server(7), Outcome::NoAnswer, 587);
    const ClientReport report = report_of(detector, user);
    EXPECT_EQ(report.failed, 1U) << "counted all the same";
    EXPECT_NEAR(report.score_user, i <= 3 ? 1.2 : 0.0, 0.01) << i;
  }
  EXPECT_EQ(detector.counters().silenced_failures, 6U);
}

TEST(Detector, WhereTheUplinkClosesPort25NobodyIsJudgedByFailures) {
  Detector detector({}, kHash);
  for (unsigned i = 1; i <= 5; ++i)
    client_at(detector, ("172.16.0." + std::to_string(i)).c_str()).connects(server(i), Outcome::NoAnswer);
  EXPECT_TRUE(detector.uplink(testing::kMorning).closed());
  auto mta = client_at(detector, "172.16.9.25");
  for (unsigned i = 100; i < 120; ++i) mta.wait(seconds(10)).connects(server(i), Outcome::Refused);
  EXPECT_EQ(report_of(detector, mta).score_server, 0);
  EXPECT_TRUE(detector.take_findings().empty());
}

TEST(Detector, RegisteredServersTeachHowSmallADeliveryIs) {
  DetectSettings settings;
  settings.mail_servers = {*IpPrefix::parse("172.16.9.25")};
  Detector detector(settings, kHash);
  auto send = [&](const char* address, std::uint32_t payload) {
    MailClient client(address, [&](ConnectionEvent event) {
      event.payload = event.kind == ConnectionEvent::Kind::Judged ? payload : 0;
      detector.observe(event);
    });
    client.connects(server(7), Outcome::Delivered);
    return report_of(detector, client);
  };
  EXPECT_EQ(send("172.16.0.5", 1'200).delivered, 1U);
  for (unsigned i = 0; i < 60; ++i) send("172.16.9.25", 5'000 + 100 * i);
  EXPECT_EQ(send("172.16.0.6", 1'200).shorts, 1U);
  EXPECT_EQ(send("172.16.0.7", 9'000).delivered, 1U);
}

ConnectionEvent asked_mx(const MailClient& client, std::uint32_t name) {
  return {.time = client.now(),
          .client = client.address(),
          .server = server(0),
          .server_port = 53,
          .payload = name,
          .kind = ConnectionEvent::Kind::AskedMx};
}

TEST(Detector, QuestionsForMailServersBeforeAnyMailAreRemembered) {
  Detector detector({}, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  for (std::uint32_t name = 1; name < 9; ++name) detector.observe(asked_mx(bot, name));
  EXPECT_EQ(detector.counters().clients, 0U) << "who sends no mail costs nothing";
  bot.wait(seconds(1)).opens(server(1));
  const ClientReport report = report_of(detector, bot);
  EXPECT_NEAR(report.score_user, 2.0 + 5.0, 0.05);
  EXPECT_NEAR(sum_of(report), report.score_user, 0.05);
  EXPECT_TRUE(says(report.evidence.back().text, "mail servers of 8 domains")) << report.evidence.back().text;
}

// docs/detection.md, section 3.8: median 10 where questions are seen, 7 where servers are registered.
TEST(Detector, QuestionsForMailServersConvictSooner) {
  const auto connections = [](bool asks, bool registered) {
    DetectSettings settings;
    settings.servers_registered = registered;
    Detector detector(settings, kHash);
    auto bot = client_at(detector, "172.16.0.66");
    for (unsigned i = 0; i < 30; ++i) {
      if (asks) detector.observe(asked_mx(bot, i));
      spam(bot, 1, 3 * i + i % 3);
    }
    for (const ClientReport& finding : detector.take_findings()) {
      if (finding.verdict == Verdict::Spammer) return *finding.decided_after_connections;
    }
    return std::uint64_t{1'000};
  };
  EXPECT_LE(connections(true, true), 7U);
  EXPECT_LE(connections(true, false), 10U);
  EXPECT_LT(connections(true, true), connections(false, true));
}

TEST(Detector, WhereQuestionsAreSeenAskingNoneSpeaksALittleForAClient) {
  DetectSettings settings;
  settings.mx_seen = true;
  Detector detector(settings, kHash);
  auto user = client_at(detector, "172.16.0.5");
  user.opens(server(0)).opens(server(0)).opens(server(1));
  EXPECT_NEAR(report_of(detector, user).score_user, 2.0 - 0.25 + 1.867 - 0.02, 0.01);
}

DetectSettings with_doorkeeper() {
  DetectSettings settings;
  settings.doorkeeper = true;
  return settings;
}

TEST(Detector, NobodyIsRememberedForAFirstPacket) {
  Detector detector(with_doorkeeper(), kHash);
  for (unsigned i = 0; i < 10'000; ++i) {
    detector.observe(
        {.time = testing::kMorning, .client = IpAddress::v4(0xac10'0000U + i), .server = server(i), .server_port = 25});
  }
  EXPECT_LT(detector.counters().clients, 5U);
  EXPECT_GT(detector.counters().turned_away, 9'990U);
}

TEST(Detector, AnAnswerBringsWhatWasTurnedAway) {
  Detector detector(with_doorkeeper(), kHash);
  auto bot = client_at(detector, "172.16.0.66");
  bot.opens(server(0)).opens(server(1));
  EXPECT_EQ(detector.counters().clients, 0U);
  bot.establishes(server(1)).ends(server(0), Outcome::Refused).ends(server(1), Outcome::Short);
  const ClientReport report = report_of(detector, bot);
  EXPECT_EQ(report.attempts, 2U);
  EXPECT_NEAR(report.score_user, 2.0 + 1.867 + 1.2 + 0.8, 0.01);
}

TEST(Detector, ABotThatMeetsSilenceOnlyIsSeenAtItsThirdPacket) {
  Detector detector(with_doorkeeper(), kHash);
  auto bot = client_at(detector, "172.16.0.66");
  for (unsigned i = 0; i < 12; ++i) bot.wait(seconds(5)).connects(server(i), Outcome::NoAnswer);
  EXPECT_EQ(report_of(detector, bot).attempts, 11U);
}

TEST(Detector, ABotThatIsOnlyEverRefusedIsSeenFromTheFirstOn) {
  Detector detector(with_doorkeeper(), kHash);
  auto bot = client_at(detector, "172.16.0.66");
  for (unsigned i = 0; i < 12; ++i) bot.wait(seconds(5)).connects(server(i), Outcome::Refused);
  EXPECT_EQ(report_of(detector, bot).attempts, 12U);
}

TEST(Detector, AFloodOfForgedSourcesNeitherGrowsNorBlocksNorHidesBots) {
  DetectSettings settings = with_doorkeeper();
  settings.clients_max = 2'000;
  Detector detector(settings, kHash);
  std::vector<MailClient> bots;
  for (unsigned i = 0; i < 5; ++i) bots.push_back(client_at(detector, ("172.16.0." + std::to_string(60 + i)).c_str()));
  auto user = client_at(detector, "172.16.0.5");
  for (unsigned i = 0; i < 300'000; ++i) {
    detector.observe({.time = user.now(),
                      .client = IpAddress::v4(0xac11'0000U + i * 7'919 % 0xe'ffff),
                      .server = server(i % 5'000),
                      .server_port = 25});
    if (i % 10'000 != 0) continue;
    user.wait(seconds(6)).connects(server(i % 2), Outcome::Delivered, 587);
    for (MailClient& bot : bots) spam(bot, 1, i / 10'000 * 3 + i / 10'000 % 3);
  }
  EXPECT_LE(detector.counters().clients, 2'000U);
  std::vector<std::string> convicted;
  for (const ClientReport& finding : detector.take_findings()) {
    if (finding.verdict == Verdict::Spammer) convicted.push_back(finding.client.text());
  }
  EXPECT_EQ(convicted.size(), bots.size());
  EXPECT_EQ(report_of(detector, user).delivered, 30U);
}

TEST(Detector, OneIpv6SiteCannotFillTheTable) {
  DetectSettings settings;
  settings.clients_per_v6_network = 64;
  Detector detector(settings, kHash);
  for (unsigned i = 0; i < 1'000; ++i) {
    detector.observe({.time = testing::kMorning,
                      .client = IpAddress{0xfd16'0000'0000'0000 + i, 7},
                      .server = server(i),
                      .server_port = 25});
  }
  EXPECT_LE(detector.counters().clients, 64U);
  EXPECT_EQ(detector.counters().clients + detector.counters().forgotten_by_quota, 1'000U);
}

TEST(Detector, OnlySoManyClientsAreRememberedInDetailAndTheMostInnocentGoFirst) {
  DetectSettings settings;
  settings.wide_clients_max = 20;
  Detector detector(settings, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  for (unsigned i = 0; i < 7; ++i) bot.connects(server(i), Outcome::Refused);
  for (unsigned i = 0; i < 200; ++i) {
    auto user = client_at(detector, ("172.16.1." + std::to_string(i)).c_str());
    for (unsigned account = 0; account < 6; ++account) user.connects(server(account), Outcome::Delivered, 587);
  }
  EXPECT_LE(detector.counters().wide_clients, 20U);
  EXPECT_EQ(report_of(detector, bot).attempts, 7U);
}

TEST(Detector, WhereBytesAreNotCountedItTakesOneMoreKindOfEvidence) {
  for (const bool asks : {false, true}) {
    DetectSettings settings;
    settings.bytes_counted = false;
    Detector detector(settings, kHash);
    auto bot = client_at(detector, "172.16.0.66");
    for (unsigned i = 0; i < 30; ++i) {
      bot.wait(seconds(6));
      if (asks) detector.observe(asked_mx(bot, i));
      if (i % 2 == 0) {
        bot.connects(server(i), Outcome::Refused);
      } else {
        bot.opens(server(i)).establishes(server(i));
      }
    }
    const auto findings = detector.take_findings();
    EXPECT_EQ(std::count_if(findings.begin(), findings.end(),
                            [](const ClientReport& finding) { return finding.verdict == Verdict::Spammer; }),
              asks ? 1 : 0);
    EXPECT_EQ(says(report_of(detector, bot).reason, "does not count bytes"), !asks);
  }
}

TEST(Detector, ARegisteredServerThatChangesIsNoticedOnceADay) {
  DetectSettings settings;
  settings.mail_servers = {*IpPrefix::parse("172.16.9.25")};
  Detector detector(settings, kHash);
  auto mta = client_at(detector, "172.16.9.25");
  unsigned number = 0;
  for (unsigned hour = 0; hour < 14 * 24; ++hour) {
    for (unsigned i = 0; i < 6; ++i, ++number)
      mta.wait(seconds(600)).connects(server(number % 20'000), number % 20 == 0 ? Outcome::Short : Outcome::Delivered);
  }
  EXPECT_TRUE(detector.take_findings().empty()) << "a fortnight like any other";
  for (unsigned i = 0; i < 60; ++i, ++number)
    mta.wait(seconds(60)).connects(server(20'000 + number), i % 2 == 0 ? Outcome::Refused : Outcome::Delivered);
  const auto findings = detector.take_findings();
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].verdict, Verdict::Server);
  EXPECT_EQ(findings[0].doubt, Doubt::ChangedServer);
  EXPECT_TRUE(says(findings[0].reason, "begun to refuse it") || says(findings[0].reason, "within an hour"))
      << findings[0].reason;
  EXPECT_LE(findings.size(), 2U);
}

TEST(Detector, TheNextHolderOfAnAddressBeginsAnew) {
  for (const bool seen : {true, false}) {
    Detector detector({}, kHash);
    std::uint16_t hardware = 7;
    MailClient client("172.16.0.66", [&](ConnectionEvent event) {
      if (seen && event.kind == ConnectionEvent::Kind::Opened) event.hardware = hardware;
      detector.observe(event);
    });
    spam(client, 6);  // not yet convicted
    hardware = 8;
    spam(client, 6, 100);
    EXPECT_EQ(detector.take_findings().empty(), seen);
    EXPECT_EQ(report_of(detector, client).attempts, seen ? 6U : 12U);
    EXPECT_EQ(detector.counters().new_holders, seen ? 1U : 0U);
  }
}

TEST(Detector, WhoKeepsChangingTheHardwareAddressIsConvictedAllTheSame) {
  Detector detector({}, kHash);
  std::uint16_t hardware = 1;
  MailClient client("172.16.0.66", [&](ConnectionEvent event) {
    if (event.kind == ConnectionEvent::Kind::Opened) event.hardware = hardware;
    detector.observe(event);
  });
  for (unsigned i = 0; i < 15; ++i, ++hardware) spam(client, 4, 10 * i);
  EXPECT_EQ(detector.take_findings().size(), 1U);
  EXPECT_EQ(detector.counters().new_holders, 3U);
}

TEST(Detector, ANetworkOfManyMachinesHasNoHardwareAddress) {
  Detector detector({}, kHash);
  std::uint16_t hardware = 1;
  MailClient client("fd16::1", [&](ConnectionEvent event) {
    event.hardware = ++hardware;
    detector.observe(event);
  });
  spam(client, 30);
  EXPECT_EQ(detector.take_findings().size(), 1U);
}

TEST(Detector, AfterALongSilenceScoresHalve) {
  Detector detector({}, kHash);
  auto client = client_at(detector, "172.16.0.66");
  spam(client, 6);
  const double before = detector.scores(client.address())->user;
  client.wait(hours(23)).connects(server(0), Outcome::Delivered, 587);
  const double within = detector.scores(client.address())->user;
  client.wait(hours(25)).connects(server(0), Outcome::Delivered, 587);
  const double after = detector.scores(client.address())->user;
  EXPECT_GT(within, before / 3);
  EXPECT_LT(after, within / 4) << "it decays to two fifths, and is halved";
  EXPECT_EQ(detector.counters().idle_leases, 1U);
}

}  // namespace
}  // namespace mailweir
