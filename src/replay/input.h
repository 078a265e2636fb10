// One file among the inputs of a replay, as the replay sees it: packets in time order, a stretch at a time.
//
// A stretch goes through three steps: next() finds it and says in how many pieces it can be read, read_piece() reads
// one of them (on any thread), admit() puts it in order. Then packets are taken from the front until it is empty.
// Threads: one, except read_piece(), which may run for different pieces at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/result.h"
#include "record/plain_syn.h"
#include "replay/log_rules.h"
#include "replay/mail_router.h"
#include "replay/replay.h"

namespace mailweir {

// What all inputs of a replay have in common.
struct ReplayContext {
  LogRules rules;
  MailRouter router;
  std::optional<Time> since, until;

  [[nodiscard]] bool in_span(Time time) const { return (!since || time >= *since) && (!until || time < *until); }
};

// A packet, or some of one moment and one route.
struct RoutedPacket {
  PacketSighting* packet;             // where it was read; stays there until the next stretch is begun
  std::span<const PlainSyn> plain{};  // not empty: these, and `packet` is what they are like
  Route route{};
  std::uint16_t in = 0, out = 0;  // interfaces, as the router numbers them
};

class Input {
 public:
  virtual ~Input() = default;

  // Time of the first packet or line; the earliest time when there is none.
  [[nodiscard]] virtual Time starts_at() const = 0;
  // 0 pieces: the input is at its end.
  [[nodiscard]] virtual Result<std::size_t> next() = 0;
  virtual void read_piece(std::size_t index) = 0;
  [[nodiscard]] virtual Result<void> admit(ReplayContext& context) = 0;
  [[nodiscard]] virtual bool at_end() const = 0;

  [[nodiscard]] bool empty() const { return front_ == packets_.size(); }
  [[nodiscard]] const RoutedPacket& front() const { return packets_[front_]; }
  // Takes the front; counts it as judged or skipped.
  void pop();

  [[nodiscard]] virtual std::uint64_t bytes_read() const = 0;
  [[nodiscard]] virtual std::uint64_t lines() const = 0;
  [[nodiscard]] virtual std::uint64_t lost() const { return 0; }  // lines that the input itself says it lost
  [[nodiscard]] virtual InputReport report() const = 0;

 protected:
  // Empties the stretch before.
  void start_stretch();
  void report_routes(InputReport& report) const;

  std::vector<RoutedPacket> packets_;
  std::uint64_t outside_span_ = 0;

 private:
  std::size_t front_ = 0;
  std::uint64_t questions_ = 0, judged_ = 0, unknown_side_ = 0, assumed_ = 0;
  std::array<std::uint64_t, 7> by_way_{};
};

void count_skipped(InputReport& report, std::string_view reason, std::uint64_t count);

}  // namespace mailweir
