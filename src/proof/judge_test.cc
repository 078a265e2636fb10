#include "proof/judge.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

class Judge : public testing::Test {
 protected:
  Judge() {
    rule_.id = "host.transfer";
    rule_.file = "/etc/mailweir/mailweir.toml";
    rule_.line = 4;
    probe_.rule = &rule_;
    probe_.packet.to = *IpAddress::parse("203.0.113.254");
    probe_.packet.port = 25;
  }
  Proof judged(RuleEffect effect, std::uint64_t moved, std::vector<ProbeEnd> ends, bool arrived = false) {
    rule_.effect = effect;
    probe_.count = static_cast<int>(ends.size());
    return judge(probe_, {{1, 5, 300}, {1, 5 + moved, 300 + 60 * moved}, std::move(ends), arrived});
  }
  RuleInfo rule_;
  Probe probe_;
};

TEST_F(Judge, ACounterThatMovedProves) {
  const Proof proof = judged(RuleEffect::Stop, 2, {ProbeEnd::NoAnswer});
  EXPECT_EQ(proof.result, ProofResult::Proven);
  EXPECT_EQ(proof.text, "2 packets, 120 bytes stopped by rule host.transfer (mailweir.toml:4)");
  EXPECT_EQ(proof.packets_before, 5U);
  EXPECT_EQ(proof.packets_after, 7U);
  EXPECT_EQ(judged(RuleEffect::Log, 1, {ProbeEnd::Established}).result, ProofResult::Proven);
  EXPECT_EQ(judged(RuleEffect::Watch, 1, {ProbeEnd::NoAnswer}).text,
            "1 packet, 60 bytes seen by rule host.transfer (mailweir.toml:4)");
}

TEST_F(Judge, WhatGotThroughAllTheSameIsNotStopped) {
  EXPECT_EQ(judged(RuleEffect::Stop, 1, {ProbeEnd::Established}).result, ProofResult::Inert);
  EXPECT_EQ(judged(RuleEffect::Stop, 1, {ProbeEnd::NoAnswer}, true).result, ProofResult::Inert);
}

TEST_F(Judge, WithoutAMovingCounterTheRuleIsInert) {
  for (const ProbeEnd end : {ProbeEnd::Established, ProbeEnd::Refused, ProbeEnd::NoAnswer}) {
    const Proof proof = judged(RuleEffect::Stop, 0, {end});
    EXPECT_EQ(proof.result, ProofResult::Inert);
    EXPECT_NE(proof.text.find("the rule never saw it"), std::string::npos);
  }
  EXPECT_EQ(judged(RuleEffect::Stop, 0, {ProbeEnd::NoRoute}).result, ProofResult::Unproven);
}

TEST_F(Judge, WhatIsLetInHasToBeAnswered) {
  EXPECT_EQ(judged(RuleEffect::Pass, 1, {ProbeEnd::Established}).result, ProofResult::Proven);
  EXPECT_EQ(judged(RuleEffect::Pass, 1, {ProbeEnd::Refused}).result, ProofResult::Proven) << "nobody listens";
  EXPECT_EQ(judged(RuleEffect::Pass, 1, {ProbeEnd::NoAnswer}).result, ProofResult::Inert);
  probe_.kind = ProbeKind::Datagram;
  EXPECT_EQ(judged(RuleEffect::Pass, 1, {ProbeEnd::NoAnswer}).result, ProofResult::Proven) << "few datagrams are";
}

TEST_F(Judge, ALimitIsToldWithItsCount) {
  const Proof proof = judged(RuleEffect::Limit, 1, {ProbeEnd::Established, ProbeEnd::Established, ProbeEnd::Refused});
  EXPECT_EQ(proof.result, ProofResult::Proven);
  EXPECT_EQ(proof.text,
            "3 new connections at once: 1 packet, 60 bytes stopped by rule host.transfer (mailweir.toml:4)");
  EXPECT_EQ(judged(RuleEffect::Limit, 1, {ProbeEnd::Established, ProbeEnd::Established}).result, ProofResult::Inert);
}

TEST_F(Judge, TheTargetSaysWhoStopsIt) {
  Proof proof = judged(RuleEffect::Stop, 1, {ProbeEnd::Refused});
  judge_target(proof, "m:25", ProbeEnd::Established, false);
  EXPECT_EQ(proof.result, ProofResult::Proven);
  proof = judged(RuleEffect::Stop, 1, {ProbeEnd::Refused});
  judge_target(proof, "m:25", ProbeEnd::NoAnswer, false);
  EXPECT_EQ(proof.result, ProofResult::UpstreamBlocked);
  proof = judged(RuleEffect::Stop, 1, {ProbeEnd::Refused});
  judge_target(proof, "m:25", ProbeEnd::Refused, true);
  EXPECT_EQ(proof.result, ProofResult::Proven) << "our own rule refused it: nothing is known of the provider";
}

TEST_F(Judge, CausesFollowTheSentence) {
  Proof proof = judged(RuleEffect::Stop, 0, {ProbeEnd::NoAnswer});
  explain(proof, {{CauseKind::EarlierDrop, "table x can stop packets", false, "x", "c", "output", 0}});
  EXPECT_EQ(proof.text, "nothing answered and the rule never saw it; suspected: table x can stop packets");
  proof = judged(RuleEffect::Stop, 0, {ProbeEnd::NoAnswer});
  explain(proof, {{CauseKind::NotThere, "it is gone", true, {}, {}, {}, 0}});
  EXPECT_EQ(proof.text, "nothing answered and the rule never saw it: it is gone");
}

TEST_F(Judge, WhatCouldBeProvenAndIsNotCounts) {
  probe_.prospect = Prospect::Impossible;
  EXPECT_TRUE(all_proven({unmade(probe_)}));
  probe_.prospect = Prospect::Withheld;
  EXPECT_FALSE(all_proven({unmade(probe_)}));
  probe_.prospect = Prospect::Useless;
  EXPECT_EQ(unmade(probe_).result, ProofResult::Inert);
  EXPECT_FALSE(all_proven({unmade(probe_)}));
  EXPECT_TRUE(all_proven({judged(RuleEffect::Stop, 1, {ProbeEnd::Refused})}));
}

}  // namespace
}  // namespace mailweir
