// The answer of `analyze`, from a result made by hand: text and JSON.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/analysis_json.h"
#include "cli/analysis_text.h"

namespace mailweir {
namespace {

std::string json_of(const ReplayResult& result) {
  std::string text;
  print_analysis_json(result, [&](std::string_view piece) { text += piece; });
  return text;
}

ClientReport client(const char* address, Verdict verdict, double score, std::uint64_t attempts) {
  ClientReport report;
  report.client = *IpPrefix::parse(address);
  report.verdict = verdict;
  report.reason = "reason of " + std::string(name_of(verdict));
  report.score_user = score;
  report.attempts = attempts;
  report.destinations = attempts;
  report.ports[0].connections = attempts;
  report.first_seen = *parse_time("2026-11-22T19:43:00Z");
  report.last_seen = report.first_seen + std::chrono::hours(1);
  report.evidence = {{"new-destinations-25", score, "new mail networks"}};
  return report;
}

ClientReport spammer(const char* address, std::uint64_t attempts, std::uint64_t found_after) {
  ClientReport report = client(address, Verdict::Spammer, 15.9, attempts);
  report.decided_after_connections = found_after;
  report.ports_when_decided[0].connections = found_after;
  report.decided_at = report.first_seen + std::chrono::seconds(42);
  return report;
}

ReplayResult recording() {
  ReplayResult result;
  InputReport input{
      "/var/log/kern.log", "kernel-log", 9000, 4321, 1234, 2, {{"not netfilter", 3000}, {"inbound mail", 12}}, {}};
  input.notes = {"times have no year: 2026 was inferred"};
  result.inputs = {input};
  result.from = parse_time("2026-11-22T19:43:00Z");
  result.to = parse_time("2026-11-22T21:43:00Z");
  result.clients = {spammer("172.16.4.7", 214, 9), spammer("fd16:0:0:7::/64", 50, 11),
                    client("172.16.9.25", Verdict::Undecided, 15.4, 90), client("172.16.0.8", Verdict::Undecided, 2, 3),
                    client("172.16.0.9", Verdict::Legitimate, -4, 30)};
  result.events = 1234;
  return result;
}

void expect_no_line_wider(const std::string& text, std::size_t width) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), width) << line;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(AnalysisText, VerdictComesFirstAndCountsWhatABlockWouldHaveStopped) {
  const std::string text = analysis_text(recording(), {});
  EXPECT_TRUE(
      text.starts_with("2 spammers among 5 clients.\n"
                       "Blocked when found, they would not have made 244 of 264 connections.\n"))
      << text;
}

TEST(AnalysisText, TellsWhoWhySinceWhenAndAfterHowMany) {
  const std::string text = analysis_text(recording(), {});
  EXPECT_TRUE(has(text, "172.16.4.7       2026-11-22 19:43:00  9 connections   205 of 214, port 25")) << text;
  EXPECT_TRUE(has(text, "fd16:0:0:7::/64  2026-11-22 19:43:00  11 connections  39 of 50, port 25")) << text;
  EXPECT_TRUE(has(text, "      found within 42 s: reason of spammer\n")) << text;
}

TEST(AnalysisText, OrdinaryClientsAreCountedAndListedOnDemand) {
  const std::string text = analysis_text(recording(), {});
  EXPECT_FALSE(has(text, "172.16.0.9")) << text;
  EXPECT_TRUE(has(text, "1 client looks like an ordinary mail user, 1 client with too little evidence")) << text;
  const std::string all = analysis_text(recording(), {.everyone = true});
  EXPECT_TRUE(has(all, "172.16.0.9")) << all;
  EXPECT_TRUE(has(all, "172.16.0.8")) << all;
}

TEST(AnalysisText, AnUnregisteredServerIsNamedWithWhatToDo) {
  const std::string text = analysis_text(recording(), {});
  EXPECT_TRUE(has(text, "Worth a look\n")) << text;
  EXPECT_TRUE(has(text, "--mail-servers 172.16.9.25")) << text;
}

TEST(AnalysisText, NothingIsSkippedInSilence) {
  const std::string text = analysis_text(recording(), {});
  EXPECT_TRUE(has(text, "not used: 3,000 not netfilter, 12 inbound mail")) << text;
  EXPECT_TRUE(has(text, "of these not readable: 2 lines")) << text;
  EXPECT_TRUE(has(text, "2026 was inferred")) << text;
  ReplayResult lossy = recording();
  lossy.forgotten_clients = 7;
  lossy.lost_events = 1;
  EXPECT_TRUE(has(analysis_text(lossy, {}), "7 clients were forgotten"));
  EXPECT_TRUE(has(analysis_text(lossy, {}), "1 event was lost"));
}

TEST(AnalysisText, AClosedPort25IsRemarkedUpon) {
  ReplayResult result = recording();
  EXPECT_FALSE(has(analysis_text(result, {}), "closed further up"));
  result.closed_uplink = {.clients = 9, .failing = 8};
  EXPECT_TRUE(has(analysis_text(result, {}), "Port 25 failed for 8 of 9 clients")) << analysis_text(result, {});
}

TEST(AnalysisText, ManyFilesAreSummedUpAndWhatTheyShareIsSaidOnce) {
  ReplayResult result = recording();
  result.inputs.resize(9, result.inputs[0]);
  const std::string text = analysis_text(result, {});
  EXPECT_TRUE(has(text, "  9 files (--json tells them apart)\n    38,889 lines, 11,106 packets of mail that leaves\n"))
      << text;
  EXPECT_TRUE(has(text, "not used: 27,000 not netfilter, 108 inbound mail")) << text;
  EXPECT_TRUE(has(text, "  9 of the files: times have no year")) << text;
}

TEST(AnalysisText, QuietDropsAdviceAndRemarksButNoCount) {
  const std::string text = analysis_text(recording(), {.quiet = true});
  EXPECT_FALSE(has(text, "Next"));
  EXPECT_FALSE(has(text, "inferred"));
  EXPECT_TRUE(has(text, "of these not readable: 2 lines"));
}

TEST(AnalysisText, FitsTheWidth) {
  ReplayResult result = recording();
  for (ClientReport& report : result.clients)
    report.reason =
        "42 new mail networks on port 25 in 8 min 12 s; fewer than 1 in 1,000,000 ordinary clients get this far";
  expect_no_line_wider(analysis_text(result, {.everyone = true}), 80);
  expect_no_line_wider(analysis_text(result, {.everyone = true, .width = 100}), 100);
}

TEST(AnalysisText, OnlyTheAbusedPortsWouldHaveBeenCut) {
  ReplayResult result;
  result.clients = {spammer("172.16.4.7", 100, 10)};
  result.clients[0].ports = {{{25, 30}, {465, 50}, {587, 20}}};
  result.clients[0].ports_when_decided = {{{25, 6}, {465, 2}, {587, 2}}};
  EXPECT_TRUE(has(analysis_text(result, {}), "24 of 100, port 25")) << analysis_text(result, {});
}

TEST(AnalysisText, NoSpammerIsOneSentence) {
  ReplayResult result;
  result.clients = {client("172.16.0.9", Verdict::Legitimate, -4, 30)};
  EXPECT_TRUE(analysis_text(result, {}).starts_with("No spammer among 1 client.\n"));
  EXPECT_FALSE(has(analysis_text(result, {}), "Next"));
  result.clients.clear();
  EXPECT_TRUE(analysis_text(result, {}).starts_with("No client of this machine touched a mail port.\n"));
}

TEST(AnalysisText, WhatTheRecordingSaysCannotHarmATerminal) {
  ReplayResult result = recording();
  result.inputs[0].file = "\x1b[2Jfile";
  result.inputs[0].notes = {"\x1b[2Jnote"};
  result.inputs[0].skipped["\x1b[2J"] = 1;
  result.clients[0].reason = "\x1b[2Jreason";
  for (const char c : analysis_text(result, {})) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
}

TEST(AnalysisJson, HasTheNamesOfTheManualInOrder) {
  const std::string text = json_of(recording());
  EXPECT_TRUE(text.starts_with("{\n  \"schema\": \"mailweir.analyze/1\",\n")) << text;
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["inputs"][0]["file"], "/var/log/kern.log");
  EXPECT_EQ(json["inputs"][0]["format"], "kernel-log");
  EXPECT_EQ(json["inputs"][0]["bytes"], 9000);
  EXPECT_EQ(json["inputs"][0]["lines"], 4321);
  EXPECT_EQ(json["inputs"][0]["events"], 1234);
  EXPECT_EQ(json["inputs"][0]["unparsed"], 2);
  EXPECT_EQ(json["inputs"][0]["skipped"]["not netfilter"], 3000);
  EXPECT_EQ(json["from"], "2026-11-22T19:43:00.000000+00:00");
  EXPECT_EQ(json["to"], "2026-11-22T21:43:00.000000+00:00");
  ASSERT_EQ(json["clients"].size(), 5U);
  EXPECT_EQ(json["clients"][0]["client"], "172.16.4.7");
  EXPECT_EQ(json["totals"].dump(), R"({"clients":5,"events":1234,"forgotten_clients":0,"lost_events":0,"spammers":2})");
}

TEST(AnalysisJson, OfNothingIsStillWhole) {
  const auto json = nlohmann::json::parse(json_of({}));
  EXPECT_TRUE(json["clients"].is_array());
  EXPECT_TRUE(json["inputs"].is_array());
  EXPECT_TRUE(json["from"].is_null());
}

}  // namespace
}  // namespace mailweir
