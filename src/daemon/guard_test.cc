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

  Guard make_guard(Mode mode = Mode::Enforce) { return make_guard(some_policy(), mode); }
  Guard make_guard(const Policy& policy, Mode mode = Mode::Enforce) {
    return Guard(
        policy, mode, KeyedHash(KeyedHash::Key{}), kernel, clock,
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
  std::vector<LedgerEntry> entries;  // what the ledger was given
  HandClock clock;
  std::vector<nlohmann::json> lines;
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

CaseRecord running_case(const char* client, Time since) {
  CaseRecord record;
  record.id = "mw-before";
  record.client = *IpPrefix::parse(client);
  record.since = since;
  record.until = since + hours(4);
  record.ports = {25};
  return record;
}

TEST_F(GuardTest, WhatItDecidesIsRecordedOnceTheKernelHasIt) {
  Guard guard = make_guard();
  kernel.fail_with(ErrorCode::Refused);
  act_as_bot(guard, "172.16.0.5", 40);
  EXPECT_TRUE(entries.empty());
  kernel.fail_with(std::nullopt);
  clock.time += seconds(2);
  guard.step({}, {});
  ASSERT_EQ(entries.size(), 1U);
  const auto& record = std::get<CaseRecord>(entries[0]);
  EXPECT_EQ(record.id, lines_of("block.added")[0]["case"]);
  EXPECT_EQ(record.policy_line, 3);
  EXPECT_FALSE(record.evidence.empty());
}

TEST_F(GuardTest, AfterARestartOfTheMachineRunningBlocksComeBack) {
  const CaseRecord before[] = {running_case("172.16.0.5", clock.time - hours(1))};
  Guard guard = make_guard();
  ASSERT_TRUE(guard.resume(before, true));
  ASSERT_EQ(kernel.blocks()->size(), 1U);
  EXPECT_EQ(kernel.blocks()->front().case_id, "mw-before");
  EXPECT_EQ(kernel.blocks()->front().length, hours(3)) << "not longer than it was to last";
  EXPECT_TRUE(entries.empty());
}

TEST_F(GuardTest, ABlockThatIsGoneFromTheTableWasLiftedBySomebody) {
  const CaseRecord before[] = {running_case("172.16.0.5", clock.time - hours(1))};
  Guard guard = make_guard();
  ASSERT_TRUE(guard.resume(before, false));
  EXPECT_TRUE(kernel.blocks()->empty());
  EXPECT_EQ(lines_of("block.lifted").size(), 1U);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(std::get<CaseLifted>(entries[0]).client, before[0].client);
}

TEST_F(GuardTest, WhatEndedWhileNobodyRanIsNoNewsButCounts) {
  const CaseRecord before[] = {running_case("172.16.0.5", clock.time - hours(10))};
  Guard guard = make_guard();
  ASSERT_TRUE(guard.resume(before, false));
  guard.step({}, {});
  EXPECT_TRUE(lines_of("block.ended").empty());
  act_as_bot(guard, "172.16.0.5", 40);
  ASSERT_EQ(lines_of("block.added").size(), 1U);
  EXPECT_EQ(lines_of("block.added")[0]["repeat"], 1);
}

TEST_F(GuardTest, AnOwnBlockIsNoNewsAndALiftedOneIsNotSetAgain) {
  Guard guard = make_guard();
  act_as_bot(guard, "172.16.0.5", 40);
  const IpPrefix client = *IpPrefix::parse("172.16.0.5");
  const BlockTouched ours[] = {{client, std::nullopt}, {client, kernel.blocks()->front().case_id}};
  guard.blocks_touched(ours, false);
  EXPECT_TRUE(lines_of("block.by-hand").empty() && lines_of("block.lifted").empty());

  const IpPrefix lifted[] = {client};
  ASSERT_TRUE(kernel.remove_blocks(lifted));
  const BlockTouched theirs[] = {{client, std::nullopt}};
  guard.blocks_touched(theirs, false);
  EXPECT_EQ(lines_of("block.lifted").size(), 1U);
  EXPECT_EQ(guard.counters().blocks, 0U);
  clock.time += seconds(1);
  guard.step({}, {});
  guard.table_restored();
  EXPECT_TRUE(kernel.blocks()->empty());
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

TEST_F(GuardTest, WhatABlockStoppedIsWrittenDownBeforeItEndsByItself) {
  Guard guard = make_guard();
  act_as_bot(guard, "172.16.0.5", 40);
  const auto blocks = kernel.blocks();
  ASSERT_EQ(blocks->size(), 1U);
  kernel.stop_packets(blocks->front().client, 7);
  while (kernel.blocks()->size() == 1 && std::none_of(entries.begin(), entries.end(), [](const LedgerEntry& entry) {
           return std::holds_alternative<CaseCounted>(entry);
         })) {
    ASSERT_TRUE(guard.next_due());
    clock.time = std::max(clock.time, *guard.next_due());
    guard.step({}, {});
  }
  const auto* counted = std::get_if<CaseCounted>(&entries.back());
  ASSERT_NE(counted, nullptr);
  EXPECT_EQ(counted->id, blocks->front().case_id);
  EXPECT_EQ(counted->packets_stopped, 7U);
  EXPECT_TRUE(lines_of("block.ended").empty()) << "it still runs";
}

TEST_F(GuardTest, WhoMayBeAMailServerIsSlowedDownInTheKernel) {
  Guard guard = make_guard();
  for (std::uint32_t i = 0; i < 60; ++i, ++number) {  // all deliver, but for a greylisting here and there
    const LoggedPacket opened = syn("172.16.0.25");
    const FlowTuple flow = flow_of(opened);
    guard.step({opened}, {});
    clock.time += milliseconds(100);
    kernel.add_flow(flow, {9, i % 6 == 0 ? 9 * 52 + 60U : 30'000U, 5, 500});
    guard.step({}, {{ConntrackEvent::Kind::Update, {flow, TcpState::Established, std::nullopt, true}, clock.time}});
    clock.time += milliseconds(100);
    guard.step({}, {{ConntrackEvent::Kind::Update, {flow, TcpState::FinWait, std::nullopt, true}, clock.time}});
    clock.time += seconds(5);
  }
  ASSERT_EQ(lines_of("client.throttled").size(), 1U);
  EXPECT_TRUE(lines_of("block.added").empty());
  ASSERT_EQ(kernel.blocks()->size(), 1U);
  EXPECT_EQ(kernel.blocks()->front().scope, BlockScope::SlowedDown);
  EXPECT_EQ(guard.counters().slowed, 1U);
  EXPECT_EQ(guard.counters().blocks, 0U);
  const auto* record = std::get_if<CaseRecord>(&entries.back());
  ASSERT_NE(record, nullptr);
  const std::vector<CaseRecord> written{*record};

  // A reboot: the kernel has forgotten it, the ledger has not.
  kernel.flush_ruleset();
  ASSERT_TRUE(kernel.install(*compile(some_policy(), NoAccounts{})));
  Guard again = make_guard();
  ASSERT_TRUE(again.resume(written, true));
  ASSERT_EQ(kernel.blocks()->size(), 1U);
  EXPECT_EQ(kernel.blocks()->front().scope, BlockScope::SlowedDown);
  EXPECT_EQ(kernel.blocks()->front().case_id, record->id);

  // A restart after the operator did what the notice asked for.
  Policy registered = some_policy();
  registered.gateway->mail_servers.value.push_back(*IpPrefix::parse("172.16.0.25"));
  lines.clear();
  Guard told = make_guard(registered);
  ASSERT_TRUE(told.resume(written, false));
  EXPECT_TRUE(kernel.blocks()->empty());
  EXPECT_EQ(lines_of("throttle.lifted").size(), 1U);
  EXPECT_EQ(told.counters().slowed, 0U);
  EXPECT_TRUE(std::holds_alternative<CaseLifted>(entries.back()));
}

TEST_F(GuardTest, SomebodyWhoSlowsAClientDownByHandCutsNothing) {
  Guard guard = make_guard();
  const IpPrefix client = *IpPrefix::parse("172.16.0.25");
  const Block slow[] = {{client, BlockScope::SlowedDown, "by-hand", std::chrono::hours(1), {}, 0}};
  ASSERT_TRUE(kernel.add_blocks(slow));
  const BlockTouched added[] = {{client, "by-hand"}};
  guard.blocks_touched(added, false);
  EXPECT_EQ(lines_of("throttle.by-hand").size(), 1U);
  EXPECT_TRUE(lines_of("block.by-hand").empty());
  const IpPrefix lifted[] = {client};
  ASSERT_TRUE(kernel.remove_blocks(lifted));
  const BlockTouched removed[] = {{client, std::nullopt}};
  guard.blocks_touched(removed, false);
  EXPECT_EQ(lines_of("throttle.lifted").size(), 1U);
}

TEST_F(GuardTest, WhatVerifyTriesIsNobodysBlock) {
  Guard guard = make_guard();
  const IpPrefix client = *IpPrefix::parse("172.16.0.250");
  const Block probe[] = {{client, BlockScope::AllSending, std::string(kProbeCase), seconds(30), {}, 0}};
  ASSERT_TRUE(kernel.add_blocks(probe));
  const BlockTouched added[] = {{client, std::string(kProbeCase)}};
  guard.blocks_touched(added, false);
  const IpPrefix lifted[] = {client};
  ASSERT_TRUE(kernel.remove_blocks(lifted));
  const BlockTouched removed[] = {{client, std::nullopt}};
  guard.blocks_touched(removed, false);
  EXPECT_TRUE(entries.empty());
  EXPECT_TRUE(lines_of("block.by-hand").empty() && lines_of("block.lifted").empty());
}

}  // namespace
}  // namespace mailweir
