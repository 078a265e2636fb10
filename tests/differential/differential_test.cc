// The simulator and the kernel agree: random rules, random packets, every counter and every packet that leaves.
//
// A failure prints its seed and the smallest rules and packets that still disagree.
// MAILWEIR_DIFFERENTIAL_RULESETS, _PACKETS (of each ruleset) and _SEED: more of it, and others; _KEEP: a folder for
// what disagreed, as a case (tools/differential, tools/mutants).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sys/enclosure.h"
#include "sys/namespace.h"
#include "tests/differential/case_file.h"
#include "tests/differential/random_rules.h"
#include "tests/differential/trial.h"

namespace mailweir::rules::differential {
namespace {

constexpr unsigned kRulesets = 40, kPackets = 1000;

unsigned number_from(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

struct Kind {
  const char* name;
  Layer layer;
  bool v4;
  bool nat;
  bool conversations;
};

Trial make_trial(const Kind& kind, std::uint64_t seed, unsigned packets) {
  lab::Dice dice(seed);
  RuleTaste taste;
  taste.v4 = kind.v4;
  taste.nat = kind.nat;
  static constexpr unsigned kSizes[] = {5, 20, 60};
  taste.rules_max = kSizes[dice.below(3)];
  Trial trial;
  trial.layer = kind.layer;
  trial.v4 = kind.v4;
  trial.loose = dice.chance(0.7);
  trial.ruleset = kind.layer == Layer::Nft ? random_nft(dice, taste) : random_iptables(dice, taste);
  const bool v4_packets = kind.layer == Layer::Nft ? dice.chance(0.5) : kind.v4;
  trial.packets =
      kind.conversations ? conversations(dice, packets, v4_packets) : first_packets(dice, packets, v4_packets);
  return trial;
}

void keep(const Trial& trial, const std::string& name, const std::string& why) {
  if (const char* folder = std::getenv("MAILWEIR_DIFFERENTIAL_KEEP"))
    std::ofstream(std::string(folder) + "/" + name + ".case") << write_case(trial, why);
}

// In the laboratory's process: what is printed is all the caller sees.
int compare(const Kind& kind, unsigned rulesets, unsigned packets, std::uint64_t seed) {
  auto bed = TestBed::build();
  if (!bed) {
    std::fprintf(stderr, "no test bed: %s\n", bed.error().text().c_str());
    return 77;
  }
  Tally tally;
  for (unsigned i = 0; i != rulesets; ++i) {
    const Trial trial = make_trial(kind, seed + i, packets);
    auto difference = run_trial(*bed, trial, &tally);
    if (!difference) {
      std::fprintf(stderr, "%s, seed %llu: %s\n", kind.name, static_cast<unsigned long long>(seed + i),
                   difference.error().text().c_str());
      return 1;
    }
    if (!difference->has_value()) continue;
    const Trial small = shrunk(*bed, trial);
    auto small_difference = run_trial(*bed, small);
    keep(small, fmt::format("{}-{}", kind.name, seed + i), fmt::format("{}, seed {}", kind.name, seed + i));
    std::fprintf(
        stderr, "%s, seed %llu:\n%s\n", kind.name, static_cast<unsigned long long>(seed + i),
        report(small, small_difference && small_difference->has_value() ? **small_difference : **difference).c_str());
    return 1;
  }
  std::printf("%s: %u rulesets, %llu packets; %llu ports drawn by lot, %llu answers to them not sent\n", kind.name,
              rulesets, static_cast<unsigned long long>(tally.packets), static_cast<unsigned long long>(tally.lots),
              static_cast<unsigned long long>(tally.unanswered));
  std::fflush(stdout);
  return 0;
}

class Differential : public testing::TestWithParam<Kind> {};

TEST_P(Differential, EveryCounterAndEveryPacketIsTheKernels) {
  const unsigned rulesets = number_from("MAILWEIR_DIFFERENTIAL_RULESETS", kRulesets);
  const unsigned seed = number_from("MAILWEIR_DIFFERENTIAL_SEED", 1);
  const unsigned packets = number_from("MAILWEIR_DIFFERENTIAL_PACKETS", kPackets);
  const Kind& kind = GetParam();
  const auto status = run_enclosed(Walls::Network, [&] { return compare(kind, rulesets, packets, seed); });
  if (!status) GTEST_SKIP() << status.error().text();
  if (*status == 77) GTEST_SKIP() << "the kernel or a program it needs is not there";
  EXPECT_EQ(*status, 0) << kind.name << ", seeds from " << seed;
}

// What once disagreed, or told a wrong simulator from the right one (tools/mutants), agrees.
TEST(DifferentialCases, AreTheKernelsToo) {
  const auto status = run_enclosed(Walls::Network, [] {
    auto bed = TestBed::build();
    if (!bed) return 77;
    int differences = 0, cases = 0;
    for (const auto& file : std::filesystem::directory_iterator(MAILWEIR_DIFFERENTIAL_CASES)) {
      std::ifstream in(file.path());
      const auto trial = read_case(std::string(std::istreambuf_iterator<char>(in), {}));
      const auto difference = trial ? run_trial(*bed, *trial) : fail(trial.error());
      ++cases;
      if (difference && !difference->has_value()) continue;
      ++differences;
      std::fprintf(stderr, "%s:\n%s\n", file.path().filename().c_str(),
                   difference ? report(*trial, **difference).c_str() : difference.error().text().c_str());
    }
    std::printf("%d cases\n", cases);
    return differences == 0 && cases > 0 ? 0 : 1;
  });
  if (!status) GTEST_SKIP() << status.error().text();
  if (*status == 77) GTEST_SKIP() << "the kernel or a program it needs is not there";
  EXPECT_EQ(*status, 0);
}

TEST(DifferentialCases, AreTextThatReadsBack) {
  for (const bool v4 : {true, false}) {
    lab::Dice dice(1);
    Trial trial;
    trial.v4 = v4;
    trial.ruleset = random_nft(dice, {});
    trial.packets = first_packets(dice, 200, v4);
    for (TestPacket& packet : conversations(dice, 200, v4)) trial.packets.push_back(std::move(packet));
    const std::string text = write_case(trial, "a test");
    const auto back = read_case(text);
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(write_case(*back, "a test"), text);
    ASSERT_EQ(back->packets.size(), trial.packets.size());
    for (std::size_t i = 0; i != trial.packets.size(); ++i)
      EXPECT_EQ(ip_bytes(back->packets[i].packet), ip_bytes(trial.packets[i].packet)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Differential,
                         testing::Values(Kind{"IptablesNft4", Layer::IptablesNft, true, false, false},
                                         Kind{"IptablesNft6", Layer::IptablesNft, false, false, false},
                                         Kind{"IptablesLegacy4", Layer::IptablesLegacy, true, false, false},
                                         Kind{"IptablesLegacy6", Layer::IptablesLegacy, false, false, false},
                                         Kind{"IptablesNat4", Layer::IptablesNft, true, true, false},
                                         Kind{"IptablesNat6", Layer::IptablesNft, false, true, false},
                                         Kind{"IptablesConversations4", Layer::IptablesNft, true, false, true},
                                         Kind{"IptablesNatConversations4", Layer::IptablesNft, true, true, true},
                                         Kind{"IptablesConversations6", Layer::IptablesNft, false, false, true},
                                         Kind{"Nft", Layer::Nft, true, false, false},
                                         Kind{"NftNat", Layer::Nft, true, true, false},
                                         Kind{"NftConversations", Layer::Nft, true, true, true}),
                         [](const testing::TestParamInfo<Kind>& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace mailweir::rules::differential
