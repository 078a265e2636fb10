// Who is behind an address, and whose evidence it is.
#include <gtest/gtest.h>

#include "tests/support/detected_clients.h"

namespace mailweir {
namespace {

using std::chrono::hours;
using namespace testing;  // its clients

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
