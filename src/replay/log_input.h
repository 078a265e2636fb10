// One kernel log among the inputs of a replay: its packets in time order, window by window, and what was skipped.
//
// A window goes through three steps: next() cuts it into pieces, read_piece() reads each (on any thread), admit() puts
// times, rules and interfaces in order. Then packets are taken from the front until the window is empty.
// Threads: one, except read_piece(), which may run for different pieces at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/log_block.h"
#include "replay/log_clock.h"
#include "replay/log_rules.h"
#include "replay/mail_router.h"
#include "replay/replay.h"
#include "replay/text_source.h"

namespace mailweir {

// What a recording of several files has in common.
struct LogContext {
  LogRules rules;
  MailRouter router;
  std::optional<Time> since, until;
};

class LogInput {
 public:
  struct Packet {
    PacketSighting packet;
    Route route;
    std::uint16_t in = 0, out = 0;  // interfaces, as the router numbers them
  };

  // `first_text`: the beginning of the text, to tell the time it starts at. `written`: see LogClock.
  LogInput(std::string name, std::unique_ptr<TextSource> text, std::string_view first_text, Time written);

  // Time of the first line that has one; the earliest time when none has.
  [[nodiscard]] Time starts_at() const { return starts_at_; }

  // The number of pieces of the next window; 0: the log is at its end.
  [[nodiscard]] Result<std::size_t> next();
  void read_piece(std::size_t index);
  [[nodiscard]] Result<void> admit(LogContext& context);

  [[nodiscard]] bool at_end() const { return at_end_; }
  [[nodiscard]] bool empty() const { return front_ == packets_.size(); }
  [[nodiscard]] const Packet& front() const { return packets_[front_]; }
  // Takes the front packet; counts it as judged or skipped.
  void pop();

  [[nodiscard]] std::uint64_t bytes_read() const { return text_->bytes_read(); }
  [[nodiscard]] std::uint64_t lines() const { return totals_.lines; }
  [[nodiscard]] std::uint64_t lost_lines() const { return totals_.lost_lines; }
  [[nodiscard]] InputReport report() const;

 private:
  void admit_block(const LogBlock& block, LogContext& context);
  void count_block(const LogBlock& block);
  void add_notes(InputReport& report) const;

  std::string name_;
  std::unique_ptr<TextSource> text_;
  LogClock clock_;
  Time starts_at_;
  bool at_end_ = false;

  std::vector<LogBlock> blocks_;
  std::vector<Result<void>> outcomes_;  // of reading each piece
  std::size_t pieces_ = 0;
  std::vector<Packet> packets_;
  std::size_t front_ = 0;

  LogBlock totals_;  // counters only
  std::uint64_t judged_ = 0, outside_span_ = 0, unknown_side_ = 0, no_such_day_ = 0;
  std::array<std::uint64_t, 7> by_way_{};
};

}  // namespace mailweir
