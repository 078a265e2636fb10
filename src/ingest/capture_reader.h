// A capture file -> the packets of mail ports in it, and questions for mail servers.
//
// In:  pcap or pcapng, as a path ("-": standard input) or as bytes from another source.   Out: PacketSightings, and
// counts of everything else by reason.
// Invariants
//   (1) Times never go back: packets a little out of order get the time of the latest before them, and after a step of
//       the clock time goes on from there; both are counted and told.
//   (2) packets == mail + mx_queries + the sum of everything skipped.
//   (3) View is TwoSided from the first answer on that belongs to a SYN in the same file, OneSided before.
// Does not know: interfaces and directions; who is a client (ingest/client_scope.h); what a broken file held after the
// break.
// Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "ingest/syn_watch.h"
#include "packet/decode.h"
#include "record/packet_sighting.h"
#include "sys/pcap_file.h"

namespace mailweir {

struct CaptureCounters {
  std::uint64_t packets = 0;
  std::uint64_t mail = 0;                                // given out
  std::uint64_t mx_queries = 0;                          // given out
  std::uint64_t no_mail_port = 0;                        // TCP between other ports
  std::uint64_t translated_copies = 0;                   // SYNs seen again behind a NAT gateway
  std::array<std::uint64_t, kDecodedCount> undecoded{};  // by Decoded; that of Decoded::Tcp stays 0
  std::uint64_t reordered = 0;                           // packets whose time was moved forward by less than kClockStep
  std::uint64_t clock_steps = 0;                         // times the clock went back by more
  std::uint64_t bad_times = 0;                           // packets with an impossible time

  [[nodiscard]] std::uint64_t of(Decoded decoded) const { return undecoded[static_cast<std::size_t>(decoded)]; }
};

class CaptureReader {
 public:
  static Result<CaptureReader> open(const std::string& path);
  static Result<CaptureReader> open(PcapFile::Source source);

  // The next packet of a mail port, or question for mail servers; false at the end.
  [[nodiscard]] bool next(PacketSighting& sighting);

  [[nodiscard]] const CaptureCounters& counters() const { return counters_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return file_.bytes_read(); }
  // Reading stopped before the end of the file; notes() tell where and why.
  [[nodiscard]] bool broken() const { return !file_.broken().empty(); }
  // What a person should know about the file, after the end was reached.
  [[nodiscard]] std::vector<std::string> notes() const;

 private:
  explicit CaptureReader(PcapFile file) : file_(std::move(file)) {}
  Time in_order(const CapturedFrame& frame);

  PcapFile file_;
  CaptureCounters counters_;
  SynWatch syns_;
  Time latest_;
  Duration correction_{};  // what the steps of the clock add up to
  bool any_time_ = false;
};

}  // namespace mailweir
