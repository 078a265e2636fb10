// What holds for every history. Histories follow from a seed, which a failure prints.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "detect/detector.h"
#include "tests/support/mail_client.h"

namespace mailweir {
namespace {

using testing::MailClient;
using testing::server;

const KeyedHash kHash({3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3});

// Some hundred clients of different temper, their events mixed as they fall in time.
std::vector<ConnectionEvent> history(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  std::vector<ConnectionEvent> events;
  for (unsigned number = 0; number < 100; ++number) {
    const std::string address =
        number % 3 == 0 ? "fd16:0:0:" + std::to_string(number) + "::7" : "172.16.0." + std::to_string(number);
    MailClient client(address.c_str(), [&](const ConnectionEvent& event) { events.push_back(event); });
    client.seen_as(static_cast<View>(number % 5 == 0 ? below(3) : 2));
    const unsigned breadth = 1 + below(60);
    const unsigned pause_s = 1 + below(20'000);
    const std::uint16_t ports[] = {25, 25, 587, 465};
    for (unsigned i = below(80); i > 0; --i) {
      client.wait(std::chrono::seconds(below(pause_s)));
      client.connects(server(below(breadth)), static_cast<Outcome>(below(6)), ports[below(4)]);
      events.back().payload = below(1U << below(20));
      for (unsigned sign = number % 4 == 1 ? below(4) : 0; sign > 0; --sign) {
        events.push_back({.time = client.now(),
                          .client = client.address(),
                          .server = server(below(200)),
                          .payload = 1 + below(1'000),
                          .kind = below(2) == 0 ? ConnectionEvent::Kind::AskedMx : ConnectionEvent::Kind::LetIn});
      }
    }
  }
  std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
  return events;
}

DetectSettings settings_of(unsigned seed) {
  DetectSettings settings;
  settings.recorded = seed % 2 == 0;
  settings.servers_registered = seed % 3 == 0;
  settings.exact_destinations = seed % 4 == 0;
  settings.mx_seen = seed % 2 == 1;
  settings.mail_servers = {*IpPrefix::parse("172.16.0.16/28")};
  return settings;
}

// Everything a report says, to be compared.
std::string text_of(const ClientReport& report) {
  std::string text = report.client.text() + " " + std::string(name_of(report.verdict)) + " " + report.reason + " " +
                     std::to_string(report.score_user) + " " + std::to_string(report.score_server) + " " +
                     std::to_string(report.attempts) + " " + std::to_string(report.destinations) + " " +
                     std::to_string(report.groups) + " " +
                     (report.decided_at ? format_time(*report.decided_at) : std::string("-"));
  for (const Evidence& evidence : report.evidence) {
    text += " " + evidence.kind + std::to_string(evidence.nats) + evidence.text;
  }
  return text;
}

std::vector<std::string> texts_of(const std::vector<ClientReport>& reports) {
  std::vector<std::string> texts;
  for (const ClientReport& report : reports) texts.push_back(text_of(report));
  std::sort(texts.begin(), texts.end());
  return texts;
}

class EveryHistory : public ::testing::TestWithParam<unsigned> {
 protected:
  const unsigned seed = GetParam();
  const std::vector<ConnectionEvent> events = history(seed);
  const DetectSettings settings = settings_of(seed);
};

TEST_P(EveryHistory, EvidenceAddsUpToTheScore) {
  Detector detector(settings, kHash);
  unsigned count = 0;
  const auto check = [&](const std::vector<ClientReport>& reports) {
    for (const ClientReport& report : reports) {
      double sum = 0;
      for (const Evidence& evidence : report.evidence) sum += evidence.nats;
      ASSERT_NEAR(sum, report.score_user, 0.05) << text_of(report);
      ASSERT_GE(report.score_user, -6.001);
      ASSERT_EQ(report.verdict == Verdict::Spammer, report.decided_at.has_value());
      ASSERT_EQ(report.verdict == Verdict::Server, report.registered) << text_of(report);
    }
  };
  for (const ConnectionEvent& event : events) {
    detector.observe(event);
    if (++count % 500 == 0) {
      check(detector.reports());
      check(detector.take_findings());
    }
    if (count % 1500 == 0) detector.lifted(client_of(event.client, 64), event.time);
  }
  check(detector.reports());
}

TEST_P(EveryHistory, SameEventsSameReports) {
  Detector once(settings, kHash);
  Detector again(settings, kHash);
  for (const ConnectionEvent& event : events) {
    once.observe(event);
    again.observe(event);
  }
  EXPECT_EQ(texts_of(once.reports()), texts_of(again.reports()));
}

TEST_P(EveryHistory, ClientsAreIndependentUnlessCompared) {
  DetectSettings apart = settings;
  apart.clients_compared = false;
  Detector all(apart, kHash);
  std::vector<Detector> shards;
  for (int i = 0; i < 3; ++i) shards.emplace_back(apart, kHash);
  for (const ConnectionEvent& event : events) {
    all.observe(event);
    shards[client_of(event.client, 64).base().low % 251 % 3].observe(event);
  }
  std::vector<ClientReport> reports;
  std::vector<ClientReport> findings;
  for (Detector& shard : shards) {
    for (ClientReport& report : shard.reports()) reports.push_back(std::move(report));
    for (ClientReport& finding : shard.take_findings()) findings.push_back(std::move(finding));
  }
  EXPECT_EQ(texts_of(reports), texts_of(all.reports()));
  EXPECT_EQ(texts_of(findings), texts_of(all.take_findings()));
}

TEST_P(EveryHistory, NeverHoldsMoreClientsThanAllowed) {
  DetectSettings few = settings;
  few.clients_max = 1 + seed % 40;
  Detector detector(few, kHash);
  std::uint64_t admitted = 0;
  for (const ConnectionEvent& event : events) {
    const std::uint64_t before = detector.counters().clients + detector.counters().forgotten_clients;
    detector.observe(event);
    const DetectCounters now = detector.counters();
    ASSERT_LE(now.clients, few.clients_max);
    admitted += now.clients + now.forgotten_clients - before;
  }
  EXPECT_EQ(detector.reports().size(), detector.counters().clients);
  EXPECT_EQ(admitted, detector.counters().clients + detector.counters().forgotten_clients);
}

INSTANTIATE_TEST_SUITE_P(Seeds, EveryHistory, ::testing::Range(1U, 13U));

}  // namespace
}  // namespace mailweir
