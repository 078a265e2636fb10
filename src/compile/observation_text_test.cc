#include "compile/observation_text.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

Observation an_observation() {
  Observation wanted;
  wanted.number = 3;
  wanted.ports = {{Transport::Tcp, 25, 25}, {Transport::Udp, 5000, 5001}, {Transport::Tcp, 20, 30}};
  wanted.hooks = {RuleHook::Output};
  wanted.by = "eve\" drop #\n\\";
  wanted.since = Time(std::chrono::hours(1));
  wanted.until = wanted.since + std::chrono::milliseconds(90'500);
  return wanted;
}

int count(const std::string& text, std::string_view part) {
  int found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(ObservationText, EveryLoggingRuleAsksTheSetWhoseElementsEnd) {
  const std::string text = observation_text(an_observation());
  EXPECT_EQ(count(text, " log prefix "), 2);
  EXPECT_EQ(count(text, "meta nfproto @while counter name \"seen\" limit rate 50/second"), 2);
  EXPECT_NE(text.find("ipv4 timeout 90s, ipv6 timeout 90s"), std::string::npos) << text;
  EXPECT_NE(text.find("log prefix \"mw observe.3 seen \" group 2526"), std::string::npos) << text;
}

TEST(ObservationText, PortsThatOverlapAreMerged) {
  const std::string text = observation_text(an_observation());
  EXPECT_NE(text.find("tcp dport 20-30 "), std::string::npos) << text;
  EXPECT_EQ(count(text, "comment \"port "), 2);
}

TEST(ObservationText, ANameCannotLeaveItsComment) {
  const std::string text = observation_text(an_observation());
  EXPECT_NE(text.find("comment \"by eve? drop #??\"\n"), std::string::npos) << text;
}

TEST(ObservationText, TheKernelsLogSaysWhoseSocketAndIsSlower) {
  Observation wanted = an_observation();
  wanted.to_kernel_log = true;
  const std::string text = observation_text(wanted);
  EXPECT_NE(text.find("limit rate 1/second"), std::string::npos);
  EXPECT_NE(text.find("flags skuid"), std::string::npos);
  EXPECT_EQ(text.find("group"), std::string::npos);
}

}  // namespace
}  // namespace mailweir
