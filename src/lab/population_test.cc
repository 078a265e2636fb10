#include "lab/population.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "lab/places.h"

namespace mailweir::lab {
namespace {

using std::chrono::seconds;

IpPrefix group_of(IpAddress address) { return IpPrefix::of(address, address.is_v4() ? 24 : 48); }

std::map<Trade, int> census(const Population& population) {
  std::map<Trade, int> count;
  for (const Client& client : population.clients) ++count[client.trade];
  return count;
}

TEST(Population, SameSeedSameDay) {
  const Population a = populate({300, seconds(32), 7}), b = populate({300, seconds(32), 7});
  ASSERT_EQ(a.outward.size(), b.outward.size());
  for (std::size_t i = 0; i < a.outward.size(); ++i) {
    ASSERT_EQ(a.outward[i].at, b.outward[i].at);
    ASSERT_EQ(a.outward[i].server, b.outward[i].server);
    ASSERT_EQ(a.outward[i].source, b.outward[i].source);
  }
  const Population other = populate({300, seconds(32), 8});
  EXPECT_NE(a.outward.front().at, other.outward.front().at);
}

TEST(Population, EverybodyIsThereWhateverTheSize) {
  for (const std::uint32_t clients : {kClientsMin, 300u, 10'000u}) {
    const auto count = census(populate({clients, seconds(32), 1}));
    EXPECT_EQ(count.at(Trade::DirtyListBot) + count.at(Trade::SlowBot) + count.at(Trade::TemplateBot) +
                  count.at(Trade::HammerBot) + count.at(Trade::HopperBot),
              12);
    EXPECT_EQ(count.at(Trade::AccountThief), 3);
    EXPECT_EQ(count.at(Trade::RegisteredServer), 1);
    EXPECT_EQ(count.at(Trade::UnregisteredServer), 1);
    EXPECT_EQ(count.at(Trade::Newsletter), 1);
    EXPECT_EQ(count.at(Trade::Printer), 1);
    EXPECT_GT(count.at(Trade::MailUser), 15);
  }
}

TEST(Population, BotsOfBothFamiliesMakeThirtyConnections) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Population population = populate({300, seconds(32), seed});
    std::map<std::uint32_t, int> opened;
    for (const Errand& errand : population.outward) ++opened[errand.client];
    int v4 = 0, v6 = 0;
    for (std::uint32_t n = 0; n < population.clients.size(); ++n) {
      if (!is_transfer_bot(population.clients[n].trade)) continue;
      EXPECT_GE(opened[n], 30) << name_of(population.clients[n].trade) << ", seed " << seed;
      ++(population.clients[n].address.is_v4() ? v4 : v6);
    }
    EXPECT_GE(v4, 4);
    EXPECT_GE(v6, 4);
  }
}

TEST(Population, HonestPeopleKeepToAFewProviders) {
  const Population population = populate({2'000, seconds(32), 3});
  std::map<std::uint32_t, std::set<IpPrefix>> groups25, groups_submission;
  for (const Errand& errand : population.outward) {
    const Trade trade = population.clients[errand.client].trade;
    if (is_abuser(trade) || is_server(trade)) continue;
    (errand.port == 25 ? groups25 : groups_submission)[errand.client].insert(group_of(errand.server));
  }
  for (const auto& [client, groups] : groups25) EXPECT_EQ(groups.size(), 1) << "client " << client;
  for (const auto& [client, groups] : groups_submission) EXPECT_LE(groups.size(), 14) << "client " << client;
  EXPECT_LT(groups25.size(), population.clients.size() / 15);  // few people use port 25 at all
}

TEST(Population, ServersFailAsRarelyAsServersDo) {
  std::map<Trade, std::map<Behaviour, int>> endings;
  std::map<Trade, int> total;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const Population population = populate({300, seconds(32), seed});
    for (const Errand& errand : population.outward) {
      const Trade trade = population.clients[errand.client].trade;
      ++endings[trade][behaviour_of(errand.server)];
      ++total[trade];
    }
  }
  const auto share = [&](Trade trade, std::initializer_list<Behaviour> behaviours) {
    int sum = 0;
    for (const Behaviour behaviour : behaviours) sum += endings[trade][behaviour];
    return static_cast<double>(sum) / total[trade];
  };
  const auto fail = {Behaviour::Silent, Behaviour::RefuseConnections};
  const auto cut_short = {Behaviour::RefuseRecipients, Behaviour::Greylist};
  EXPECT_NEAR(share(Trade::UnregisteredServer, fail), 0.03, 0.01);
  EXPECT_NEAR(share(Trade::UnregisteredServer, cut_short), 0.08, 0.015);
  EXPECT_GT(share(Trade::Newsletter, {Behaviour::Accept}), 0.85);
  EXPECT_GT(share(Trade::DirtyListBot, fail), 0.30);
  EXPECT_GT(share(Trade::TemplateBot, {Behaviour::RefuseRecipients}), 0.60);
  EXPECT_GT(share(Trade::HammerBot, fail), 0.55);
  EXPECT_DOUBLE_EQ(share(Trade::Printer, {Behaviour::Silent}), 1.0);
}

TEST(Population, HoppersLeaveTheirAddressButNotTheirPrefix) {
  const Population population = populate({300, seconds(32), 1});
  std::set<IpAddress> sources;
  for (const Errand& errand : population.outward) {
    const Client& client = population.clients[errand.client];
    EXPECT_EQ(client_prefix(errand.source), client_prefix(client.address));
    if (client.trade == Trade::HopperBot) sources.insert(errand.source);
  }
  EXPECT_GT(sources.size(), 30u);
}

TEST(Population, ErrandsComeInOrderOfTimeAndWithinTheDay) {
  const Population population = populate({300, seconds(10), 1});
  for (const auto* errands : {&population.outward, &population.inward}) {
    ASSERT_FALSE(errands->empty());
    EXPECT_TRUE(std::ranges::is_sorted(*errands, {}, &Errand::at));
    EXPECT_GE(errands->front().at, Duration::zero());
    EXPECT_LT(errands->back().at, Duration(seconds(12)));
  }
}

}  // namespace
}  // namespace mailweir::lab
