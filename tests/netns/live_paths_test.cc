// What `mailweir run` does with evidence other than a client's own connections, and over time: the program itself, a
// real kernel, real traffic.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <thread>

#include "daemon/model_file.h"
#include "sys/clock.h"
#include "sys/state_file.h"
#include "tests/netns/desk.h"

namespace mailweir {
namespace {

using nlohmann::json;
using std::chrono::hours;

constexpr char kGateway[] = "[gateway]\nclients = [\"172.16.0.0/24\", \"fd16::/32\"]\ncount_bytes = true\n";

std::string network(int number) {
  return "10." + std::to_string(number / 250) + "." + std::to_string(number % 250) + ".10";
}

// The far end of a half of the networks is closed, by which a bot with an old list is known.
void close_some_networks(GatewayWorld& world) {
  world.in_server_network([] {
    const auto ran = run_process({"nft", "-f", "-"},
                                 "table inet closed {\n chain in {\n type filter hook input priority 0\n"
                                 " ip daddr & 0.0.1.0 == 0.0.1.0 tcp dport 25 reject with tcp reset\n }\n}\n");
    EXPECT_TRUE(ran && ran->status == 0) << (ran ? ran->err : ran.error().text());
  });
}

// Contacts ever new networks and says nothing to those that answer.
void spam(GatewayWorld& world, const char* client, const Fd& listener, int& number) {
  constexpr int kContacts = 50;
  for (int i = 0; i < kContacts; ++i, ++number) {
    const auto connected = world.connect(client, network(number), 25);
    EXPECT_TRUE(connected.error == 0 || connected.error == ECONNREFUSED) << connected.error;
    if (connected.error == 0) const Fd accepted(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
}

// What a guard learned of a client in the ten days before.
ServerLife life_of(const char* client) {
  ServerLife life;
  life.client = *IpPrefix::parse(client);
  life.last_seen = std::chrono::floor<std::chrono::seconds>(SystemClock().now()) - hours(1);
  life.first_seen = life.last_seen - hours(240);
  life.days_active = 0x3ff;
  life.latest_day = 10;
  return life;
}

void leave_behind(const Desk& desk, const ServerLife& life) {
  LearnedModel model;
  model.servers = {life};
  ASSERT_TRUE(make_state_directory(desk.state_dir()));
  ASSERT_TRUE(write_state_file(model_file(desk.state_dir()), print_model(model)));
}

json client_in(const json& answer, const std::string& client) {
  for (const json& one : answer["clients"]) {
    if (one["client"] == client) return one;
  }
  return nullptr;
}

TEST(LivePaths, AnUplinkThatClosesPort25IsRecognisedSaidAndNobodysFault) {
  with_gateway([](GatewayWorld& world) {
    const Desk desk(kGateway);
    world.swallow("10.0.0.0/8");
    DeskGuard guard(desk);
    // Everybody tries, for as long as it takes: the guard looks every ten seconds, while something happens.
    std::atomic<bool> enough = false;
    std::thread clients([&] {
      std::vector<Fd> waiting;
      for (int round = 0; !enough; ++round) {
        for (int i = 2; i <= 8; ++i) {
          waiting.push_back(world.start("172.16.0." + std::to_string(i), network(100 + i), 25));
          if (waiting.size() > 500) waiting.erase(waiting.begin());
        }
        poll(nullptr, 0, 300);
      }
    });
    const std::string told = guard.await("uplink.closed ");
    enough = true;
    clients.join();
    EXPECT_NE(told.find("port=25"), std::string::npos) << told;
    const json status = desk.answers({"status"}, 1);
    EXPECT_TRUE(status["uplink"]["closed"]) << status;
    EXPECT_GE(status["uplink"]["clients"], 5);
    EXPECT_NE(desk.says({"status"}, 1).find("port 25      fails for "), std::string::npos);
    EXPECT_NE(desk.says({"clients"}).find("it seems closed further up"), std::string::npos);
    EXPECT_TRUE(desk.answers({"blocks"})["cases"].empty()) << "nobody is blamed for it";
  });
}

TEST(LivePaths, MailThatAClientReceivesSpeaksForAServer) {
  with_gateway([](GatewayWorld& world) {
    const Desk desk(kGateway);
    // Two days of mail from three networks were seen before; a third would take two days of this test.
    ServerLife life = life_of("172.16.0.2");
    life.score_server = -3;
    life.inbound_networks = 0b111;
    life.inbound_days = 2;
    leave_behind(desk, life);
    DeskGuard guard(desk);
    const double before = client_in(desk.answers({"clients"}), "172.16.0.2")["score"]["server"];
    Fd mailbox;
    world.in_client_network([&] {
      mailbox = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      sockaddr_in at{};
      at.sin_family = AF_INET;
      at.sin_port = htons(25);
      inet_pton(AF_INET, "172.16.0.2", &at.sin_addr);
      ASSERT_EQ(bind(mailbox.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
      ASSERT_EQ(listen(mailbox.get(), 16), 0);
    });
    double now = before;
    // Of so many networks some are new to it, whatever the key of the hash is.
    for (int number = 1; number <= 40 && now > before - 1; ++number) {
      world.in_server_network([&] {
        if (number == 1) {
          const auto routed = run_process({"ip", "route", "add", "172.16.0.0/24", "via", "192.0.2.1"});
          ASSERT_TRUE(routed && routed->status == 0);
        }
        const Fd sender(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in from{}, to{};
        from.sin_family = to.sin_family = AF_INET;
        to.sin_port = htons(25);
        inet_pton(AF_INET, network(number).c_str(), &from.sin_addr);
        inet_pton(AF_INET, "172.16.0.2", &to.sin_addr);
        ASSERT_EQ(bind(sender.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from), 0);
        ASSERT_EQ(connect(sender.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
      });
      now = client_in(desk.answers({"clients"}), "172.16.0.2")["score"]["server"];
    }
    // What is read right after a connection may be from before it: the last ones arrive while we ask.
    for (int i = 0; i < 100 && now > before - 1; ++i) {
      poll(nullptr, 0, 100);
      now = client_in(desk.answers({"clients"}), "172.16.0.2")["score"]["server"];
    }
    EXPECT_LE(now, before - 1);
  });
}

// A question of DNS for the mail servers of a domain.
std::string mx_question(const std::string& label) {
  std::string bytes("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
  for (const std::string& part : {label, std::string("example")}) {
    bytes += static_cast<char>(part.size());
    bytes += part;
  }
  return bytes + std::string("\x00\x00\x0f\x00\x01", 5);
}

TEST(LivePaths, QuestionsForMailServersAreSeenAndSpeakAgainstWhoAsksThem) {
  with_gateway([](GatewayWorld& world) {
    const Desk desk(std::string(kGateway) + "mx_queries = true\n");
    const Fd mail = world.listen("0.0.0.0", 25);
    DeskGuard guard(desk);
    world.in_client_network([] {
      const Fd resolver(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      sockaddr_in from{}, to{};
      from.sin_family = to.sin_family = AF_INET;
      to.sin_port = htons(53);
      inet_pton(AF_INET, "172.16.0.3", &from.sin_addr);
      inet_pton(AF_INET, "192.0.2.10", &to.sin_addr);
      ASSERT_EQ(bind(resolver.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from), 0);
      for (int i = 0; i < 8; ++i) {
        const std::string question = mx_question("customer" + std::to_string(i));
        ASSERT_EQ(sendto(resolver.get(), question.data(), question.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                         sizeof to),
                  static_cast<ssize_t>(question.size()));
      }
    });
    // Who is remembered for an answer to its mail brings what it asked before. A busy guard reads a while later.
    json asker;
    for (int i = 0; i < 300 && asker.is_null(); ++i) {
      EXPECT_EQ(world.connect("172.16.0.3", network(1), 25).error, 0);
      asker = client_in(desk.answers({"clients"}), "172.16.0.3");
      if (asker.is_null()) poll(nullptr, 0, 100);
    }
    ASSERT_FALSE(asker.is_null());
    EXPECT_EQ(desk.answers({"clients"})["totals"]["mx_queries"], 8);
    const bool speaks = std::any_of(asker["evidence"].begin(), asker["evidence"].end(), [](const json& one) {
      return one["kind"].get<std::string>().find("mx") != std::string::npos && one["nats"] > 1;
    });
    EXPECT_TRUE(speaks) << asker;
  });
}

TEST(LivePaths, ARegisteredServerThatChangesItsWaysIsToldOfAndLeftAlone) {
  with_gateway([](GatewayWorld& world) {
    const Desk desk(std::string(kGateway) + "mail_servers = [\"172.16.0.2\"]\n");
    ServerLife life = life_of("172.16.0.2");
    ServerHistory::Kept& history = life.history.emplace();
    history.all = 2'000;
    history.bad = 20;
    history.busiest = 100;
    history.hour = 240;
    leave_behind(desk, life);
    DeskGuard guard(desk);
    // Nobody listens: one in a hundred was refused so far, now everybody refuses.
    for (int i = 1; i <= 60; ++i) EXPECT_EQ(world.connect("172.16.0.2", network(i), 25).error, ECONNREFUSED);
    const std::string told = guard.await("client.noticed ");
    EXPECT_NE(told.find("client=172.16.0.2"), std::string::npos) << told;
    EXPECT_NE(told.find("begun to refuse it"), std::string::npos) << told;
    EXPECT_NE(told.find("mailweir.toml:4"), std::string::npos) << "the line that registers it: " << told;
    EXPECT_TRUE(desk.answers({"blocks"})["cases"].empty());
    const json story = desk.answers({"history", "172.16.0.2"})["cases"];
    ASSERT_FALSE(story.empty());
    EXPECT_EQ(story[0]["action"], "notice");
  });
}

double seconds_between(const json& record) {
  const auto since = parse_time(record["since"].get<std::string>()),
             until = parse_time(record["until"].get<std::string>());
  return std::chrono::duration<double>(*until - *since).count();
}

TEST(LivePaths, WhoIsCaughtAgainIsBlockedTwiceAsLongUpToTheLongest) {
  with_gateway([](GatewayWorld& world) {
    const Desk desk(std::string(kGateway) + "[block]\nfor = \"1s\"\nmax = \"3s\"\n");
    close_some_networks(world);
    const Fd listener = world.listen("0.0.0.0", 25);
    DeskGuard guard(desk);
    int number = 1;
    for (int repeat = 0; repeat < 3; ++repeat) {
      spam(world, "172.16.0.2", listener, number);
      const std::string added = guard.await("block.added ");
      EXPECT_NE(added.find("repeat=" + std::to_string(repeat)), std::string::npos) << added;
      guard.await("block.ended ");
    }
    json cases;
    // Written by a thread, soon after it was told.
    for (int i = 0; i < 300 && cases.size() < 3; ++i, poll(nullptr, 0, 100)) cases = desk.answers({"history"})["cases"];
    ASSERT_GE(cases.size(), 3U);
    EXPECT_DOUBLE_EQ(seconds_between(cases[0]), 1);
    EXPECT_DOUBLE_EQ(seconds_between(cases[1]), 2);
    EXPECT_DOUBLE_EQ(seconds_between(cases[2]), 3) << "the longest the policy allows";
  });
}

TEST(LivePaths, WhatWasLearnedIsThereAfterAKillAndAFileThatCannotBeReadIsSaid) {
  with_gateway([](GatewayWorld&) {
    const Desk desk(kGateway);
    ServerLife life = life_of("172.16.0.2");
    life.score_server = -7;
    life.learned = true;
    leave_behind(desk, life);
    const auto shows_it = [&] {
      const std::string model = desk.says({"clients", "--model"});
      return model.find("172.16.0.2") != std::string::npos && model.find("Kept over a restart") != std::string::npos;
    };
    {
      DeskGuard guard(desk);
      EXPECT_NE(guard.seen().find(" version=0 servers=1"), std::string::npos) << guard.seen();
      EXPECT_TRUE(shows_it());
      guard.kill_it();
    }
    {
      const DeskGuard guard(desk);
      EXPECT_TRUE(shows_it());
    }
    // That one ended in order, and wrote down what it knew.
    const auto kept = parse_model(read_state_file(model_file(desk.state_dir())).value());
    ASSERT_TRUE(kept) << kept.error().text();
    ASSERT_EQ(kept->servers.size(), 1U);
    EXPECT_EQ(kept->servers[0].client, life.client);
    EXPECT_TRUE(kept->servers[0].learned);

    std::ofstream(model_file(desk.state_dir()), std::ios::app) << "x";
    const DeskGuard guard(desk);
    EXPECT_NE(guard.seen().find("model.unreadable "), std::string::npos) << guard.seen();
    EXPECT_FALSE(shows_it());
    EXPECT_TRUE(read_state_file(broken_model_file(desk.state_dir())));
  });
}

}  // namespace
}  // namespace mailweir
