#include "report/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/client_json.h"
#include "report/problems_json.h"

namespace mailweir {
namespace {

TEST(Json, SchemaIsTheFirstMember) {
  auto answer = json_answer("analyze");
  answer["a"] = 1;
  EXPECT_EQ(print_json(answer), "{\n  \"schema\": \"mailweir.analyze/1\",\n  \"a\": 1\n}\n");
}

TEST(Json, NothingInItCanMoveATerminal) {
  auto answer = json_answer("check");
  answer["file"] = "\x1b[2J \xc2\x9b \xff";
  for (const char c : print_json(answer)) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
}

TEST(Json, TimesHaveMicrosecondsAndOffset) {
  EXPECT_EQ(json_time(parse_time("2026-11-22T19:43:00.5Z")), "2026-11-22T19:43:00.500000+00:00");
  EXPECT_TRUE(json_time(std::nullopt).is_null());
}

TEST(Json, ListPrintedPieceByPieceIsTheSameText) {
  for (const std::size_t count : {0U, 1U, 3U}) {
    const auto element = [](std::size_t i) {
      return nlohmann::ordered_json{
          {"name", "a\nb\xff"}, {"number", i}, {"inner", {{"none", nullptr}}}, {"list", {1, 2}}};
    };
    auto answer = json_answer("analyze");
    answer["before"] = {{"empty", nlohmann::ordered_json::array()}, {"one", 1}};
    answer["things"] = nullptr;
    answer["after"] = "end";
    std::string text;
    print_json_with_list(answer, "things", count, element, [&](std::string_view piece) { text += piece; });

    answer["things"] = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < count; ++i) answer["things"].push_back(element(i));
    EXPECT_EQ(text, print_json(answer));
  }
}

TEST(ClientJson, NamesAreThoseOfTheManual) {
  ClientReport report;
  report.client = *IpPrefix::parse("fd16:0:0:7::/64");
  report.verdict = Verdict::Spammer;
  report.score_user = 15.43219;
  report.attempts = 214;
  report.ports[0].connections = 214;
  report.decided_at = parse_time("2026-11-22T19:43:00Z");
  report.decided_after_connections = 9;
  report.evidence = {{"new-destinations-25", 15.43219, "9 new mail networks"}};
  const auto client = client_json(report);
  EXPECT_EQ(client["client"], "fd16:0:0:7::/64");
  EXPECT_EQ(client["verdict"], "spammer");
  EXPECT_EQ(client["score"]["user"], 15.432);
  EXPECT_EQ(client["ports"].dump(), R"({"25":214,"465":0,"587":0})");
  EXPECT_EQ(client["decided_after_connections"], 9);
  EXPECT_EQ(client["evidence"][0]["kind"], "new-destinations-25");
  for (const char* name : {"reason", "destinations", "groups", "failed", "established", "first_seen", "last_seen"})
    EXPECT_TRUE(client.contains(name)) << name;
}

TEST(ClientJson, UndecidedIsNull) {
  const auto client = client_json({});
  EXPECT_TRUE(client["decided_at"].is_null());
  EXPECT_TRUE(client["decided_after_connections"].is_null());
}

TEST(ProblemsJson, ErrorsComeFirst) {
  Diagnostics diagnostics;
  diagnostics.add({Severity::Warning, "policy.covered", {"f", 1, 2}, "w", "h"});
  diagnostics.add({Severity::Error, "policy.syntax", {"f", 3, 4}, "e", ""});
  const auto problems = problems_json(diagnostics);
  EXPECT_EQ(problems[0].dump(),
            R"({"id":"policy.syntax","severity":"error","file":"f","line":3,"column":4,"text":"e","hint":""})");
  EXPECT_EQ(problems[1]["severity"], "warning");
}

}  // namespace
}  // namespace mailweir
