// The door to the DNS: the fake, and c-ares in front of real sockets, say the same of the same world.
#include <gtest/gtest.h>
#include <poll.h>

#include "dns/cares_door.h"
#include "tests/support/dns_server.h"
#include "tests/support/fake_dns.h"

namespace mailweir {
namespace {

using testing::DnsClock;
using testing::DnsServer;
using testing::DnsWorld;
using testing::FakeDns;
using testing::Manner;

enum class Kind { Fake, Real };

class DnsContract : public ::testing::TestWithParam<Kind> {
 protected:
  DnsContract() {
    std::string many =
        "example SOA ns.example 7\na.example A 192.0.2.1\nb.example CNAME a.example\n"
        "sub.example NS ns.sub.example\nns.sub.example A 192.0.2.53\n"
        "odd.example PTR a\\027[31m<b>.example\n";
    for (int i = 0; i < 200; ++i) many += "many.example PTR n" + std::to_string(i) + ".example\n";
    world.serve(server.endpoint(), "example", many);
    world.behave(server.endpoint(), "servfail.example", Manner::ServFail);
    world.behave(server.endpoint(), "refused.example", Manner::Refused);
    world.behave(server.endpoint(), "formerr.example", Manner::FormErr);
    world.behave(server.endpoint(), "silent.example", Manner::Silent);
    world.behave(server.endpoint(), "broken.example", Manner::Broken);
    world.behave(server.endpoint(), "a.torn.example", Manner::Torn);
    world.serve(server.endpoint(), "example", "a.torn.example A 192.0.2.1\n");
    world.behave(server.endpoint(), "only-tcp.example", Manner::TruncatedUdp);
    world.serve(server.endpoint(), "example", "only-tcp.example A 192.0.2.9\n");
    server.start(world);
    if (GetParam() == Kind::Fake)
      door = std::make_unique<FakeDns>(world, clock);
    else
      door = std::move(*open_dns_door(std::chrono::milliseconds(400)));
  }

  void ask(const std::string& name, RecordType type = RecordType::A, std::uint64_t id = 1) {
    door->ask(server.endpoint(), {name, type}, true, id);
  }
  std::vector<DoorReply> replies(std::size_t count) {
    std::vector<DoorReply> all;
    for (int rounds = 0; all.size() < count && rounds < 1000; ++rounds) {
      for (DoorReply& reply : door->take()) all.push_back(std::move(reply));
      if (door->fd() < 0) {
        clock.time += std::chrono::milliseconds(100);
        continue;
      }
      pollfd wait{door->fd(), POLLIN, 0};
      if (all.size() < count) poll(&wait, 1, 20);
    }
    EXPECT_EQ(all.size(), count);
    all.resize(count);
    return all;
  }
  DoorReply reply(const std::string& name, RecordType type = RecordType::A) {
    ask(name, type);
    return replies(1)[0];
  }

  DnsServer server;
  DnsWorld world;
  DnsClock clock;
  std::unique_ptr<DnsDoor> door;
};

TEST_P(DnsContract, AnswersWithWhatTheServerSaid) {
  const DoorReply a = reply("a.example");
  ASSERT_EQ(a.how, DoorReply::How::Answered);
  EXPECT_TRUE(a.message.authoritative);
  ASSERT_EQ(a.message.answers.size(), 1U);
  EXPECT_EQ(a.message.answers[0].address.text(), "192.0.2.1");
  const DoorReply alias = reply("b.example");
  ASSERT_EQ(alias.message.answers.size(), 2U);
  EXPECT_EQ(alias.message.answers[0].target, "a.example");
  const DoorReply none = reply("none.example");
  EXPECT_EQ(none.message.code, ResponseCode::NxDomain);
  ASSERT_EQ(none.message.authority.size(), 1U);
  EXPECT_EQ(none.message.authority[0].serial, 7U);
  const DoorReply referral = reply("www.sub.example");
  EXPECT_FALSE(referral.message.authoritative);
  EXPECT_EQ(referral.message.authority.at(0).target, "ns.sub.example");
}

TEST_P(DnsContract, FailuresComeAsTheyAre) {
  EXPECT_EQ(reply("servfail.example").message.code, ResponseCode::ServFail);
  EXPECT_EQ(reply("refused.example").message.code, ResponseCode::Refused);
  EXPECT_EQ(reply("formerr.example").message.code, ResponseCode::FormErr);
  EXPECT_EQ(reply("elsewhere.test").message.code, ResponseCode::Refused);
}

TEST_P(DnsContract, SilenceEnds) { EXPECT_EQ(reply("silent.example").how, DoorReply::How::TimedOut); }

TEST_P(DnsContract, BytesThatAreNoMessageAreBroken) {
  EXPECT_EQ(reply("broken.example").how, DoorReply::How::Broken);
  EXPECT_EQ(reply("a.torn.example").how, DoorReply::How::Broken);
}

TEST_P(DnsContract, TruncatedAnswersComeWhole) {
  EXPECT_EQ(reply("only-tcp.example").message.answers.at(0).address.text(), "192.0.2.9");
  EXPECT_EQ(reply("many.example", RecordType::Ptr).message.answers.size(), 200U);
  if (GetParam() == Kind::Real) {
    EXPECT_EQ(server.over_tcp(), 2U);
  }
}

TEST_P(DnsContract, NamesAreEscaped) {
  EXPECT_EQ(reply("odd.example", RecordType::Ptr).message.answers.at(0).target, R"(a\027\09131m\060b\062.example)");
}

TEST_P(DnsContract, EveryQuestionIsRepliedToOnceByItsId) {
  for (std::uint64_t id = 0; id < 500; ++id) ask("n" + std::to_string(id) + ".example", RecordType::A, id);
  ask("silent.example", RecordType::A, 500);
  std::set<std::uint64_t> ids;
  for (const DoorReply& one : replies(501)) ids.insert(one.id);
  EXPECT_EQ(ids.size(), 501U);
  EXPECT_TRUE(door->take().empty());
}

TEST_P(DnsContract, NamesThatCannotBeAskedAreReplied) {
  EXPECT_EQ(reply(std::string(70, 'a') + ".example").how, DoorReply::How::NotAsked);
}

TEST_P(DnsContract, NobodyThere) {
  Endpoint nobody;
  {
    const DnsServer gone;
    nobody = gone.endpoint();
  }
  door->ask(nobody, {"a.example", RecordType::A}, true, 1);
  EXPECT_EQ(replies(1)[0].how, DoorReply::How::Unreachable);
}

INSTANTIATE_TEST_SUITE_P(Doors, DnsContract, ::testing::Values(Kind::Fake, Kind::Real),
                         [](const auto& door_kind) { return door_kind.param == Kind::Fake ? "fake" : "real"; });

}  // namespace
}  // namespace mailweir
