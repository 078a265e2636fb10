// Blocks by hand, as a person at the gateway sets and lifts them: the program itself, a real kernel, real connections.
#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>

#include "tests/netns/desk.h"

namespace mailweir {
namespace {

using nlohmann::json;

constexpr char kServer[] = "192.0.2.10";

// Story 003, "SPAM_09_01_2021": one address is cut off by hand, with a comment and an end; everybody else sends.
TEST(ByHand, OneAddressIsBlockedWithACommentAndEverybodyElseSends) {
  with_gateway([](GatewayWorld& world) {
    const Desk desk;
    const Fd mail = world.listen(kServer, 25), submission = world.listen(kServer, 587), web = world.listen(kServer, 80);
    EXPECT_NE(desk.says({"why", "172.16.0.5"}, 1).find("never blocked"), std::string::npos);
    const std::string said = desk.says({"block", "172.16.0.5", "--for", "24h", "--reason", "SPAM_09_01_2021"});
    EXPECT_NE(said.find("Blocked 172.16.0.5 on ports 25, 465 and 587 until "), std::string::npos) << said;

    EXPECT_EQ(world.connect("172.16.0.5", kServer, 25).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("172.16.0.5", kServer, 587).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("172.16.0.5", kServer, 80).error, 0) << "only mail";
    for (const char* other : {"172.16.0.2", "172.16.0.3", "172.16.0.4", "172.16.0.6"})
      EXPECT_EQ(world.connect(other, kServer, 25).error, 0) << other;

    const json blocks = desk.answers({"blocks"});
    EXPECT_EQ(blocks["schema"], "mailweir.blocks/1");
    ASSERT_EQ(blocks["cases"].size(), 1U);
    const json& one = blocks["cases"][0];
    EXPECT_EQ(one["client"], "172.16.0.5");
    EXPECT_EQ(one["reason"], "SPAM_09_01_2021");
    EXPECT_EQ(one["packets_stopped"], 2);
    EXPECT_EQ(one["ports"], json::array({25, 465, 587}));
    EXPECT_TRUE(one["by_hand"]);
    EXPECT_NE(one["by"], "detector");
    const std::string why = desk.says({"why", "172.16.0.5"});
    for (const char* part : {"172.16.0.5 is blocked on ports 25, 465 and 587 until", "SPAM_09_01_2021",
                             "2 packets of it were stopped", "mailweir unblock 172.16.0.5"})
      EXPECT_NE(why.find(part), std::string::npos) << part << " in:\n" << why;

    desk.says({"unblock", "172.16.0.5"});
    EXPECT_EQ(world.connect("172.16.0.5", kServer, 25).error, 0);
    EXPECT_TRUE(desk.answers({"blocks"})["cases"].empty());
    const json after = desk.answers({"why", "172.16.0.5"}, 1);
    EXPECT_FALSE(after["blocked"]);
    ASSERT_EQ(after["cases"].size(), 1U);
    EXPECT_EQ(after["cases"][0]["packets_stopped"], 2);
    EXPECT_FALSE(after["cases"][0]["ended_at"].is_null());
    EXPECT_EQ(desk.answers({"history"})["cases"].size(), 1U);
    EXPECT_NE(desk.says({"unblock", "172.16.0.5"}, 1).find("is neither blocked nor slowed down"), std::string::npos);
  });
}

TEST(ByHand, ManyComeFromStandardInputAndAllAreLiftedAtOnce) {
  with_gateway([](GatewayWorld& world) {
    const Desk desk;
    const Fd mail = world.listen("2001:db8::10", 25);
    desk.says({"block", "-", "--ports", "transfer"}, 0,
              "172.16.0.2\n\n# a comment\n 172.16.0.3 # and why\r\n172.16.0.2\nfd16:0:0:1::2\n");
    const json cases = desk.answers({"blocks"})["cases"];
    ASSERT_EQ(cases.size(), 3U);
    EXPECT_EQ(cases[2]["client"], "fd16:0:0:1::/64");
    EXPECT_EQ(cases[2]["ports"], json::array({25}));
    EXPECT_EQ(world.connect("fd16:0:0:1::2", "2001:db8::10", 25).error, ECONNREFUSED);
    EXPECT_EQ(desk.says({"why", "fd16:0:0:1:aaaa::7"}).substr(0, 15), "fd16:0:0:1::/64");
    desk.says({"unblock", "--all"});
    EXPECT_TRUE(desk.answers({"blocks"})["cases"].empty());
  });
}

TEST(ByHand, WhoMustNotBeBlockedIsRefusedWithoutForceAndNothingIsDone) {
  with_gateway([](GatewayWorld&) {
    const Desk desk;
    setenv("SSH_CONNECTION", "172.16.0.7 50000 172.16.0.1 22", 1);
    for (const char* client : {"172.16.0.7", "172.16.0.8", "172.16.0.9"}) desk.says({"block", "172.16.0.2", client}, 4);
    desk.says({"block", "172.16.0.0/24"}, 2);
    desk.says({"block", "fd16::/48"}, 2);
    desk.says({"block", "nobody"}, 2);
    desk.says({"block", "172.16.0.2", "--for", "400d"}, 2);
    desk.says({"block", "172.16.0.2", "--dry-run"});
    EXPECT_TRUE(desk.answers({"blocks"})["cases"].empty());
    EXPECT_TRUE(desk.answers({"history"})["cases"].empty());
    desk.says({"block", "172.16.0.7", "172.16.0.8", "--force"});
    EXPECT_EQ(desk.answers({"blocks"})["cases"].size(), 2U);
  });
}

TEST(ByHand, ARunningGuardBelievesWhatAPersonDid) {
  with_gateway([](GatewayWorld& world) {
    const Desk desk;
    const Fd mail = world.listen(kServer, 25);
    desk.says({"block", "172.16.0.4", "--reason", "before the start"});
    DeskGuard guard(desk);
    EXPECT_EQ(world.connect("172.16.0.4", kServer, 25).error, ECONNREFUSED) << "it was not undone";

    desk.says({"block", "172.16.0.5", "--reason", "while it runs"});
    const std::string told = guard.await("block.by-hand ");
    EXPECT_NE(told.find("client=172.16.0.5"), std::string::npos) << told;
    desk.says({"unblock", "172.16.0.4"});
    EXPECT_NE(guard.await("block.lifted ").find("client=172.16.0.4"), std::string::npos);

    // A table that is taken away comes back, with the blocks that still run and without the lifted one.
    ASSERT_TRUE(run_process({"nft", "delete", "table", "inet", "mailweir"}));
    guard.await("table.restored ");
    const json cases = desk.answers({"blocks"})["cases"];
    ASSERT_EQ(cases.size(), 1U);
    EXPECT_EQ(cases[0]["client"], "172.16.0.5");
    EXPECT_EQ(cases[0]["reason"], "while it runs");
    EXPECT_EQ(world.connect("172.16.0.5", kServer, 25).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("172.16.0.4", kServer, 25).error, 0);
    const json story = desk.answers({"history", "172.16.0.4"})["cases"];
    ASSERT_EQ(story.size(), 1U);
    EXPECT_NE(story[0]["ended_by"], "") << "the name of who lifted it stays";
  });
}

TEST(ByHand, ABlockOutlivesTheTableWhenTheMachineRestartsButNotARemove) {
  with_gateway([](GatewayWorld&) {
    const Desk desk;
    desk.says({"block", "172.16.0.5", "--reason", "kept"});
    // As after a boot: nothing of ours in the kernel.
    ASSERT_TRUE(run_process({"nft", "flush", "ruleset"}));
    {
      DeskGuard guard(desk);
      ASSERT_EQ(desk.answers({"blocks"})["cases"].size(), 1U);
      EXPECT_EQ(desk.answers({"blocks"})["cases"][0]["reason"], "kept");
    }
    desk.says({"remove"});
    DeskGuard guard(desk);
    EXPECT_TRUE(desk.answers({"blocks"})["cases"].empty());
    desk.says({"block", "172.16.0.6"});
    guard.await("block.by-hand ");
    EXPECT_EQ(guard.seen().find("172.16.0.5"), std::string::npos) << "what is long over is no news:\n" << guard.seen();
  });
}

TEST(ByHand, ABrokenLedgerKeepsNobodyFromBlocking) {
  with_gateway([](GatewayWorld& world) {
    const Desk desk;
    const Fd mail = world.listen(kServer, 25);
    desk.says({"block", "172.16.0.4"});
    std::ofstream(desk.ledger(), std::ios::trunc) << std::string(5000, 'x');
    DeskGuard guard(desk);
    const ProcessOutput ran = desk.type({"block", "172.16.0.5"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_NE(ran.err.find("done, but not written down"), std::string::npos) << ran.err;
    EXPECT_EQ(world.connect("172.16.0.5", kServer, 25).error, ECONNREFUSED);
    const json cases = desk.answers({"blocks"})["cases"];
    ASSERT_EQ(cases.size(), 2U);
    EXPECT_FALSE(cases[0]["in_ledger"]);
    desk.says({"why", "172.16.0.5"});
    desk.says({"history"}, 3);
    guard.await("block.by-hand ");
    ASSERT_TRUE(run_process({"nft", "delete", "element", "inet", "mailweir", "blocked4", "{ 172.16.0.5 }"}));
    guard.await("block.lifted ");
    guard.await("ledger.trouble ");
  });
}

}  // namespace
}  // namespace mailweir
