#include "daemon/guard.h"

#include <gtest/gtest.h>

#include "tests/support/fake_kernel.h"
#include "tests/support/watch_table.h"

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class HandClock final : public Clock {
 public:
  Time time{seconds(1'700'000'000)};
  [[nodiscard]] Time now() const override { return time; }
};

Policy some_policy() {
  Policy policy;
  policy.file = "mailweir.toml";
  policy.gateway.emplace();
  policy.gateway->clients.value = {*IpPrefix::parse("172.16.0.0/12")};
  policy.gateway->mail_servers.value = {*IpPrefix::parse("172.16.9.25")};
  policy.gateway->transfer.line = 3;
  return policy;
}

class GuardTest : public testing::Test {
 protected:
  GuardTest() { EXPECT_TRUE(kernel.install(*compile(some_policy(), NoAccounts{}))); }

  Guard make_guard(Mode mode = Mode::Enforce) {
    return Guard(some_policy(), mode, KeyedHash(KeyedHash::Key{}), kernel, clock,
                 [this](const EventLine& line) { lines.push_back(nlohmann::json::parse(line.json())); },
                 [this](LedgerEntry entry) { entries.push_back(std::move(entry)); });
  }

  LoggedPacket syn(const char* client) {
    LoggedPacket logged;
    logged.received = logged.packet.time = clock.time;
    logged.packet.source = *IpAddress::parse(client);
    logged.packet.destination = IpAddress::v4(0x0a00'0001U + (number << 8));  // each in a network of its own
    logged.packet.source_port = static_cast<std::uint16_t>(1024 + number);
    logged.packet.destination_port = 25;
    logged.packet.sequence = number;
    logged.packet.flags = tcp_flag::kSyn;
    return logged;
  }

  static FlowTuple flow_of(const LoggedPacket& logged) {
    const PacketSighting& packet = logged.packet;
    return {packet.source, packet.destination, packet.source_port, packet.destination_port};
  }

  // A bot: of its contacts, one in two is refused, the others say too little for a message.
  void act_as_bot(Guard& guard, const char* client, std::uint32_t contacts) {
    for (std::uint32_t i = 0; i < contacts; ++i, ++number) {
      const LoggedPacket opened = syn(client);
      const FlowTuple flow = flow_of(opened);
      guard.step({opened}, {});
      clock.time += milliseconds(100);
      if (number % 2 == 0) {
        guard.step(
            {},
            {{ConntrackEvent::Kind::Destroy, {flow, TcpState::Close, FlowCounters{1, 60, 1, 40}, false}, clock.time}});
      } else {
        kernel.add_flow(flow, {5, 5 * 52 + 60, 5, 500});
        guard.step({}, {{ConntrackEvent::Kind::Update, {flow, TcpState::Established, std::nullopt, true}, clock.time}});
        clock.time += milliseconds(100);
        guard.step({}, {{ConntrackEvent::Kind::Update, {flow, TcpState::FinWait, std::nullopt, true}, clock.time}});
      }
      clock.time += seconds(1);
    }
  }

  [[nodiscard]] std::vector<nlohmann::json> lines_of(const std::string& event) const {
    std::vector<nlohmann::json> found;
    for (const auto& line : lines) {
      if (line["event"] == event) found.push_back(line);
    }
    return found;
  }

  FakeKernel kernel;
  HandClock clock;
  std::vector<nlohmann::json> lines;
  std::vector<LedgerEntry> entries;  // what the ledger was given
  std::uint32_t number = 0;
};

TEST_F(GuardTest, ABotIsBlockedToldAndCutOff) {
  Guard guard = make_guard();
  act_as_bot(guard, "172.16.0.5", 40);
  const auto added = lines_of("block.added");
  ASSERT_EQ(added.size(), 1U);
  EXPECT_EQ(added[0]["client"], "172.16.0.5");
  EXPECT_EQ(added[0]["ports"], "25");
  EXPECT_EQ(added[0]["policy"], "mailweir.toml:3");
  EXPECT_GE(added[0]["packet_to_block_us"], 0);
  EXPECT_LT(added[0]["connections"], 40);
  EXPECT_FALSE(added[0]["reason"].get<std::string>().empty());
  EXPECT_EQ(added[0]["finding"]["client"], "172.16.0.5");
  const auto blocks = kernel.blocks();
  ASSERT_EQ(blocks->size(), 1U);
  EXPECT_EQ(blocks->front().case_id, added[0]["case"]);
  EXPECT_EQ(blocks->front().scope, BlockScope::TransferOnly);
  EXPECT_GT(guard.counters().after_block, 0U) << "what it did afterwards is no evidence";
}

TEST_F(GuardTest, WatchingOnlyTellsAndTouchesNothing) {
  Guard guard = make_guard(Mode::WatchOnly);
  act_as_bot(guard, "172.16.0.5", 40);
  EXPECT_GE(lines_of("block.watched").size(), 1U);
  EXPECT_TRUE(lines_of("block.added").empty());
  EXPECT_TRUE(kernel.blocks()->empty());
}

TEST_F(GuardTest, ARegisteredServerIsNeverBlocked) {
  Guard guard = make_guard();
  act_as_bot(guard, "172.16.9.25", 60);
  EXPECT_TRUE(lines_of("block.added").empty());
  EXPECT_TRUE(kernel.blocks()->empty());
}

TEST_F(GuardTest, ARefusalIsToldAndTriedAgain) {
  Guard guard = make_guard();
  act_as_bot(guard, "172.16.0.5", 3);
  kernel.fail_with(ErrorCode::Limit);
  act_as_bot(guard, "172.16.0.5", 37);
  EXPECT_TRUE(lines_of("block.added").empty());
  ASSERT_FALSE(lines_of("block.refused").empty());
  EXPECT_NE(lines_of("block.refused")[0]["reason"].get<std::string>().find("retrying"), std::string::npos);
  ASSERT_TRUE(guard.next_due());
  kernel.fail_with(std::nullopt);
  clock.time = std::max(clock.time, *guard.next_due());
  clock.time += seconds(1);
  guard.step({}, {});
  EXPECT_EQ(lines_of("block.added").size(), 1U);
  EXPECT_EQ(kernel.blocks()->size(), 1U);
}

TEST_F(GuardTest, ABlockEndsAndItsEndIsTold) {
  Guard guard = make_guard();
  act_as_bot(guard, "172.16.0.5", 40);
  ASSERT_EQ(lines_of("block.added").size(), 1U);
  clock.time += hours(1);
  guard.step({}, {});
  EXPECT_EQ(lines_of("block.ended").size(), 1U);
  EXPECT_EQ(guard.counters().blocks, 0U);
}

TEST_F(GuardTest, ANewProcessTakesOverTheBlocksThereAre) {
  {
    Guard guard = make_guard();
    act_as_bot(guard, "172.16.0.5", 40);
  }
  Guard next = make_guard();
  ASSERT_TRUE(next.resume({}, false));
  const auto resumed = lines_of("block.resumed");
  ASSERT_EQ(resumed.size(), 1U);
  EXPECT_EQ(resumed[0]["case"], lines_of("block.added")[0]["case"]);
  EXPECT_EQ(next.counters().blocks, 1U);
}

TEST_F(GuardTest, ABlockIsHandedToTheLedgerOnceTheKernelHoldsIt) {
  Guard guard = make_guard();
  act_as_bot(guard, "172.16.0.5", 40);
  ASSERT_EQ(entries.size(), 1U);
  const auto& recorded = std::get<CaseRecord>(entries[0]);
  EXPECT_EQ(recorded.id, lines_of("block.added")[0]["case"].get<std::string>());
}

TEST_F(GuardTest, AfterSomebodyFlushedTheRulesTheBlocksAreBack) {
  Guard guard = make_guard();
  act_as_bot(guard, "172.16.0.5", 40);
  kernel.flush_ruleset();
  ASSERT_TRUE(kernel.install(*compile(some_policy(), NoAccounts{})));
  guard.table_restored();
  EXPECT_EQ(kernel.blocks()->size(), 1U);
  EXPECT_EQ(lines_of("table.restored")[0]["blocks"], 1);
}

}  // namespace
}  // namespace mailweir
