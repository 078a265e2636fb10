// The door to a DnsWorld, without sockets, but with the bytes that would have passed them. Time is a hand's: the clock
// moves when the test says so.
#pragma once

#include <deque>

#include "dns/message.h"
#include "dns/name.h"
#include "sys/clock.h"
#include "tests/support/dns_world.h"

namespace mailweir::testing {

class DnsClock final : public Clock {
 public:
  Time time = *parse_time("2026-11-22T12:00:00Z");
  [[nodiscard]] Time now() const override { return time; }
};

// Steps a resolver, or what holds one, until `done`; whenever it is patient, time passes. False: it never ends.
template <typename Stepped, typename Done>
bool run_until(Done done, Stepped& stepped, DnsClock& clock) {
  for (int rounds = 0; rounds < 200'000; ++rounds) {
    stepped.step();
    if (done()) return true;
    clock.time += std::max<Duration>(stepped.patience(), std::chrono::milliseconds(1));
  }
  return false;
}

class FakeDns final : public DnsDoor {
 public:
  // An answer takes `round_trip`, silence is noticed after `patience`.
  FakeDns(const DnsWorld& world, const DnsClock& clock) : world_(world), clock_(clock) {}
  Duration round_trip = std::chrono::milliseconds(1), patience = std::chrono::seconds(2);

  void ask(const Endpoint& server, const Question& question, bool, std::uint64_t id) override {
    asked.push_back({server, question});
    under_way_max = std::max(under_way_max, due_.size() + 1);
    DoorReply came = reply(server, question, id);
    const bool silent = came.how == DoorReply::How::TimedOut;
    due_.push_back({clock_.time + (silent ? patience : round_trip), std::move(came)});
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
    for (const std::string_view label : labels_of(question.name))
      if (label.size() > 63) return {id, DoorReply::How::NotAsked, {}};
    if (!world_.knows(server)) return {id, DoorReply::How::Unreachable, {}};
    std::optional<Message> message;
    for (const bool tcp : {false, true}) {
      const auto bytes = world_.reply(server, question, 0, tcp);
      if (bytes.empty()) return {id, DoorReply::How::TimedOut, {}};
      message = read_message(bytes);
      if (!message) return {id, DoorReply::How::Broken, {}};
      if (!message->truncated) break;
    }
    return {id, DoorReply::How::Answered, std::move(*message)};
  }

  const DnsWorld& world_;
  const DnsClock& clock_;
  std::deque<Due> due_;
};

}  // namespace mailweir::testing
