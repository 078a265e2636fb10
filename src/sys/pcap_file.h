// A capture file, pcap or pcapng, read through libpcap; the one place that includes its header.
//
// In:  a path ("-": standard input), or bytes from somebody else's source (decompressed, already looked at).
// Out: frames in file order.   Invariants
//   (1) Memory is bounded by libpcap's largest frame (256 KiB) and largest pcapng block (16 MiB), whatever a file says.
//   (2) A file that ends early or contradicts itself gives what was readable before; then broken() says why.
// Does not know: pcapng interfaces of differing link types in one file (libpcap 1.10 refuses them); interface names.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace mailweir {

struct CapturedFrame {
  Time time;
  std::span<const std::uint8_t> bytes;  // valid until the next call
  std::size_t wire_length = 0;
  bool time_plausible = true;  // false: no clock of this age shows such a time; `time` is the epoch
};

class PcapFile {
 public:
  // Fills some of the span and says how much; 0: the end; a failure ends the file.
  using Source = std::function<Result<std::size_t>(std::span<std::uint8_t>)>;

  static Result<PcapFile> open(const std::string& path);
  static Result<PcapFile> open(Source source);
  PcapFile(PcapFile&&) noexcept;
  PcapFile& operator=(PcapFile&&) noexcept;
  ~PcapFile();

  // False: the end, or broken.
  [[nodiscard]] bool next(CapturedFrame& frame);

  [[nodiscard]] bool is_empty() const;  // not one byte, not even a file header
  [[nodiscard]] int link_type() const;  // -1 of an empty file
  [[nodiscard]] std::string link_name() const;
  [[nodiscard]] const std::string& broken() const;  // why reading stopped early; empty: it did not
  [[nodiscard]] std::uint64_t bytes_read() const;

 private:
  struct State;
  explicit PcapFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mailweir
