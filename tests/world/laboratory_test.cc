// The laboratory's people, judged on paper: the day that `mailweir demo` plays, without network and clock, through the
// detector alone. Says whether the demonstration's expectation is one of the detector or luck of a seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/keyed_hash.h"
#include "detect/detector.h"
#include "lab/places.h"
#include "lab/population.h"

namespace mailweir::lab {
namespace {

using std::chrono::milliseconds;

struct Ending {
  Outcome outcome;
  bool established;
  milliseconds after;
};
Ending ending_of(Behaviour behaviour) {
  switch (behaviour) {
    case Behaviour::Accept:
      return {Outcome::Delivered, true, milliseconds(120)};
    case Behaviour::Greylist:
    case Behaviour::RefuseRecipients:
      return {Outcome::Short, true, milliseconds(80)};
    case Behaviour::RefuseConnections:
      return {Outcome::Refused, false, milliseconds(1)};
    case Behaviour::Silent:
      return {Outcome::NoAnswer, false, milliseconds(1'030)};  // the first repeated SYN
  }
  return {Outcome::Unknown, false, milliseconds(0)};
}

std::vector<ConnectionEvent> events_of(const Population& population) {
  std::vector<ConnectionEvent> events;
  const Time begin(std::chrono::hours(490'000));
  std::uint16_t port = 1'024;
  for (const Errand& errand : population.outward) {
    const Ending ending = ending_of(behaviour_of(errand.server));
    ConnectionEvent event;
    event.time = begin + errand.at;
    event.client = errand.source;
    event.server = errand.server;
    event.client_port = port = port == 65'535 ? 1'024 : static_cast<std::uint16_t>(port + 1);
    event.server_port = errand.port;
    events.push_back(event);
    if (ending.established) {
      event.kind = ConnectionEvent::Kind::Established;
      event.time += milliseconds(1);
      events.push_back(event);
    }
    event.kind = ConnectionEvent::Kind::Judged;
    event.time = begin + errand.at + ending.after;
    event.outcome = ending.outcome;
    event.payload = ending.outcome == Outcome::Delivered ? errand.bytes : 100;
    events.push_back(event);
  }
  std::ranges::stable_sort(events, {}, &ConnectionEvent::time);
  return events;
}

struct Judgement {
  std::map<IpPrefix, std::uint64_t> spammers;  // and the connections they had opened
};
Judgement judge(const Population& population) {
  DetectSettings settings;
  settings.mail_servers = {IpPrefix::host(mail_host_address(0))};
  Detector detector(settings, KeyedHash({}));
  Judgement judgement;
  for (const ConnectionEvent& event : events_of(population)) {
    detector.observe(event);
    for (const ClientReport& report : detector.take_findings()) {
      if (report.verdict == Verdict::Spammer) {
        judgement.spammers.emplace(report.client, report.decided_after_connections.value_or(0));
      }
    }
  }
  return judgement;
}

TEST(Laboratory, TheDetectorTellsItsPeopleApart) {
  constexpr std::uint64_t kSeeds = 100;
  std::uint32_t bots = 0, caught = 0, servers_blocked = 0;
  std::vector<std::uint64_t> after;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Population population = populate({300, std::chrono::seconds(32), seed});
    const Judgement judgement = judge(population);
    for (const Client& client : population.clients) {
      const auto found = judgement.spammers.find(client_prefix(client.address));
      const bool spammer = found != judgement.spammers.end();
      if (is_transfer_bot(client.trade)) {
        ++bots;
        caught += spammer ? 1 : 0;
        if (spammer) {
          after.push_back(found->second);
        } else {
          std::printf("seed %lu: %s got away\n", static_cast<unsigned long>(seed),
                      std::string(name_of(client.trade)).c_str());
        }
      } else if (is_server(client.trade)) {
        servers_blocked += spammer ? 1 : 0;
      } else if (client.trade != Trade::AccountThief) {
        EXPECT_FALSE(spammer) << name_of(client.trade) << ", seed " << seed;
      }
    }
  }
  std::ranges::sort(after);
  std::printf("%u of %u bots caught, after %lu connections (median), %lu (90 %%), %lu (max); %u servers blocked\n",
              caught, bots, static_cast<unsigned long>(after[after.size() / 2]),
              static_cast<unsigned long>(after[after.size() * 9 / 10]), static_cast<unsigned long>(after.back()),
              servers_blocked);
  EXPECT_GE(caught, bots * 99 / 100);
  EXPECT_LE(servers_blocked, 1);
}

}  // namespace
}  // namespace mailweir::lab
