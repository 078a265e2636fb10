// The clients of a recording, dealt out to a fixed number of judges: each follows and judges its own clients, in order.
//
// Connections and clients are independent of each other (ingest/connection_follower.h, detect/detector.h), so judges
// may work on different threads. Their number is fixed and a client always goes to the same one: the verdicts do not
// depend on the number of threads.
//
// In:  packets in time order, with their client.   Out: reports and counters.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "detect/detector.h"
#include "ingest/connection_follower.h"
#include "record/plain_syn.h"
#include "sys/worker_pool.h"

namespace mailweir {

class Judges {
 public:
  static constexpr std::size_t kJudges = 16;

  explicit Judges(const DetectSettings& settings);

  // Queues a packet, as of `time`, for its client's judge; or, if there are some, those of `plain`, which are like it.
  void add(const PacketSighting& packet, std::span<const PlainSyn> plain, Time time, bool from_client);
  // Enough is queued to be worth it: the more packets a judge takes at a time, the more of its clients it finds in the
  // cache.
  [[nodiscard]] bool ready() const { return queued_ >= kBatch; }
  // One task of kJudges: everything queued for judge `number` is judged. Different tasks may run at the same time.
  void judge(std::size_t number);
  // Everything was judged. Between runs of the tasks.
  void judged() {
    queued_ = 0;
    likes_.clear();
  }
  // The recording ended at `end`. Everything must have been judged.
  void finish(Time end, WorkerPool& workers);

  [[nodiscard]] std::vector<ClientReport> reports() const;  // highest score_user first
  [[nodiscard]] std::uint64_t forgotten_clients() const;
  [[nodiscard]] UplinkVotes uplink(Time now) const;
  [[nodiscard]] FollowerCounters connections() const;

 private:
  static constexpr std::size_t kBatch = 8'192;
  struct Item {
    std::uint32_t like;  // number in likes_
    bool plain;          // `own` is what it has of its own; else it is that one
    bool from_client;
    PlainSyn own;
  };
  struct Judge {
    explicit Judge(const DetectSettings& settings);
    void observe(const PacketSighting& packet, bool from_client, std::vector<ConnectionEvent>& events);
    void tell(std::vector<ConnectionEvent>& events);

    ConnectionFollower follower;
    Detector detector;
    std::vector<Item> queue;
  };

  std::vector<Item>& queue_of(IpAddress client) {
    return judges_[(std::hash<IpAddress>{}(client) >> 8) % kJudges].queue;
  }

  std::size_t queued_ = 0;
  int v6_client_length_;
  std::vector<PacketSighting> likes_;  // of what is queued
  std::vector<Judge> judges_;
};

}  // namespace mailweir
