// The promises of apply/kernel.h, kept by the fake and by a real kernel in a namespace of its own.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <thread>

#include "apply/kernel.h"
#include "apply/linux_kernel.h"
#include "sys/enclosure.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/watch_table.h"

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

IpPrefix client(const char* text) { return *IpPrefix::parse(text); }

WatchTable some_table() {
  WatchTable wanted;
  wanted.clients = {client("172.16.0.0/12"), client("172.16.9.0/24"), client("fd16::/32")};
  wanted.exempt = {client("172.16.0.7"), client("fd16::7")};
  wanted.ports = {25, 465, 587};
  wanted.log_group = 25;
  return wanted;
}

class KernelContract : public testing::TestWithParam<bool> {
 protected:
  // Runs `body` with a kernel that has no table yet.
  static void with_kernel(const std::function<void(Kernel&)>& body) {
    if (!GetParam()) {
      FakeKernel kernel;
      body(kernel);
      return;
    }
    const auto status = run_enclosed(Walls::Network, [&] {
      const auto kernel = open_linux_kernel();
      EXPECT_TRUE(kernel) << kernel.error().text();
      if (kernel) body(**kernel);
      return testing::Test::HasFailure() ? 1 : 0;
    });
    if (!status) GTEST_SKIP() << "no namespaces here: " << status.error().text();
    EXPECT_EQ(*status, 0) << "see the output of the child above";
  }
};

#define ASSERT_OK(expression)                                 \
  do {                                                        \
    const auto& result = (expression);                        \
    ASSERT_TRUE(result.has_value()) << result.error().text(); \
  } while (false)

TEST_P(KernelContract, CheckChangesNothing) {
  with_kernel([](Kernel& kernel) {
    ASSERT_OK(kernel.check(some_table().compiled()));
    EXPECT_EQ(*kernel.table(), TableState{});
  });
}

TEST_P(KernelContract, InstalledTableCarriesItsMarkerAndEveryInstallIsANewFingerprint) {
  with_kernel([](Kernel& kernel) {
    ASSERT_OK(kernel.install(some_table().compiled()));
    const TableState first = *kernel.table();
    EXPECT_EQ(first.marker, some_table().compiled().marker);
    WatchTable other = some_table();
    other.ports = {25};
    ASSERT_OK(kernel.install(other.compiled()));
    const TableState second = *kernel.table();
    EXPECT_EQ(second.marker, other.compiled().marker);
    EXPECT_NE(second.marker, first.marker);
    EXPECT_NE(second.fingerprint, first.fingerprint);
    EXPECT_EQ(*kernel.table(), second) << "reading changes nothing";
  });
}

TEST_P(KernelContract, RemoveSaysWhetherThereWasATable) {
  with_kernel([](Kernel& kernel) {
    EXPECT_FALSE(*kernel.remove());
    ASSERT_OK(kernel.install(some_table().compiled()));
    EXPECT_TRUE(*kernel.remove());
    EXPECT_EQ(*kernel.table(), TableState{});
    EXPECT_FALSE(*kernel.remove());
  });
}

TEST_P(KernelContract, BlocksAreListedAsTheyWereAdded) {
  with_kernel([](Kernel& kernel) {
    ASSERT_OK(kernel.install(some_table().compiled()));
    const Block blocks[] = {
        {client("172.16.0.5"), BlockScope::AllSending, "mw-20261122-0001", hours(1), {}, 0},
        {client("172.16.0.6"), BlockScope::TransferOnly, "mw-20261122-0002", hours(2), {}, 0},
        {client("fd16:0:0:1::/64"), BlockScope::SubmissionOnly, "mw-20261122-0003", hours(24), {}, 0}};
    ASSERT_OK(kernel.add_blocks(blocks));
    const auto listed = kernel.blocks();
    ASSERT_OK(listed);
    ASSERT_EQ(listed->size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      const Block& block = (*listed)[i];
      const auto asked =
          std::find_if(std::begin(blocks), std::end(blocks), [&](const Block& b) { return b.client == block.client; });
      ASSERT_NE(asked, std::end(blocks)) << block.client.text();
      EXPECT_EQ(block.case_id, asked->case_id);
      EXPECT_EQ(block.scope, asked->scope);
      EXPECT_EQ(block.length, asked->length);
      EXPECT_LE(block.left, asked->length);
      EXPECT_GT(block.left, asked->length - minutes(1));
      EXPECT_EQ(block.stopped, 0U);
    }
  });
}

TEST_P(KernelContract, AClientThatIsSlowedDownIsListedAsThatAndHasOneScopeAtATime) {
  with_kernel([](Kernel& kernel) {
    ASSERT_OK(kernel.install(some_table().compiled()));
    const IpPrefix v4 = client("172.16.0.25"), v6 = client("fd16:0:0:25::/64");
    const Block slow[] = {{v4, BlockScope::SlowedDown, "mw-1", hours(25), {}, 0},
                          {v6, BlockScope::SlowedDown, "mw-2", hours(25), {}, 0}};
    ASSERT_OK(kernel.add_blocks(slow));
    ASSERT_EQ(kernel.blocks()->size(), 2U);
    const auto slowed = kernel.blocks();
    for (const Block& block : *slowed) EXPECT_EQ(block.scope, BlockScope::SlowedDown);
    const Block hard[] = {{v4, BlockScope::SubmissionOnly, "mw-3", hours(1), {}, 0}};
    ASSERT_OK(kernel.add_blocks(hard));
    const IpPrefix both[] = {v4, v6};
    const auto listed = kernel.blocks_of(both);
    ASSERT_OK(listed);
    ASSERT_EQ(listed->size(), 2U);
    for (const Block& block : *listed) {
      EXPECT_EQ(block.scope, block.client == v4 ? BlockScope::SubmissionOnly : BlockScope::SlowedDown);
      EXPECT_EQ(block.case_id, block.client == v4 ? "mw-3" : "mw-2");
    }
    ASSERT_OK(kernel.add_blocks(slow));
    EXPECT_EQ(kernel.blocks_of(both)->front().scope, BlockScope::SlowedDown) << "and back";
    EXPECT_EQ(count_slowed(*kernel.blocks()), 2U);
    ASSERT_OK(kernel.remove_blocks(both));
    EXPECT_TRUE(kernel.blocks()->empty());
  });
}

TEST_P(KernelContract, SomeBlocksAreToldWithoutTheOthers) {
  with_kernel([](Kernel& kernel) {
    ASSERT_OK(kernel.install(some_table().compiled()));
    std::vector<Block> blocks;
    for (int i = 1; i <= 100; ++i)
      blocks.push_back({client(("172.16.1." + std::to_string(i)).c_str()),
                        BlockScope::AllSending,
                        "mw-" + std::to_string(i),
                        hours(1),
                        {},
                        0});
    blocks.push_back({client("fd16:0:0:1::/64"), BlockScope::TransferOnly, "mw-6", hours(2), {}, 0});
    ASSERT_OK(kernel.add_blocks(blocks));
    std::vector<IpPrefix> asked{client("172.16.9.9"), client("fd16:0:0:1::/64")};
    for (int i = 2; i <= 60; ++i) asked.push_back(client(("172.16.1." + std::to_string(i)).c_str()));
    const auto found = kernel.blocks_of(asked);
    ASSERT_OK(found);
    ASSERT_EQ(found->size(), 60U);
    const auto v6 = std::find_if(found->begin(), found->end(), [](const Block& b) { return !b.client.base().is_v4(); });
    ASSERT_NE(v6, found->end());
    EXPECT_EQ(v6->scope, BlockScope::TransferOnly);
    EXPECT_EQ(v6->case_id, "mw-6");
    ASSERT_OK(kernel.blocks_of({}));
  });
}

TEST_P(KernelContract, ABlockReplacesTheOneBefore) {
  with_kernel([](Kernel& kernel) {
    ASSERT_OK(kernel.install(some_table().compiled()));
    const Block first[] = {{client("172.16.0.5"), BlockScope::TransferOnly, "mw-1", hours(1), {}, 0}};
    const Block second[] = {{client("172.16.0.5"), BlockScope::AllSending, "mw-2", hours(4), {}, 0}};
    ASSERT_OK(kernel.add_blocks(first));
    ASSERT_OK(kernel.add_blocks(second));
    const auto listed = kernel.blocks();
    ASSERT_OK(listed);
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_EQ(listed->front().case_id, "mw-2");
    EXPECT_EQ(listed->front().scope, BlockScope::AllSending);
    EXPECT_GT(listed->front().left, hours(3));
  });
}

TEST_P(KernelContract, BlocksSurviveAnInstall) {
  with_kernel([](Kernel& kernel) {
    ASSERT_OK(kernel.install(some_table().compiled()));
    const Block blocks[] = {{client("172.16.0.5"), BlockScope::AllSending, "mw-1", hours(1), {}, 0}};
    ASSERT_OK(kernel.add_blocks(blocks));
    WatchTable other = some_table();
    other.how = BlockHow::Drop;
    other.clients = {client("10.0.0.0/8")};
    ASSERT_OK(kernel.install(other.compiled()));
    EXPECT_EQ(kernel.blocks()->size(), 1U);
  });
}

TEST_P(KernelContract, RemovedBlocksAreGoneAndUnknownOnesArePassedOver) {
  with_kernel([](Kernel& kernel) {
    ASSERT_OK(kernel.install(some_table().compiled()));
    const Block blocks[] = {{client("172.16.0.5"), BlockScope::TransferOnly, "mw-1", hours(1), {}, 0},
                            {client("172.16.0.6"), BlockScope::AllSending, "mw-2", hours(1), {}, 0}};
    ASSERT_OK(kernel.add_blocks(blocks));
    const IpPrefix clients[] = {client("172.16.0.5"), client("172.16.0.99")};
    ASSERT_OK(kernel.remove_blocks(clients));
    const auto listed = kernel.blocks();
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_EQ(listed->front().client, client("172.16.0.6"));
  });
}

TEST_P(KernelContract, ABlockEndsByItself) {
  with_kernel([](Kernel& kernel) {
    ASSERT_OK(kernel.install(some_table().compiled()));
    const Block blocks[] = {{client("172.16.0.5"), BlockScope::AllSending, "mw-1", milliseconds(40), {}, 0},
                            {client("172.16.0.6"), BlockScope::AllSending, "mw-2", hours(1), {}, 0}};
    ASSERT_OK(kernel.add_blocks(blocks));
    if (auto* fake = dynamic_cast<FakeKernel*>(&kernel)) fake->advance(milliseconds(40));
    while (kernel.blocks()->size() == 2) std::this_thread::yield();  // the test's time limit ends this otherwise
    ASSERT_EQ(kernel.blocks()->size(), 1U);
    EXPECT_EQ(kernel.blocks()->front().case_id, "mw-2");
  });
}

TEST_P(KernelContract, WithoutATableNothingIsBlocked) {
  with_kernel([](Kernel& kernel) {
    const Block blocks[] = {{client("172.16.0.5"), BlockScope::AllSending, "mw-1", hours(1), {}, 0}};
    const auto added = kernel.add_blocks(blocks);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code(), ErrorCode::NotFound);
    const auto listed = kernel.blocks();
    ASSERT_FALSE(listed);
    EXPECT_EQ(listed.error().code(), ErrorCode::NotFound);
  });
}

TEST_P(KernelContract, AFullSetIsSaidAndATransactionIsAllOrNothing) {
  with_kernel([](Kernel& kernel) {
    WatchTable small = some_table();
    small.blocks_max = 3;
    ASSERT_OK(kernel.install(small.compiled()));
    std::vector<Block> blocks;
    for (const char* text : {"172.16.0.1", "172.16.0.2", "172.16.0.3", "172.16.0.4"}) {
      blocks.push_back({client(text), BlockScope::AllSending, "mw-1", hours(1), {}, 0});
    }
    const auto added = kernel.add_blocks(blocks);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code(), ErrorCode::Limit);
    EXPECT_TRUE(kernel.blocks()->empty());
    blocks.pop_back();
    ASSERT_OK(kernel.add_blocks(blocks));
    EXPECT_EQ(kernel.blocks()->size(), 3U);
  });
}

TEST_P(KernelContract, ManyBlocksGoInSeveralTransactions) {
  with_kernel([](Kernel& kernel) {
    ASSERT_OK(kernel.install(some_table().compiled()));
    std::vector<Block> blocks;
    for (std::uint32_t i = 0; i < 2 * kBlocksPerTransaction + 1; ++i) {
      const IpPrefix one =
          i % 2 == 0 ? IpPrefix::host(IpAddress::v4(0xac100000 + i)) : IpPrefix::of({0xfd16'0000'0000'0000 + i, 0}, 64);
      const BlockScope scope = i % 3 == 0 ? BlockScope::TransferOnly : BlockScope::AllSending;
      blocks.push_back({one, scope, "mw-20261122-" + std::to_string(i), hours(1), {}, 0});
    }
    ASSERT_OK(kernel.add_blocks(blocks));
    ASSERT_OK(kernel.add_blocks(blocks));  // again: all are replaced
    EXPECT_EQ(kernel.blocks()->size(), blocks.size());
    std::vector<IpPrefix> clients;
    for (const Block& block : blocks) clients.push_back(block.client);
    ASSERT_OK(kernel.remove_blocks(clients));
    EXPECT_TRUE(kernel.blocks()->empty());
  });
}

TEST_P(KernelContract, FlowsThatAreNotThereAreNeitherCutNorCounted) {
  with_kernel([](Kernel& kernel) {
    std::vector<FlowTuple> flows;
    for (std::uint16_t i = 1; i <= 200; ++i) {
      flows.push_back({*IpAddress::parse("172.16.0.5"), *IpAddress::parse("192.0.2.1"), i, 25});
      flows.push_back({*IpAddress::parse("fd16::5"), *IpAddress::parse("2001:db8::1"), i, 587});
    }
    const auto cut = kernel.cut_flows(flows);
    ASSERT_OK(cut);
    EXPECT_EQ(*cut, 0U);
    const auto counters = kernel.flow_counters(flows);
    ASSERT_OK(counters);
    ASSERT_EQ(counters->size(), flows.size());
    for (const auto& counted : *counters) EXPECT_FALSE(counted);
  });
}

INSTANTIATE_TEST_SUITE_P(Doors, KernelContract, testing::Bool(),
                         [](const auto& instance) { return instance.param ? "Real" : "Fake"; });

}  // namespace
}  // namespace mailweir
