// Asks DNS servers: many questions at once, politely, with tries, other servers and a memory.
//
// In:  questions to groups of servers that know the same.   Out: answers; unchanged messages of theirs.
// Invariants
//   (1) To each server at most `window` questions are under way. The window begins small, grows with every answer up to
//       limits.window_max and is halved when answers stay away; and no more than a rate goes out.
//   (2) A question that stays unanswered is tried limits.tries times, by turns at the servers of its group; SERVFAIL,
//       REFUSED and broken answers send it to the next server, once around. A server that left the last
//       limits.silent_max tries unanswered is left alone but for a probe every limits.probe_after.
//   (3) Answers are remembered for as long as their records allow, "there is none" as RFC 2308 says, failures for
//       limits.failure_kept; at most limits.cache_max, the oldest forgotten first. The same question twice at a time is
//       asked once.
//   (4) Nothing waits: step() does what can be done now and resumes whoever's answer came.
// Threads: one.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/endpoint.h"
#include "dns/answer.h"
#include "dns/cache.h"
#include "dns/door.h"
#include "dns/server_queue.h"
#include "sys/clock.h"

namespace mailweir {

struct ResolverLimits {
  int tries = 3;
  std::uint32_t silent_max = 24;
  Duration probe_after = std::chrono::seconds(2);
  std::size_t cache_max = 20'000;
  Duration failure_kept = std::chrono::seconds(30);    // RFC 2308 section 7 allows five minutes
  Duration kept_max = std::chrono::hours(3);           // RFC 2308 section 5 for what there is none of; enough for a run
  double near_rate = 5000, far_rate = 500;             // questions a second and server; 0: no limit
  std::uint32_t near_window = 1024, far_window = 128;  // near: a server of this machine or a private network
};

struct ResolverCounts {
  std::uint64_t questions = 0;  // packets sent, tries included; TCP not counted twice
  std::uint64_t retries = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t from_cache = 0;
  std::uint64_t forgotten = 0;  // cache entries that had to go before their time
};

class Resolver {
 public:
  // A group of servers that know the same; groups with the same servers are one.
  using Group = std::uint32_t;

  Resolver(DnsDoor& door, const Clock& clock, ResolverLimits limits);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // REQUIRES: at least one server.
  [[nodiscard]] Group group(const std::vector<Endpoint>& servers, bool recursion_desired);

  // co_await it. The answer is shared with the cache.
  class Asked;
  [[nodiscard]] Asked ask(Group group, const Question& question);

  // Takes what came, resumes whom it is for, sends what may be sent.
  void step();
  // When step() has to be called again at the latest, although the door's descriptor is quiet.
  [[nodiscard]] Duration patience() const;
  [[nodiscard]] const ResolverCounts& counts() const { return counts_; }

 private:
  struct Flight;
  struct Servers;
  using Known = std::shared_ptr<const DnsAnswer>;

  void begin(Asked& asked);
  void queue(std::uint64_t id);
  void send_what_may();
  void finish(std::uint64_t id, Known answer, bool keep);
  void took(DoorReply reply);
  bool try_elsewhere(Flight& flight, std::uint64_t id, bool silent);
  ServerQueue& server(const Endpoint& endpoint, bool recursion_desired);
  void resume_the_ready();

  DnsDoor& door_;
  const Clock& clock_;
  ResolverLimits limits_;
  ResolverCounts counts_;
  std::vector<std::unique_ptr<Servers>> groups_;
  std::map<std::pair<Endpoint, bool>, std::unique_ptr<ServerQueue>> servers_;
  std::unordered_map<std::uint64_t, Flight> flights_;
  std::unordered_map<CacheKey, std::uint64_t, CacheKeyHash> under_way_;
  std::deque<std::coroutine_handle<>> ready_;
  AnswerCache cache_;
  std::uint64_t next_id_ = 1;
};

// Awaited in place, or named first and then awaited; it must not move meanwhile.
class Resolver::Asked {
 public:
  Asked(Resolver& resolver, Group group, Question question)
      : resolver_(resolver), group_(group), question_(std::move(question)) {}
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  bool await_ready();
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    resolver_.begin(*this);
  }
  std::shared_ptr<const DnsAnswer> await_resume() { return std::move(answer_); }

 private:
  friend class Resolver;
  Resolver& resolver_;
  Group group_;
  Question question_;
  std::coroutine_handle<> waiting_;
  std::shared_ptr<const DnsAnswer> answer_;
};

}  // namespace mailweir
