#include "apply/prove.h"

#include <gtest/gtest.h>

#include "tests/support/fake_kernel.h"

namespace mailweir {
namespace {

TEST(Prove, CountersAreAddedUpByRule) {
  constexpr std::string_view kListing =
      "\t\ttcp dport 25 counter packets 3 bytes 180 log comment \"host.transfer.log m.toml:3\"\n"
      "\t\ttcp dport 25 counter packets 2 bytes 120 reject comment \"host.transfer m.toml:3\"\n"
      "\t\tip6 daddr ::/0 tcp dport 25 counter packets 1 bytes 80 reject comment \"host.transfer m.toml:3\"\n"
      "\t\ttcp dport 587 counter packets 9 bytes 900 reject comment \"host.submission\"\n";
  EXPECT_EQ(count_of_rule(kListing, "host.transfer").rules, 2U);
  EXPECT_EQ(count_of_rule(kListing, "host.transfer").packets, 3U);
  EXPECT_EQ(count_of_rule(kListing, "host.transfer").bytes, 200U);
  EXPECT_EQ(count_of_rule(kListing, "host.submission").packets, 9U);
  EXPECT_EQ(count_of_rule(kListing, "host").rules, 0U);
}

TEST(Prove, WithoutAMovingCounterNothingIsProven) {
  FakeKernel kernel;
  ASSERT_TRUE(kernel.load_statements(
      "add table inet mailweir\nadd chain inet mailweir mw_output\n"
      "add rule inet mailweir mw_output tcp dport 25 counter reject comment \"host.transfer m.toml:3\"\n"));
  CompiledTable table;
  RuleInfo stops{
      "host.transfer", "m.toml", 3, RuleHook::Output, true, true, {{Transport::Tcp, 25, 25}}, RuleEffect::Stop, true,
      false,           {}};
  RuleInfo forwards = stops;
  forwards.id = "gateway.transfer";
  forwards.hook = RuleHook::Forward;
  RuleInfo lost = stops;
  lost.id = "host.submission";
  lost.v6 = false;
  RuleInfo passes = stops;
  passes.effect = RuleEffect::Pass;
  table.rules = {stops, forwards, lost, passes};
  const auto proofs =
      prove(kernel, table, [](bool v4, std::uint16_t) { return v4 ? ProbeEnd::Established : ProbeEnd::NoRoute; });
  ASSERT_TRUE(proofs);
  ASSERT_EQ(proofs->size(), 5U);
  EXPECT_EQ((*proofs)[0].result, ProofResult::Inert) << "it went past the rule";
  EXPECT_EQ((*proofs)[1].result, ProofResult::Unproven) << "no way out for IPv6 here";
  EXPECT_EQ((*proofs)[2].result, ProofResult::Unproven) << "needs a client";
  EXPECT_EQ((*proofs)[4].result, ProofResult::Inert) << "not in the kernel";
  for (const Proof& proof : *proofs) EXPECT_FALSE(proof.text.empty());
}

}  // namespace
}  // namespace mailweir
