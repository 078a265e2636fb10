#include "detect/detector.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mailweir {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Kind = ConnectionEvent::Kind;

const KeyedHash kHash({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
const Time kStart = *parse_time("2026-11-22T08:00:00Z");

IpAddress address(const char* text) { return *IpAddress::parse(text); }
// Each in a /24 of its own, none of a known provider.
IpAddress server(unsigned number) { return IpAddress::v4(0xc600'0019U + (number << 8)); }

// A client at work: says what happens to it, in time order.
class Client {
 public:
  Client(Detector& detector, const char* text) : detector_(detector), address_(address(text)) {}

  Client& at(Time now) {
    now_ = now;
    return *this;
  }
  Client& wait(Duration duration) {
    now_ += duration;
    return *this;
  }
  Client& opens(IpAddress to, std::uint16_t port = 25) {
    tell(Kind::Opened, to, port, Outcome::Unknown);
    return *this;
  }
  // A whole connection: opened, established if it was, and its end two seconds later.
  Client& connects(IpAddress to, Outcome outcome, std::uint16_t port = 25) {
    opens(to, port);
    if (outcome != Outcome::NoAnswer && outcome != Outcome::Refused)
      tell(Kind::Established, to, port, Outcome::Unknown);
    wait(seconds(2));
    tell(Kind::Judged, to, port, outcome);
    return *this;
  }
  Client& seen_as(View view) {
    view_ = view;
    return *this;
  }
  [[nodiscard]] ClientReport report() const {
    for (const ClientReport& report : detector_.reports()) {
      if (report.client.contains(address_)) return report;
    }
    return {};
  }
  [[nodiscard]] Time now() const { return now_; }

 private:
  void tell(Kind kind, IpAddress to, std::uint16_t port, Outcome outcome) {
    detector_.observe({.time = now_,
                       .client = address_,
                       .server = to,
                       .client_port = port_++,
                       .server_port = port,
                       .kind = kind,
                       .outcome = outcome,
                       .view = view_});
  }
  Detector& detector_;
  IpAddress address_;
  Time now_ = kStart;
  std::uint16_t port_ = 20'000;
  View view_ = View::TwoSided;
};

double sum_of(const ClientReport& report) {
  double sum = 0;
  for (const Evidence& evidence : report.evidence) sum += evidence.nats;
  return sum;
}

// Every third contact is refused, cut short, or delivered.
void spam(Client& client, unsigned connections, unsigned first = 0) {
  constexpr Outcome kMix[] = {Outcome::Refused, Outcome::Short, Outcome::Delivered};
  for (unsigned i = first; i < first + connections; ++i) client.wait(seconds(6)).connects(server(i), kMix[i % 3]);
}

TEST(Detector, ConvictsABotWithinTenConnections) {
  Detector detector({}, kHash);
  Client bot(detector, "172.16.0.66");
  spam(bot, 20);
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  const ClientReport& finding = findings.front();
  EXPECT_EQ(finding.verdict, Verdict::Spammer);
  EXPECT_EQ(finding.client.text(), "172.16.0.66");
  EXPECT_LE(*finding.decided_after_connections, 12U);
  EXPECT_GE(finding.score_user, 15.4);
  EXPECT_NEAR(sum_of(finding), finding.score_user, 0.05);
  for (const Evidence& evidence : finding.evidence) {
    std::printf("  %+.2f %s: %s\n", evidence.nats, evidence.kind.c_str(), evidence.text.c_str());
  }
  std::printf("  %s\n", finding.reason.c_str());
  EXPECT_TRUE(detector.take_findings().empty());
}

}  // namespace
}  // namespace mailweir
