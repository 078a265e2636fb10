// The door to a DnsWorld, without sockets. Time is a hand's: the clock moves when the test says so.
#pragma once

#include <deque>

#include "sys/clock.h"
#include "tests/support/dns_world.h"

namespace mailweir::testing {

class DnsClock final : public Clock {
 public:
  Time time = *parse_time("2026-11-22T12:00:00Z");
  [[nodiscard]] Time now() const override { return time; }
};

class FakeDns final : public DnsDoor {
 public:
  // An answer takes `round_trip`, silence is noticed after `patience`.
  FakeDns(const DnsWorld& world, const DnsClock& clock) : world_(world), clock_(clock) {}
  Duration round_trip = std::chrono::milliseconds(1), patience = std::chrono::seconds(2);

  void ask(const Endpoint& server, const Question& question, bool, std::uint64_t id) override {
    asked.push_back({server, question});
    under_way_max = std::max(under_way_max, due_.size() + 1);
    const bool silent = world_.manner(server, question) == Manner::Silent;
    due_.push_back({clock_.time + (silent ? patience : round_trip), reply(server, question, id)});
  }

  std::vector<DoorReply> take() override {
    std::vector<DoorReply> replies;
    for (auto one = due_.begin(); one != due_.end();) {
      if (one->when > clock_.time) {
        ++one;
        continue;
      }
      replies.push_back(std::move(one->reply));
      one = due_.erase(one);
    }
    return replies;
  }

  [[nodiscard]] int fd() const override { return -1; }
  [[nodiscard]] Duration check_every() const override { return std::chrono::milliseconds(1); }

  std::vector<std::pair<Endpoint, Question>> asked;
  std::size_t under_way_max = 0;

 private:
  struct Due {
    Time when;
    DoorReply reply;
  };

  [[nodiscard]] DoorReply reply(const Endpoint& server, const Question& question, std::uint64_t id) const {
    DoorReply reply{id, DoorReply::How::Answered, {}};
    const Manner manner = world_.manner(server, question);
    if (manner == Manner::Silent) reply.how = DoorReply::How::TimedOut;
    if (manner == Manner::Broken || manner == Manner::Torn) reply.how = DoorReply::How::Broken;
    if (reply.how != DoorReply::How::Answered) return reply;
    reply.message = world_.answer(server, question);
    const auto only = [&](ResponseCode code) { reply.message = Message{.code = code}; };
    if (manner == Manner::ServFail) only(ResponseCode::ServFail);
    if (manner == Manner::Refused) only(ResponseCode::Refused);
    if (manner == Manner::FormErr) only(ResponseCode::FormErr);
    if (manner == Manner::TruncatedOnly) reply.message.answers.clear(), reply.message.truncated = true;
    return reply;
  }

  const DnsWorld& world_;
  const DnsClock& clock_;
  std::deque<Due> due_;
};

}  // namespace mailweir::testing
