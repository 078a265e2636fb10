// Every way a mail connection can end, seen live: real sockets through a real gateway, IPv4 and IPv6.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "apply/linux_kernel.h"
#include "ingest/conntrack.h"
#include "ingest/live_connections.h"
#include "ingest/nflog.h"
#include "sys/clock.h"
#include "sys/kernel_setting.h"
#include "sys/poller.h"
#include "tests/netns/gateway_world.h"
#include "tests/support/watch_table.h"

namespace mailweir {
namespace {

using Kind = ConnectionEvent::Kind;
constexpr std::uint16_t kGroup = 25;
constexpr std::uint16_t kPorts[] = {25, 465, 587};

struct Family {
  const char* name;
  const char* client;
  const char* server;
  std::uint64_t header_bytes;
};
const Family kFamilies[] = {{"v4", "172.16.0.2", "192.0.2.10", 40}, {"v6", "fd16:0:0:1::2", "2001:db8::10", 60}};

// Both sources and what they make of connections.
struct Observer {
  std::unique_ptr<Kernel> kernel;
  NflogSource nflog;
  ConntrackSource conntrack;
  Poller poller;
  LiveConnections connections;
  SystemClock clock;
  std::vector<ConnectionEvent> events;

  static Observer begin() {
    (void)write_kernel_setting("net/netfilter/nf_conntrack_acct", 1);
    auto kernel = open_linux_kernel();
    WatchTable wanted;
    wanted.clients = {*IpPrefix::parse("172.16.0.0/12"), *IpPrefix::parse("fd16::/32")};
    wanted.ports = {std::begin(kPorts), std::end(kPorts)};
    wanted.log_group = kGroup;
    const auto installed = (*kernel)->install(wanted.compiled());
    EXPECT_TRUE(installed) << installed.error().text();
    (void)write_kernel_setting("net/netfilter/nf_conntrack_acct", 1);
    auto nflog = NflogSource::open(kGroup);
    auto conntrack = ConntrackSource::open(kPorts);
    auto poller = Poller::open();
    EXPECT_TRUE(poller->watch(nflog->fd(), 0) && poller->watch(conntrack->fd(), 1));
    return {
        std::move(*kernel), std::move(*nflog), std::move(*conntrack), std::move(*poller), LiveConnections{}, {}, {}};
  }

  void step(Duration patience) {
    EXPECT_TRUE(poller.wait(patience));
    ConntrackSource::Batch batch;
    std::vector<LoggedPacket> packets;
    EXPECT_TRUE(conntrack.read(clock, batch));
    EXPECT_TRUE(nflog.read(clock, packets));
    for (const LoggedPacket& logged : packets) connections.sighted(logged.packet, events);
    for (const ConntrackEvent& event : batch.events) connections.tracked(event, events);
    const auto ended = connections.take_ended();
    const auto counters = kernel->flow_counters(ended);
    ASSERT_TRUE(counters);
    connections.counted(ended, *counters, clock.now(), events);
    connections.advance(clock.now(), events);
  }

  // Waits until something was judged (the test's time limit ends a wait in vain) and answers all events.
  std::vector<ConnectionEvent> until_judged() {
    events.clear();
    const auto judged = [&] { return !events.empty() && events.back().kind == Kind::Judged; };
    while (!judged()) step(std::chrono::seconds(1));
    return events;
  }
};

std::vector<Kind> kinds(const std::vector<ConnectionEvent>& events) {
  std::vector<Kind> list;
  for (const ConnectionEvent& event : events) list.push_back(event.kind);
  return list;
}

void say(const Fd& socket, const std::string& text) {
  EXPECT_EQ(send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

// The other side's bytes, so many.
void hear(const Fd& socket, std::size_t bytes) {
  std::string text(bytes, '\0');
  EXPECT_EQ(recv(socket.get(), text.data(), bytes, MSG_WAITALL), static_cast<ssize_t>(bytes)) << std::strerror(errno);
}

Fd accept_one(const Fd& listener) {
  Fd accepted(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_TRUE(accepted.is_open()) << std::strerror(errno);
  return accepted;
}

// A dialogue in which the client says `client_bytes`, and the server closes first.
ConnectionEvent dialogue(const Family& family, std::uint16_t port, std::size_t client_bytes) {
  ConnectionEvent last;
  with_gateway([&](GatewayWorld& world) {
    const Fd listener = world.listen(family.server, port);
    Observer observer = Observer::begin();
    auto client = world.connect(family.client, family.server, port);
    ASSERT_EQ(client.error, 0);
    Fd server = accept_one(listener);
    say(server, "220 mail.example\r\n");
    for (std::size_t said = 0; said < client_bytes;) {
      const std::size_t more = std::min<std::size_t>(client_bytes - said, 500);
      say(client.socket, std::string(more, 'x'));
      hear(server, more);
      said += more;
    }
    server.close();
    client.socket.close();
    const auto events = observer.until_judged();
    EXPECT_EQ(kinds(events), (std::vector{Kind::Opened, Kind::Established, Kind::Judged}));
    last = events.back();
    EXPECT_EQ(last.client.text(), family.client) << "before the translation";
    EXPECT_EQ(last.server_port, port);
    EXPECT_GE(last.payload + 400U, client_bytes);
    EXPECT_LE(last.payload, client_bytes + 100U);
    EXPECT_EQ(observer.connections.counters().uncounted, 0U);
    const auto expected = client_bytes >= 2000 ? Outcome::Delivered : Outcome::Short;
    EXPECT_EQ(last.outcome, expected) << name_of(last.outcome) << ", " << last.payload << " bytes";
  });
  return last;
}

class LiveOutcome : public testing::TestWithParam<Family> {};

TEST_P(LiveOutcome, AMessageIsDelivered) { dialogue(GetParam(), 25, 5000); }
TEST_P(LiveOutcome, ARefusedRecipientIsShort) { dialogue(GetParam(), 25, 90); }
TEST_P(LiveOutcome, AFailedLoginIsShortOnSubmission) { dialogue(GetParam(), 587, 900); }
TEST_P(LiveOutcome, ASubmittedMessageIsDelivered) { dialogue(GetParam(), 465, 4000); }

TEST_P(LiveOutcome, AClosedPortRefuses) {
  const Family& family = GetParam();
  with_gateway([&](GatewayWorld& world) {
    Observer observer = Observer::begin();
    EXPECT_EQ(world.connect(family.client, family.server, 25).error, ECONNREFUSED);
    const auto events = observer.until_judged();
    EXPECT_EQ(kinds(events), (std::vector{Kind::Opened, Kind::Judged}));
    EXPECT_EQ(events.back().outcome, Outcome::Refused) << name_of(events.back().outcome);
  });
}

TEST_P(LiveOutcome, ASilentServerIsNoAnswerWhenTheClientAsksAgain) {
  const Family& family = GetParam();
  with_gateway([&](GatewayWorld& world) {
    world.swallow(family.server);
    Observer observer = Observer::begin();
    const Fd waiting = world.start(family.client, family.server, 25);
    const auto events = observer.until_judged();
    EXPECT_EQ(kinds(events), (std::vector{Kind::Opened, Kind::Judged}));
    EXPECT_EQ(events.back().outcome, Outcome::NoAnswer);
    EXPECT_EQ(observer.connections.counters().retransmissions, 1U);
  });
}

TEST_P(LiveOutcome, AResetAfterTheHandshakeIsShort) {
  const Family& family = GetParam();
  with_gateway([&](GatewayWorld& world) {
    const Fd listener = world.listen(family.server, 25);
    Observer observer = Observer::begin();
    const auto client = world.connect(family.client, family.server, 25);
    ASSERT_EQ(client.error, 0);
    Fd server = accept_one(listener);
    const linger reset{1, 0};
    setsockopt(server.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    server.close();
    const auto events = observer.until_judged();
    EXPECT_EQ(kinds(events), (std::vector{Kind::Opened, Kind::Established, Kind::Judged}));
    EXPECT_EQ(events.back().outcome, Outcome::Short);
  });
}

TEST_P(LiveOutcome, WhatWeCutOffIsNoEvidence) {
  const Family& family = GetParam();
  with_gateway([&](GatewayWorld& world) {
    const Fd listener = world.listen(family.server, 25);
    Observer observer = Observer::begin();
    auto client = world.connect(family.client, family.server, 25);
    ASSERT_EQ(client.error, 0);
    observer.step(std::chrono::seconds(1));
    const IpPrefix prefix = IpPrefix::of(*IpAddress::parse(family.client), family.header_bytes == 40 ? 32 : 64);
    const auto flows = observer.connections.forget(prefix, kPorts);
    ASSERT_EQ(flows.size(), 1U);
    EXPECT_EQ(observer.kernel->cut_flows(flows).value(), 1U) << "the connection's entry is deleted";
    EXPECT_EQ(observer.kernel->cut_flows(flows).value(), 0U) << "and gone";
    observer.events.clear();
    observer.step(std::chrono::milliseconds(200));
    EXPECT_TRUE(observer.events.empty());
  });
}

TEST_P(LiveOutcome, OtherPortsWakeNobody) {
  const Family& family = GetParam();
  with_gateway([&](GatewayWorld& world) {
    const Fd web = world.listen(family.server, 80);
    const Fd mail = world.listen(family.server, 25);
    Observer observer = Observer::begin();
    for (int i = 0; i < 10; ++i) ASSERT_EQ(world.connect(family.client, family.server, 80).error, 0);
    ASSERT_EQ(world.connect(family.client, family.server, 25).error, 0);
    while (observer.conntrack.counters().events == 0) observer.step(std::chrono::seconds(1));
    EXPECT_EQ(observer.conntrack.counters().foreign, 0U) << "the kernel sorts them out";
    const auto flows = observer.conntrack.list();
    ASSERT_TRUE(flows);
    for (const ConntrackFlow& flow : *flows) EXPECT_EQ(flow.tuple.server_port, 25);
  });
}

INSTANTIATE_TEST_SUITE_P(Families, LiveOutcome, testing::ValuesIn(kFamilies),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace mailweir
