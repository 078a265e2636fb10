// A block of whole log lines -> the mail packets in it and a count of everything else. The fast path of log analysis.
//
// In:  lines.   Out: LogSightings in the order of the lines; names interned per block; a count per LineKind.
// Invariants
//   (1) Every line is counted under exactly one kind; kinds[MailPacket] == sightings.size() + plain.size().
//   (2) The same lines give the same block, whatever the processor.
// Threads: any, one block each.  Limits: kLogLineMax; kNamesMax names a block, the rest share one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ingest/log_line.h"
#include "record/plain_syn.h"

namespace mailweir {

inline constexpr std::size_t kLogLineMax = 65'536;  // a journal entry with all its fields is a few kilobytes

// Texts and their numbers, in order of first appearance.
class Names {
 public:
  static constexpr std::uint16_t kOther = 0xffff;  // those past the limit
  explicit Names(std::size_t names_max) : names_max_(names_max) {}

  // `guess`: what the answer probably is.
  std::uint16_t number_of(std::string_view text, std::uint16_t guess = 0);
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }
  void clear();

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::size_t names_max_;
  std::vector<std::string> texts_;
  std::unordered_map<std::string, std::uint16_t, Hash, std::equal_to<>> numbers_;
};

struct LogSighting {
  PacketSighting packet;  // time: LogTime::us, to be read with `base`; rule: a number of LogBlock::rules; view unset
  std::uint16_t in = 0, out = 0;  // numbers of LogBlock::interfaces
  LogTime::Base base = LogTime::Base::Epoch;
  std::uint32_t plain = 0;  // so many of LogBlock::plain come after it and are like it
};

struct LogBlock {
  static constexpr std::size_t kNamesMax = 1024;

  std::vector<LogSighting> sightings;
  std::vector<PlainSyn> plain;  // those of the first sighting, then those of the next
  Names rules{kNamesMax}, interfaces{kNamesMax};
  std::array<std::uint64_t, kLineKinds> kinds{};
  std::uint64_t lines = 0;
  std::uint64_t journal_lines = 0;
  std::uint64_t untagged = 0;    // mail packets accepted without a kernel tag: UniFi, EdgeOS
  std::uint64_t lost_lines = 0;  // messages that the log itself says it lost

  void clear();
};

// `text`: whole lines; the last may lack its '\n'. Adds to `block`.
void read_log_block(std::string_view text, LogBlock& block);

}  // namespace mailweir
