// A kernel log among the inputs of a replay. Its stretches are the windows of text_source.h: what a window shows of
// rules and interfaces counts for all of it, then each packet gets its time, its view and its route.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/log_block.h"
#include "replay/input.h"
#include "replay/log_clock.h"
#include "replay/text_source.h"

namespace mailweir {

class LogInput final : public Input {
 public:
  // `first_text`: the beginning of the text, to tell the time it starts at. `written`: see LogClock.
  LogInput(std::string name, std::unique_ptr<TextSource> text, std::string_view first_text, Time written);

  [[nodiscard]] Time starts_at() const override { return starts_at_; }
  [[nodiscard]] Result<std::size_t> next() override;
  void read_piece(std::size_t index) override;
  [[nodiscard]] Result<void> admit(ReplayContext& context) override;
  [[nodiscard]] bool at_end() const override { return at_end_; }
  [[nodiscard]] std::uint64_t bytes_read() const override { return text_->bytes_read(); }
  [[nodiscard]] std::uint64_t lines() const override { return totals_.lines; }
  [[nodiscard]] std::uint64_t lost() const override { return totals_.lost_lines; }
  [[nodiscard]] InputReport report() const override;

 private:
  void admit_block(LogBlock& block, ReplayContext& context);
  void admit_packets(RoutedPacket first, std::span<const PlainSyn> plain, ReplayContext& context);
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
  std::vector<std::size_t> unsettled_;  // of packets_: whose route waits for what the whole window shows
  LogBlock totals_;                     // counters only
  std::uint64_t no_such_day_ = 0;
};

}  // namespace mailweir
