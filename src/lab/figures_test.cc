#include "lab/figures.h"

#include <gtest/gtest.h>

#include "lab/closing.h"
#include "lab/guard_process.h"
#include "lab/places.h"
#include "lab/screen.h"

namespace mailweir::lab {
namespace {

Time at(int s) { return Time(std::chrono::seconds(s)); }

// A bot, a thief, a person, two servers: numbers 0 to 4.
Population village() {
  Population population;
  population.clients = {{Trade::DirtyListBot, client_address(Family::V6, 0)},
                        {Trade::AccountThief, client_address(Family::V4, 1)},
                        {Trade::MailUser, client_address(Family::V4, 2)},
                        {Trade::UnregisteredServer, mail_host_address(1)},
                        {Trade::Printer, client_address(Family::V4, 4)}};
  return population;
}

class FiguresTest : public testing::Test {
 protected:
  void bot_opens(int times) {
    for (int i = 0; i < times; ++i) board_->note_opened(0, at(opened_++));
  }
  void blocked(std::uint32_t client, Time when, bool in_kernel = true) {
    const IpPrefix prefix = client_prefix(population_.clients[client].address);
    guard_.decided.push_back({prefix, when, 400.0, "mw-1"});
    if (in_kernel) guard_.in_kernel.push_back(prefix);
  }
  Figures figures() { return figures_of(population_, *board_, guard_); }

  Population population_ = village();
  Result<Scoreboard> board_ = Scoreboard::create(population_);
  GuardView guard_;
  int opened_ = 0;
};

TEST_F(FiguresTest, CountsTheConnectionsOpenedUntilTheBlock) {
  bot_opens(40);
  blocked(0, at(11));
  const Figures f = figures();
  EXPECT_EQ(f.bots, 1);
  EXPECT_EQ(f.bots_blocked, 1);
  EXPECT_EQ(f.connections_to_block, std::vector<std::uint32_t>{12});  // those at 0 to 11 s
  EXPECT_TRUE(expectation_held(f));
}

TEST_F(FiguresTest, ABotWithFewConnectionsIsNotExpectedToBeBlocked) {
  bot_opens(29);
  EXPECT_EQ(figures().bots, 0);
  EXPECT_TRUE(expectation_held(figures()));
  bot_opens(1);
  EXPECT_EQ(figures().bots, 1);
  EXPECT_FALSE(expectation_held(figures()));
}

TEST_F(FiguresTest, ADecisionThatTheKernelDoesNotHoldStopsNoBot) {
  bot_opens(40);
  blocked(0, at(11), false);
  EXPECT_EQ(figures().bots_blocked, 0);
  EXPECT_FALSE(expectation_held(figures()));
}

TEST_F(FiguresTest, HarmIsCountedWhoeverTellsOfIt) {
  blocked(2, at(1), false);  // decided only
  EXPECT_EQ(figures().honest_blocked, 1);
  guard_.in_kernel.push_back(client_prefix(population_.clients[4].address));  // held only
  EXPECT_EQ(figures().honest_blocked, 2);
  blocked(3, at(1));
  EXPECT_EQ(figures().servers_blocked, 1);
  EXPECT_FALSE(expectation_held(figures()));
}

TEST_F(FiguresTest, AccountThievesAreCountedApart) {
  blocked(1, at(1));
  const Figures f = figures();
  EXPECT_EQ(f.bots_other, 1);
  EXPECT_EQ(f.bots_other_blocked, 1);
  EXPECT_EQ(f.bots_blocked, 0);
  EXPECT_TRUE(expectation_held(f));
}

TEST_F(FiguresTest, MailGoesToTheAccountOfItsSender) {
  for (int s = 0; s < 3; ++s) board_->note_accepted(0, at(s));
  board_->clients()[1].accepted = 4;
  board_->clients()[2].accepted = 5;
  board_->clients()[3].accepted = 6;
  const Figures f = figures();
  EXPECT_EQ(f.spam_before_block, 3);
  EXPECT_EQ(f.mail_thieves, 4);
  EXPECT_EQ(f.mail_honest, 11);
}

TEST_F(FiguresTest, SpamThatArrivesAfterTheBlockIsToldApart) {
  for (int s = 0; s < 5; ++s) board_->note_accepted(0, at(s));
  blocked(0, at(3));
  EXPECT_EQ(figures().spam_before_block, 4u);
  EXPECT_EQ(figures().spam_after_block, 1u);
}

TEST(Quantile, IsTheNearestRank) {
  EXPECT_EQ(quantile(std::vector<int>{}, 0.5), std::nullopt);
  EXPECT_EQ(quantile(std::vector<int>{7}, 0.99), 7);
  EXPECT_EQ(quantile(std::vector<int>{1, 2, 3, 4}, 0.5), 2);
  EXPECT_EQ(quantile(std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.9), 9);
}

TEST_F(FiguresTest, TheVerdictSaysWhatHappened) {
  bot_opens(40);
  EXPECT_EQ(verdict_sentence(figures()), "1 of 1 bot got away; no honest client and no mail server was touched.");
  blocked(0, at(4));
  EXPECT_EQ(verdict_sentence(figures()),
            "The bot was cut off, after 5 connections (median); no honest client and no mail server was touched.");
  blocked(2, at(5));
  EXPECT_NE(verdict_sentence(figures()).find("1 honest client should not have been blocked and was"),
            std::string::npos);
}

TEST_F(FiguresTest, JsonHasTheFieldsThatWerePromised) {
  const std::string text = closing_json({figures(), 1.5, 1});
  for (const char* field : {"\"schema\": \"mailweir.demo/1\"", "\"clients\"", "\"bots\"", "\"bots_other\"",
                            "\"bots_blocked\"", "\"honest_blocked\"", "\"servers_blocked\"", "\"connections_to_block\"",
                            "\"median\"", "\"p90\"", "\"packet_to_block_us\"", "\"p99\"", "\"mail_delivered\"",
                            "\"honest\"", "\"spam_before_block\"", "\"lost_events\"", "\"seconds\""}) {
    EXPECT_NE(text.find(field), std::string::npos) << field;
  }
}

TEST_F(FiguresTest, TheScreenFitsIntoItsWidth) {
  bot_opens(40);
  blocked(0, at(4));
  for (const int width : {60, 80, 120}) {
    const std::string screen =
        live_screen(figures(), {std::chrono::seconds(3), std::chrono::seconds(32), 1, 5}, width, Painter(false));
    for (std::size_t begin = 0, end = 0; (end = screen.find('\n', begin)) != std::string::npos; begin = end + 1) {
      EXPECT_LT(end - begin, static_cast<std::size_t>(width));
    }
  }
}

}  // namespace
}  // namespace mailweir::lab
