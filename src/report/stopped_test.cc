#include "report/stopped.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

TEST(WouldHaveStopped, CountsLaterConnectionsOnTheAbusedPortsOnly) {
  ClientReport report;
  report.ports = {{{25, 30}, {465, 50}, {587, 20}}};
  report.ports_when_decided = {{{25, 6}, {465, 2}, {587, 2}}};
  report.evidence = {{"new-destinations-25", 15, ""}};
  EXPECT_EQ(would_have_stopped(report).connections, 24U);
  EXPECT_EQ(would_have_stopped(report).ports, std::vector<std::uint16_t>{25});
  report.evidence.push_back({"new-destinations-submission", 9, ""});
  EXPECT_EQ(would_have_stopped(report).connections, 24U + 48U + 18U);
}

TEST(WouldHaveStopped, NothingAfterTheDecisionIsNothing) {
  ClientReport report;
  report.ports = report.ports_when_decided = {{{25, 9}, {465, 0}, {587, 0}}};
  report.evidence = {{"new-destinations-25", 15, ""}};
  EXPECT_EQ(would_have_stopped(report).connections, 0U);
}

}  // namespace
}  // namespace mailweir
