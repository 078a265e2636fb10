#include "report/case_text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Time kNoon = *parse_time("2026-11-22T12:00:00Z");
const IpPrefix kClient = *IpPrefix::parse("172.16.0.66");

CaseView running() {
  CaseView view;
  view.state = CaseView::State::Running;
  view.packets_stopped = 1234;
  CaseRecord& record = view.record;
  record.id = "mw-20261122-120000-0000";
  record.client = kClient;
  record.since = kNoon;
  record.until = kNoon + hours(2);
  record.by = "detector";
  record.reason = "9 new mail networks in 8 min";
  record.ports = {25};
  record.connections = 14;
  record.policy_file = "mailweir.toml";
  record.policy_line = 3;
  record.repeat = 1;
  // Each is rounded up for itself: 10.35 + 4.96 + 0.26 = 15.57, shown 10.4 + 5.0 + 0.3.
  record.evidence = {{"new-destinations-25", 10.36, "9 new mail networks on port 25 in 8 min"},
                     {"failed", 4.96, "5 of 9 first contacts failed"},
                     {"short", 0.26, ""}};
  return view;
}

CaseView over(const char* id, Time since) {
  CaseView view = running();
  view.state = CaseView::State::Over;
  view.packets_stopped.reset();
  view.record.id = id;
  view.record.since = since;
  view.record.until = since + hours(1);
  return view;
}

bool holds(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

CaseView slowed_down() {
  CaseView view = running();
  view.record.action = Decision::Action::Throttle;
  view.record.client = *IpPrefix::parse("172.16.9.25");
  view.record.reason = "unregistered mail server?";
  view.record.repeat = 0;
  return view;
}

TEST(BlocksText, WhoIsSlowedDownIsToldApartFromWhoIsBlocked) {
  const CaseView only[] = {slowed_down()};
  const std::string alone = blocks_text(only, {kNoon});
  EXPECT_TRUE(alone.starts_with("Nobody is blocked.\n\n1 client is slowed down, not blocked.\n")) << alone;
  const CaseView both[] = {running(), slowed_down()};
  const std::string text = blocks_text(both, {kNoon});
  EXPECT_TRUE(text.starts_with("1 client is blocked.\n")) << text;
  EXPECT_LT(text.find("172.16.0.66"), text.find("1 client is slowed down, not blocked."));
  EXPECT_LT(text.find("1 client is slowed down, not blocked."), text.find("172.16.9.25"));
}

TEST(WhyText, WhoIsSlowedDownIsToldWhatThatMeansAndHowToRegister) {
  const CaseView cases[] = {slowed_down()};
  const std::string text = why_text(cases[0].record.client, cases, {kNoon + minutes(30)});
  EXPECT_TRUE(text.starts_with("172.16.9.25 is slowed down, not blocked, on port 25 until 2026-11-22 14:00:00 UTC.\n"))
      << text;
  for (const char* part : {"servers it wrote to within a week goes on", "slowed down by the detector",
                           "add it to mail_servers", "mailweir unblock 172.16.9.25"})
    EXPECT_TRUE(holds(text, part)) << part << " in:\n" << text;
  EXPECT_FALSE(holds(text, "can send mail again"));
}

TEST(WhyText, TellsTheWholeStoryInSentences) {
  const CaseView cases[] = {over("mw-1", kNoon - hours(5)), running()};
  const std::string text = why_text(kClient, cases, {kNoon + minutes(30)});
  EXPECT_TRUE(text.starts_with("172.16.0.66 is blocked on port 25 until 2026-11-22 14:00:00 UTC.\n")) << text;
  for (const char* part : {"again in 1 h 30 min", "blocked by the detector on 2026-11-22 12:00:00 UTC", "after 14 mail",
                           "1,234 packets of it were stopped", "blocked 1 time before", "mailweir.toml:3",
                           "mailweir unblock 172.16.0.66", "Before\n"})
    EXPECT_TRUE(holds(text, part)) << part << " in:\n" << text;
}

TEST(WhyText, EvidenceAddsUpAsItIsShown) {
  const CaseView cases[] = {running()};
  const std::string text = why_text(kClient, cases, {kNoon});
  for (const char* part : {"+10.4  9 new", "+5.0  5 of", "+0.3  short", "15.7  in all"})
    EXPECT_TRUE(holds(text, part)) << part << " in:\n" << text;
}

TEST(WhyText, TellsWhatIsOverAndWhatNeverWas) {
  EXPECT_TRUE(why_text(kClient, {}, {kNoon}).starts_with("172.16.0.66 was never blocked.\n"));
  CaseView lifted = over("mw-1", kNoon - hours(2));
  lifted.record.ended = CaseEnd{kNoon - hours(2) + minutes(5), "alice", false, 3};
  const CaseView one[] = {lifted};
  std::string text = why_text(kClient, one, {kNoon});
  EXPECT_TRUE(text.starts_with("172.16.0.66 is not blocked now; it was once.\n")) << text;
  EXPECT_TRUE(holds(text, "lifted 2026-11-22 10:05:00 by alice")) << text;
  CaseView missing = running();
  missing.state = CaseView::State::NotThere;
  const CaseView two[] = {lifted, missing};
  text = why_text(kClient, two, {kNoon});
  EXPECT_TRUE(text.starts_with("172.16.0.66 is not blocked now; it was 2 times.\n")) << text;
  EXPECT_TRUE(holds(text, "the kernel does not hold it")) << text;
}

TEST(CaseTexts, ShowNothingThatMovesATerminalAndKeepTheWidth) {
  CaseView hostile = running();
  CaseRecord& record = hostile.record;
  for (std::string* text : {&record.id, &record.by, &record.reason, &record.policy_file})
    *text = "\x1b]0;x\a\n\xff word";
  record.by_hand = true;
  record.evidence = {{"\x1b[2J", 1, "\r\x1b[31m red"}};
  record.ended = CaseEnd{kNoon, "\x1b[1m", false, {}};
  CaseView past = hostile;
  past.state = CaseView::State::Over;
  const CaseView cases[] = {past, hostile};
  const CaseStyle style{.now = kNoon, .width = 100};
  for (const std::string& text :
       {why_text(kClient, cases, style), blocks_text(cases, style), history_text(cases, style)}) {
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
    EXPECT_TRUE(holds(text, "\\x1b"));
  }
}

TEST(BlocksText, BeginsWithTheAnswer) {
  EXPECT_EQ(blocks_text({}, {kNoon}), "Nobody is blocked.\n");
  const CaseView cases[] = {running()};
  const std::string text = blocks_text(cases, {kNoon});
  EXPECT_TRUE(text.starts_with("1 client is blocked.\n")) << text;
  EXPECT_TRUE(holds(text, "1,234  detector  25\n")) << text;
}

}  // namespace
}  // namespace mailweir
