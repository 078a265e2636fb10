// What tcpdump prints beside a log line: its text, with -v over two lines, and its hex dumps (-x, -X).
//
// In:  one line after the other, other text between them.   Out: the packets they show.
// Sources: tcpdump 4.99 (print-ip.c, print-tcp.c, hex_and_ascii_print_with_offset()).
// Invariants: linear; holds at most one packet's bytes; addresses blacked out are unknown; never an error.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "explain/partial_value.h"

namespace mailweir::rules {

struct CapturedPacket {
  PartialPacket seen;
  std::optional<double> time_s;  // since midnight, or since 1970 with -tt: for differences
  bool hex = false;              // its bytes were there too
  bool altered = false;          // and an address in them had been changed
};

class CaptureText {
 public:
  static constexpr std::size_t kPacketsMax = 1000;  // of one text; more are counted only
  static constexpr std::size_t kBytesMax = 2048;    // of one packet's dump: headers are in the first few

  // Whether the line is tcpdump's.
  bool take(std::string_view line);
  // What came so far. REQUIRES: nothing is taken afterwards.
  [[nodiscard]] std::vector<CapturedPacket> finish();
  [[nodiscard]] std::size_t left_out() const { return left_out_; }

 private:
  [[nodiscard]] bool take_hex(std::string_view line);
  [[nodiscard]] bool take_packet(std::string_view line);
  void close();

  std::vector<CapturedPacket> packets_;
  std::vector<std::uint8_t> bytes_;  // of the dump that is being read
  bool open_ = false;                // packets_.back() may get a dump
  std::optional<double> time_;       // of the line before, which had no packet yet (-v)
  std::size_t left_out_ = 0;
};

}  // namespace mailweir::rules
