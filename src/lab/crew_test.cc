// The laboratory's network and engines, with a handful of errands instead of a day.
#include "lab/crew.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <cstdio>
#include <string>

#include "lab/places.h"
#include "sys/clock.h"
#include "sys/enclosure.h"

namespace mailweir::lab {
namespace {

using std::chrono::milliseconds;

// One client per family, behaviour and port of interest, each with one errand.
Population couriers() {
  Population population;
  const auto send = [&](Family family, Behaviour behaviour, std::uint16_t port) {
    const auto n = static_cast<std::uint32_t>(population.clients.size());
    population.clients.push_back({Trade::MailUser, client_address(family, n)});
    Errand errand;
    errand.at = milliseconds(10 * n);
    errand.client = n;
    errand.source = population.clients.back().address;
    errand.server = server_address(family, 50 + n, behaviour, n);
    errand.port = port;
    population.outward.push_back(errand);
  };
  for (const Family family : {Family::V4, Family::V6}) {
    for (const std::uint16_t port : std::to_array<std::uint16_t>({25, 465, 587})) send(family, Behaviour::Accept, port);
    send(family, Behaviour::Greylist, 25);
    send(family, Behaviour::RefuseRecipients, 25);
    send(family, Behaviour::RefuseConnections, 25);
    send(family, Behaviour::Silent, 25);
  }
  Errand inward;
  inward.client = kStranger;
  inward.source = server_address(Family::V4, 60, Behaviour::Accept, 1);
  inward.server = public_address(1);
  population.inward.push_back(inward);
  return population;
}

int deliver(const Population& population, const Scoreboard& board) {
  auto topology = build_topology();
  if (!topology) {
    std::fprintf(stderr, "%s\n", topology.error().text().c_str());
    return 2;
  }
  auto crew = Crew::hire(*topology, population, board);
  if (!crew) {
    std::fprintf(stderr, "%s\n", crew.error().text().c_str());
    return 3;
  }
  const Time start = SystemClock().now();
  if (!crew->begin(start, start + milliseconds(700))) return 4;
  pollfd finished{crew->finished_fd(), POLLIN, 0};
  return poll(&finished, 1, 20'000) == 1 ? 42 : 5;
}

TEST(Crew, EveryErrandEndsAsTheServersAddressSays) {
  const Population population = couriers();
  const auto board = Scoreboard::create(population);
  ASSERT_TRUE(board);
  const auto status = run_enclosed(Walls::All, [&] { return deliver(population, *board); });
  if (!status) GTEST_SKIP() << status.error().text();
  ASSERT_EQ(*status, 42);
  for (std::uint32_t n = 0; n < population.clients.size(); ++n) {
    const ClientTally& tally = board->clients()[n];
    const Behaviour behaviour = behaviour_of(population.outward[n].server);
    SCOPED_TRACE(population.outward[n].server.text() + " " + std::to_string(population.outward[n].port));
    EXPECT_EQ(tally.opened, 1u);
    EXPECT_EQ(tally.delivered, behaviour == Behaviour::Accept ? 1u : 0u);
    EXPECT_EQ(tally.accepted, behaviour == Behaviour::Accept ? 1u : 0u);
    EXPECT_EQ(tally.put_off, behaviour == Behaviour::Greylist ? 1u : 0u);
    EXPECT_EQ(tally.rejected, behaviour == Behaviour::RefuseRecipients ? 1u : 0u);
    EXPECT_EQ(tally.refused, behaviour == Behaviour::RefuseConnections ? 1u : 0u);
    EXPECT_EQ(tally.unanswered, behaviour == Behaviour::Silent ? 1u : 0u);
    EXPECT_EQ(tally.established, behaviour < Behaviour::RefuseConnections ? 1u : 0u);
  }
  EXPECT_EQ(board->inside().strangers_mail, 1u);  // through the gateway's destination NAT
}

}  // namespace
}  // namespace mailweir::lab
