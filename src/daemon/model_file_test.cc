#include "daemon/model_file.h"

#include <gtest/gtest.h>

#include <random>

namespace mailweir {
namespace {

const Time kNoon = *parse_time("2026-11-22T12:00:00Z");

// What a detector can have learned, at random.
LearnedModel some_model(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](unsigned end) { return std::uniform_int_distribution<unsigned>(0, end - 1)(random); };
  const auto share = [&] { return std::uniform_real_distribution<double>(0.51, 1)(random); };
  LearnedModel model;
  for (double& hazard : model.hazards.table.transfer) hazard *= share();
  for (double& hazard : model.hazards.table.submission) hazard *= share();
  model.hazards.table.version = below(1000);
  model.hazards.table.learned_at = kNoon;
  model.hazards.today = below(HazardLearning::kDays);
  if (seed % 2 == 0) model.hazards.day_ends = kNoon + std::chrono::hours(below(24));
  for (HazardLearning::Day& day : model.hazards.days) {
    std::uint64_t reached = below(1'000'000);
    for (std::uint64_t& one : day.reached_25) one = reached /= 2;
    for (std::uint64_t& one : day.reached_submission) one = reached;
  }
  for (unsigned i = below(20); i > 0; --i) {
    ServerLife life;
    life.client = i % 2 == 0 ? IpPrefix::host(IpAddress::v4(static_cast<std::uint32_t>(random())))
                             : IpPrefix::of({0xfd16'0000'0000'0000 + i, 0}, 64);
    life.first_seen = kNoon - std::chrono::hours(24 * 40 + below(100));
    life.last_seen = kNoon + std::chrono::microseconds(below(1'000'000));
    life.score_server = -1.0 * below(7);
    life.days_active = static_cast<std::uint32_t>(random());
    life.latest_day = static_cast<std::uint16_t>(below(40));
    life.bad = static_cast<std::uint16_t>(10 + below(100));
    life.retried = static_cast<std::uint16_t>(below(11));
    life.inbound_networks = static_cast<std::uint16_t>(below(65'536));
    life.inbound_days = static_cast<std::uint8_t>(below(256));
    life.hardware = static_cast<std::uint16_t>(below(65'536));
    life.learned = below(2) == 0;
    life.was_spammer = below(2) == 0;
    if (below(2) == 0) {
      ServerHistory::Kept& kept = life.history.emplace();
      kept.all = static_cast<float>(share() * 100);
      kept.bad = kept.all / 7;
      kept.busiest = static_cast<float>(share());
      kept.hour = below(1000);
      kept.this_hour = below(50);
    }
    model.servers.push_back(life);
  }
  return model;
}

TEST(ModelFile, WhatIsPrintedIsReadAsItWas) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const LearnedModel model = some_model(seed);
    const auto read = parse_model(print_model(model));
    ASSERT_TRUE(read) << seed << ": " << read.error().text();
    EXPECT_EQ(*read, model) << seed;
  }
}

TEST(ModelFile, WhatIsCutShortOrChangedIsRefused) {
  const std::string text = print_model(some_model(3));
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(parse_model(std::string_view(text).substr(0, length))) << length;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(parse_model(changed)) << at;
  }
}

TEST(ModelFile, ANewerOneIsSaidToBeThat) {
  std::string text = print_model({});
  text.replace(text.find("/1"), 2, "/2");
  const auto read = parse_model(text);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::Unsupported);
}

TEST(ModelFile, WhatNoDetectorLearnsIsRefusedThoughItsSumIsRight) {
  EXPECT_FALSE(parse_model(seal_model("")));
  EXPECT_FALSE(parse_model(seal_model("{}")));
  EXPECT_FALSE(parse_model(seal_model(std::string(100'000, '['))));
  LearnedModel model = some_model(4);
  model.hazards.table.transfer[1] = 0.999;
  EXPECT_FALSE(parse_model(print_model(model)));
  model = some_model(4);
  model.servers.emplace_back().score_server = -1e9;
  EXPECT_FALSE(parse_model(print_model(model)));
  model = some_model(4);
  model.servers.resize(LearnedModel::kServersKept + 1);
  EXPECT_FALSE(parse_model(print_model(model)));
}

}  // namespace
}  // namespace mailweir
