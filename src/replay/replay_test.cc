#include "replay/replay.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <random>

#include "tests/support/kernel_log_lines.h"
#include "tests/support/scratch_file.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;
using test::LoggedPacket;
using test::ScratchFile;

const Time kStart = Time(std::chrono::sys_days(2026y / 3 / 1));

std::string iso_line(Time time, const LoggedPacket& packet) {
  return format_time(time) + " gw kernel: " + packet.text() + '\n';
}

// A gateway's log: bots that go everywhere, users with a few servers, inbound mail, answers, noise.
std::string gateway_log(std::uint64_t seed, int lines, Time start = kStart) {
  std::mt19937_64 random(seed);
  std::string text;
  for (int i = 0; i < lines; ++i) {
    const Time time = start + i * 700ms;
    LoggedPacket packet;
    packet.source_port = static_cast<int>(30000 + random() % 30000);
    packet.id = static_cast<int>(random() % 65536);
    switch (random() % 8) {
      case 0:
      case 1:
        packet.source = fmt::format("172.16.1.{}", 1 + random() % 3);
        packet.destination = fmt::format("{}.{}.{}.25", 20 + random() % 80, random() % 256, random() % 256);
        break;
      case 2:
      case 3:
        packet.source = fmt::format("172.16.2.{}", 1 + random() % 100);
        packet.destination = fmt::format("198.51.{}.25", random() % 3);
        packet.destination_port = random() % 2 == 0 ? 587 : 25;
        break;
      case 4:
        packet = {.in = "eth0", .out = "eth1", .source = "198.51.100.7", .destination = "172.16.9.25"};
        break;
      case 5:
        packet.source = fmt::format("2001:0db8:0000:{:04x}:0000:0000:0000:0001", 1 + random() % 2);
        packet.destination = fmt::format("2001:0db8:{:04x}:0000:0000:0000:0000:0019", random() % 5000 + 16);
        break;
      case 6:
        packet.destination_port = 443;
        break;
      default:
        text += format_time(time) + " gw kernel: br0: port 3(eth1) entered forwarding state\n";
        continue;
    }
    text += iso_line(time, packet);
  }
  return text;
}

// Everything a result says, as text: equal texts mean equal results.
std::string story(const Result<ReplayResult>& result, bool with_bytes = true) {
  if (!result) return result.error().text();
  std::string text = fmt::format("events {} lost {} forgotten {} from {} to {}\n", result->events, result->lost_events,
                                 result->forgotten_clients, result->from ? format_time(*result->from) : "-",
                                 result->to ? format_time(*result->to) : "-");
  for (const InputReport& input : result->inputs) {
    text += fmt::format("{} {} {} {} {}:", input.format, with_bytes ? input.bytes : 0, input.lines, input.events,
                        input.unparsed);
    for (const auto& [reason, count] : input.skipped) text += fmt::format(" {}={}", reason, count);
    for (const std::string& note : input.notes) text += " (" + note + ")";
    text += '\n';
  }
  for (const ClientReport& client : result->clients) {
    text += fmt::format("{} {} {:.9f} {:.9f} {} {} {} {} {} {}\n", client.client.text(), name_of(client.verdict),
                        client.score_user, client.score_server, client.attempts, client.destinations, client.groups,
                        client.failed, client.established, client.reason);
  }
  return text;
}

std::string replay_text(std::string_view text, const ReplayOptions& options = {}) {
  const ScratchFile file(text);
  return story(replay({file.path()}, options));
}

const ClientReport* find(const ReplayResult& result, std::string_view client) {
  for (const ClientReport& report : result.clients) {
    if (report.client.text() == client) return &report;
  }
  return nullptr;
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()) + 32, '\0');
  std::string copy(text);
  stream.next_in = reinterpret_cast<Bytef*>(copy.data());
  stream.avail_in = static_cast<uInt>(copy.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

std::string zstd(std::string_view text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

TEST(Replay, FindsTheBotsAndCountsEveryLine) {
  const std::string text = gateway_log(1, 4000);
  const ScratchFile file(text);
  const auto result = replay({file.path()}, {});
  ASSERT_TRUE(result);
  std::vector<std::string> spammers;
  for (const ClientReport& client : result->clients) {
    if (client.verdict == Verdict::Spammer) spammers.push_back(client.client.text());
  }
  std::sort(spammers.begin(), spammers.end());
  EXPECT_EQ(spammers, (std::vector<std::string>{"172.16.1.1", "172.16.1.2", "172.16.1.3", "2001:db8:0:1::/64",
                                                "2001:db8:0:2::/64"}));
  EXPECT_EQ(find(*result, "198.51.100.7"), nullptr) << "inbound mail is nobody's client";
  const InputReport& input = result->inputs.at(0);
  std::uint64_t skipped = 0;
  for (const auto& [reason, count] : input.skipped) skipped += count;
  EXPECT_EQ(input.lines, 4000U);
  EXPECT_EQ(input.events + skipped, input.lines);
  EXPECT_GT(input.skipped.at("inbound mail"), 0U);
  EXPECT_EQ(input.bytes, text.size());
}

TEST(Replay, ThreadsAndPiecesChangeNothing) {
  const std::string text = gateway_log(2, 3000);
  const std::string once = replay_text(text, {.threads = 1});
  EXPECT_NE(once.find("spammer"), std::string::npos);
  for (const unsigned threads : {1U, 2U, 5U}) {
    for (const std::size_t piece : {std::size_t{333}, std::size_t{4096}, std::size_t{100'000}}) {
      EXPECT_EQ(replay_text(text, {.threads = threads, .piece_bytes = piece}), once)
          << threads << " threads, pieces of " << piece;
    }
  }
}

TEST(Replay, PackingChangesNothing) {
  const std::string text = gateway_log(3, 3000);
  const ScratchFile plain(text), gz(gzip(text)), zst(zstd(text)),
      two_members(gzip(text.substr(0, 1000)) + gzip(text.substr(1000)));
  const std::string expected = story(replay({plain.path()}, {}), false);
  EXPECT_EQ(story(replay({gz.path()}, {}), false), expected);
  EXPECT_EQ(story(replay({zst.path()}, {}), false), expected);
  EXPECT_EQ(story(replay({two_members.path()}, {}), false), expected);
}

TEST(Replay, StandardInput) {
  const std::string text = gateway_log(3, 500);
  const ScratchFile file(text);
  const int saved = dup(STDIN_FILENO);
  ASSERT_NE(std::freopen(file.path().c_str(), "r", stdin), nullptr);
  const std::string said = story(replay({"-"}, {.now = kStart + 24h}), false);
  dup2(saved, STDIN_FILENO);
  close(saved);
  EXPECT_EQ(said, story(replay({file.path()}, {}), false));
}

TEST(Replay, ADamagedOrCutFileGivesWhatCouldBeRead) {
  const std::string text = gateway_log(4, 3000);
  for (const std::string& packed : {gzip(text), zstd(text)}) {
    for (const std::size_t length : {packed.size() / 2, packed.size() - 3}) {
      const ScratchFile cut(packed.substr(0, length));
      const auto result = replay({cut.path()}, {});
      ASSERT_TRUE(result) << result.error().text();
      EXPECT_FALSE(result->inputs[0].notes.empty());
    }
    std::string damaged = packed;
    damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 0x5a);
    damaged[packed.size() / 2 + 1] = static_cast<char>(damaged[packed.size() / 2 + 1] ^ 0x5a);
    const ScratchFile file(damaged);
    const auto result = replay({file.path()}, {});
    ASSERT_TRUE(result) << result.error().text();
    EXPECT_LE(result->inputs[0].lines, 3000U);
  }
}

TEST(Replay, RotatedFilesInAnyOrderAreOneRecording) {
  const std::string whole = gateway_log(5, 3000);
  const std::size_t a = whole.find('\n', whole.size() / 3) + 1, b = whole.find('\n', 2 * whole.size() / 3) + 1;
  const ScratchFile all(whole), first(gzip(whole.substr(0, a))), second(whole.substr(a, b - a)), third(whole.substr(b));
  const auto expected = replay({all.path()}, {});
  const auto rotated = replay({third.path(), first.path(), second.path()}, {});
  ASSERT_TRUE(expected);
  ASSERT_TRUE(rotated);
  auto clients_only = [](ReplayResult result) {
    result.inputs.clear();
    return story(result);
  };
  EXPECT_EQ(clients_only(*rotated), clients_only(*expected));
  EXPECT_EQ(rotated->inputs[0].file, third.path()) << "reports stand in the order asked for";
}

TEST(Replay, OverlappingFilesAreMergedByTime) {
  const std::string whole = gateway_log(6, 3000);
  std::string odd, even, line;
  int number = 0;
  for (std::size_t at = 0; at < whole.size(); ++number) {
    const std::size_t end = whole.find('\n', at) + 1;
    (number % 2 == 0 ? even : odd) += whole.substr(at, end - at);
    at = end;
  }
  const ScratchFile all(whole), file_a(odd), file_b(even);
  auto expected = replay({all.path()}, {});
  auto merged = replay({file_a.path(), file_b.path()}, {});
  ASSERT_TRUE(expected && merged);
  expected->inputs.clear();
  merged->inputs.clear();
  EXPECT_EQ(story(merged), story(expected));
}

TEST(Replay, SinceAndUntilAreHalfOpen) {
  const auto line = [](Duration at) {
    return iso_line(kStart + at, {.source_port = static_cast<int>(40000 + seconds(at))});
  };
  const ScratchFile file(line(10s) + line(20s) + line(30s));
  const auto result = replay({file.path()}, {.since = kStart + 20s, .until = kStart + 30s});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->events, 1U);
  EXPECT_EQ(result->inputs[0].skipped.at("outside the time asked for"), 2U);
  EXPECT_EQ(result->from, kStart + 20s);
}

TEST(Replay, YearsAreInferredAcrossTheNewYear) {
  const auto line = [](std::string_view time, int port) {
    return fmt::format("{} gw kernel: {}\n", time, LoggedPacket{.source_port = port}.text());
  };
  const ScratchFile file(line("Dec 31 23:59:59", 40001) + line("Jan  1 00:00:01", 40002));
  file.set_modified(Time(std::chrono::sys_days(2026y / 1 / 4)));
  const auto result = replay({file.path()}, {});
  ASSERT_TRUE(result);
  EXPECT_EQ(format_time(*result->from), "2025-12-31T23:59:59.000000+00:00");
  EXPECT_EQ(format_time(*result->to), "2026-01-01T00:00:01.000000+00:00");
  EXPECT_EQ(result->inputs[0].notes.size(), 1U);
}

TEST(Replay, ThePacketThatTwoRulesLoggedIsOneAttempt) {
  LoggedPacket packet{.prefix = "[UFW AUDIT] ", .in = "", .source = "203.0.113.9"};
  std::string text = iso_line(kStart, packet);
  packet.prefix = "[UFW ALLOW] ";
  text += iso_line(kStart + 30us, packet);
  const ScratchFile file(text);
  const auto result = replay({file.path()}, {});
  ASSERT_TRUE(result);
  ASSERT_EQ(result->clients.size(), 1U);
  EXPECT_EQ(result->clients[0].attempts, 1U);
}

TEST(Replay, ForgedLinesAccuseNobody) {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text += format_time(kStart + i * 1s) +
            " gw sshd[4711]: " + LoggedPacket{.destination = fmt::format("20.{}.7.25", i)}.text() + '\n';
  }
  const ScratchFile file(text);
  const auto result = replay({file.path()}, {});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->clients.empty());
  EXPECT_EQ(result->inputs[0].skipped.at("not written by the kernel"), 200U);
}

TEST(Replay, RepliesMakeNobodyAClient) {
  const LoggedPacket answer{.in = "eth0",
                            .out = "eth1",
                            .source = "198.51.100.25",
                            .destination = "172.16.5.9",
                            .source_port = 25,
                            .destination_port = 40001,
                            .flags = "ACK SYN "};
  const ScratchFile file(iso_line(kStart, {}) + iso_line(kStart + 1s, answer));
  const auto result = replay({file.path()}, {});
  ASSERT_TRUE(result);
  ASSERT_EQ(result->clients.size(), 1U);
  EXPECT_EQ(result->clients[0].client.text(), "172.16.5.9");
}

TEST(Replay, WhatCannotBeReadIsSaidPlainly) {
  EXPECT_EQ(replay({"/nonexistent/kern.log"}, {}).error().code(), ErrorCode::NotFound);
  EXPECT_EQ(replay({"/tmp"}, {}).error().code(), ErrorCode::BadInput);
  const ScratchFile binary(std::string(5000, '\x01')), xz("\xfd"
                                                          "7zXZ and so on");
  EXPECT_EQ(replay({binary.path()}, {}).error().code(), ErrorCode::BadInput);
  EXPECT_NE(replay({xz.path()}, {}).error().text().find("xz -dc"), std::string::npos);
  const ScratchFile empty("");
  const auto result = replay({empty.path()}, {});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->inputs[0].notes, std::vector<std::string>{"the file is empty"});
}

TEST(Replay, ProgressReachesTheEnd) {
  const std::string text = gateway_log(7, 500);
  const ScratchFile file(text);
  ReplayProgress last;
  ReplayOptions options;
  options.progress = [&](const ReplayProgress& progress) { last = progress; };
  ASSERT_TRUE(replay({file.path()}, options));
  EXPECT_EQ(last.bytes_done, text.size());
  EXPECT_EQ(last.bytes_total, text.size());
  EXPECT_EQ(last.lines, 500U);
}

}  // namespace
}  // namespace mailweir
