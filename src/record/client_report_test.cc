#include "record/client_report.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

TEST(AbusedRoles, AreThoseWhoseNewDestinationsSpeakAgainstTheClient) {
  ClientReport report;
  EXPECT_TRUE(abused_roles(report).empty());
  report.evidence = {{"new-destinations-25", 9.1, ""}, {"new-destinations-submission", -0.3, ""}, {"failed", 7, ""}};
  EXPECT_EQ(abused_roles(report), std::vector{MailRole::Transfer});
  report.evidence[1].nats = 0.1;
  EXPECT_EQ(abused_roles(report), (std::vector{MailRole::Transfer, MailRole::Submission}));
}

}  // namespace
}  // namespace mailweir
