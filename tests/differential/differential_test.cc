// The simulator and the kernel agree: random rules, random packets, every counter and every packet that leaves.
//
// A failure prints its seed and the smallest rules and packets that still disagree.
// MAILWEIR_DIFFERENTIAL_RULESETS and MAILWEIR_DIFFERENTIAL_SEED: more of it, and others (tools/differential).
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "sys/enclosure.h"
#include "sys/namespace.h"
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

Trial make_trial(const Kind& kind, std::uint64_t seed) {
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
  trial.conversations = kind.conversations && kind.nat;
  trial.ruleset = kind.layer == Layer::Nft ? random_nft(dice, taste) : random_iptables(dice, taste);
  const bool v4_packets = kind.layer == Layer::Nft ? dice.chance(0.5) : kind.v4;
  trial.packets =
      kind.conversations ? conversations(dice, kPackets, v4_packets) : first_packets(dice, kPackets, v4_packets);
  return trial;
}

// In the laboratory's process: what is printed is all the caller sees.
int compare(const Kind& kind, unsigned rulesets, std::uint64_t seed) {
  auto bed = TestBed::build();
  if (!bed) {
    std::fprintf(stderr, "no test bed: %s\n", bed.error().text().c_str());
    return 77;
  }
  for (unsigned i = 0; i != rulesets; ++i) {
    const Trial trial = make_trial(kind, seed + i);
    auto difference = run_trial(*bed, trial);
    if (!difference) {
      std::fprintf(stderr, "%s, seed %llu: %s\n", kind.name, static_cast<unsigned long long>(seed + i),
                   difference.error().text().c_str());
      return 1;
    }
    if (!difference->has_value()) continue;
    const Trial small = shrunk(*bed, trial);
    auto small_difference = run_trial(*bed, small);
    std::fprintf(
        stderr, "%s, seed %llu:\n%s\n", kind.name, static_cast<unsigned long long>(seed + i),
        report(small, small_difference && small_difference->has_value() ? **small_difference : **difference).c_str());
    return 1;
  }
  return 0;
}

class Differential : public testing::TestWithParam<Kind> {};

TEST_P(Differential, EveryCounterAndEveryPacketIsTheKernels) {
  const unsigned rulesets = number_from("MAILWEIR_DIFFERENTIAL_RULESETS", kRulesets);
  const unsigned seed = number_from("MAILWEIR_DIFFERENTIAL_SEED", 1);
  const Kind& kind = GetParam();
  const auto status = run_enclosed(Walls::Network, [&] { return compare(kind, rulesets, seed); });
  if (!status) GTEST_SKIP() << status.error().text();
  if (*status == 77) GTEST_SKIP() << "the kernel or a program it needs is not there";
  EXPECT_EQ(*status, 0) << kind.name << ", seeds from " << seed;
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
