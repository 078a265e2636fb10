// Proofs on a real kernel: what a rule stops moves its counter, and what an earlier accept lets pass is found.
#include "apply/prove.h"

#include <gtest/gtest.h>

#include "apply/linux_kernel.h"
#include "tests/netns/gateway_world.h"
#include "tests/support/watch_table.h"

namespace mailweir {
namespace {

CompiledTable host_table() {
  Policy policy;
  policy.file = "mailweir.toml";
  HostPolicy& host = policy.host.emplace();
  host.transfer = {Answer::Block, 4};
  auto table = compile(policy, NoAccounts{});
  EXPECT_TRUE(table) << table.error().text();
  return std::move(*table);
}

TEST(Prove, ARuleOfBothFamiliesIsProvenOnAnAddressNobodyHas) {
  with_gateway([](GatewayWorld&) {
    const CompiledTable table = host_table();
    const auto kernel = open_linux_kernel();
    ASSERT_TRUE((*kernel)->install(table));
    const auto proofs = prove(**kernel, table, try_from_here);
    ASSERT_TRUE(proofs) << proofs.error().text();
    ASSERT_EQ(proofs->size(), 2U);
    for (const Proof& proof : *proofs) {
      EXPECT_EQ(proof.result, ProofResult::Proven) << proof.text;
      EXPECT_EQ(proof.port, 25);
      EXPECT_GT(proof.packets_after, proof.packets_before);
      EXPECT_NE(proof.text.find("stopped by rule host.transfer (mailweir.toml:4)"), std::string::npos) << proof.text;
    }
  });
}

TEST(Prove, AnEarlierAcceptMakesTheRuleInert) {
  with_gateway([](GatewayWorld&) {
    const CompiledTable table = host_table();
    const auto kernel = open_linux_kernel();
    ASSERT_TRUE((*kernel)->install(table));
    ASSERT_TRUE((*kernel)->load_statements("insert rule inet mailweir mw_output accept\n"));
    const auto proofs = prove(**kernel, table, try_from_here);
    ASSERT_TRUE(proofs) << proofs.error().text();
    for (const Proof& proof : *proofs) EXPECT_EQ(proof.result, ProofResult::Inert) << proof.text;
  });
}

}  // namespace
}  // namespace mailweir
