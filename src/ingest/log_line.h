// One line of a kernel log, in any dialect -> the mail packet it shows, or why it shows none.
//
// The kernel writes its fields in a fixed order after the log prefix: IN= OUT= ... SRC= DST= LEN= ... PROTO= SPT= DPT=
// (net/netfilter/nf_log_syslog.c). The prefix may contain anything, so the last " OUT=" of the line is the kernel's and
// everything else is read from there on, in the kernel's order; an ICMP error's embedded packet comes later still and
// is never taken for the packet itself.
//
// In:  one line without its end.   Out: MailPacket and the fields, or another kind.
// Invariants: never reads outside the line; linear in its length; a line cut anywhere gives no packet rather than a
// wrong one.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "ingest/like_text.h"
#include "ingest/log_head.h"
#include "record/packet_sighting.h"

namespace mailweir {

enum class LineKind : std::uint8_t {
  MailPacket,    // TCP from or to port 25, 465 or 587
  NotNetfilter,  // no packet in it
  NoMailPort,
  NotTheKernel,  // looks like a packet, but an ordinary program wrote it
  NotTcp,        // UDP, an ICMP error about a mail packet, ...
  NoFlags,       // TCP without any flag: a scan, or a line somebody shortened
  Torn,          // cut short, or two lines run into each other
  TooLong,
  NoTime,   // no time that we can read
  BadJson,  // begins like a journal entry and is none
};
inline constexpr std::size_t kLineKinds = 10;
[[nodiscard]] std::string_view name_of(LineKind kind);
// A line that should have been readable and was not.
[[nodiscard]] constexpr bool is_unparsed(LineKind kind) { return kind >= LineKind::Torn; }

struct LogLine {
  LogTime time;
  PacketSighting packet;     // time, rule and view are not filled in: a line alone does not know them
  std::string_view rule;     // the log prefix
  std::string_view in, out;  // interfaces; of a bridge, its ports
  bool untagged = false;     // LogWriter::Gateway
  bool same_origin = false;  // rule, in and out read as in the packet before
  bool comparable = false;   // LogLineReader::same_front() may be asked of the next line
};

// What stands before the addresses in the packet read last: prefix and interfaces. Most lines of a log share it.
struct LogOrigin {
  std::string text;  // the prefix, "IN=eth1 OUT=eth0 "; empty: nothing is remembered
  std::size_t rule_size = 0, in_at = 0, in_size = 0, out_at = 0, out_size = 0;
  Path path = Path::Unknown;
};

// Where the words stand that decide what a line is; offsets into the line.
struct LineMarks {
  static constexpr std::uint32_t kNone = 0xffff'ffff;
  std::uint32_t out = kNone;  // of the last " OUT=" (its 'O')
  std::uint32_t dst = kNone;  // of the first " DST=" after it (its 'D')
  std::uint32_t spt = kNone;  // of the first " SPT=" after it (its 'S')
  std::uint32_t dpt = kNone;  // of the last " DPT=" after it (its 'D')
  bool mail_port = false;     // SPT= or DPT= with a mail port anywhere in the line

  // To be told, in order, every '=' that follows a 'T' in line[0, size).
  void see(const char* line, std::size_t size, std::uint32_t equals);
};

// "25", "465" or "587" and no further digit, in four readable characters.
inline bool is_mail_port_text(const char* text) {
  // All at once and no branch for each: the first digits of a client's port cannot be predicted.
  const std::uint32_t word = detail::load_four(text);
  const bool two = (word & 0xffff) == 0x3532;                                                // "25"
  const bool three = ((word & 0xff'ffff) == 0x35'3634) | ((word & 0xff'ffff) == 0x37'3835);  // "465", "587"
  const std::uint32_t next = word >> (two ? 16 : 24) & 255;
  return (two | three) & (next - '0' > 9);
}

// A port cut off by the end of the line is a mail port too: reading the line finds it torn.
inline bool is_mail_port_text(const char* text, std::size_t size) {
  std::array<char, 4> four{' ', ' ', ' ', ' '};
  std::copy_n(text, std::min(size, four.size()), four.begin());
  return is_mail_port_text(four.data());
}

// In the header because it is called four times a line.
inline void LineMarks::see(const char* line, std::size_t size, std::uint32_t equals) {
  // A word stands after a space, or begins the line: unlike PHYSOUT=, MACDST=.
  if (equals < 3 || (equals > 3 && line[equals - 4] != ' ')) return;
  const std::uint32_t word = equals - 3;
  const auto is = [&](const char* name) { return std::memcmp(line + word, name, 3) == 0; };
  if (is("DPT") || is("SPT")) {
    if (line[word] == 'D') {
      dpt = word;
    } else if (spt == kNone) {
      spt = word;
    }
    if (is_mail_port_text(line + equals + 1, size - equals - 1)) mail_port = true;
  } else if (is("DST")) {
    if (dst == kNone) dst = word;
  } else if (is("OUT")) {
    out = word;
    dst = spt = dpt = kNone;
  }
}

[[nodiscard]] LineMarks find_line_marks(std::string_view line);

// What a line without a mail port is: NoMailPort, Torn or NotNetfilter. Who wrote it is not asked.
[[nodiscard]] LineKind dismiss(std::string_view line, const LineMarks& marks);

// Reads one line after the other; remembers what a head meant, because the next line often has the same.
class LogLineReader {
 public:
  // `out` refers to `line` or to the reader's own memory: it is good until the next call.
  [[nodiscard]] LineKind read(std::string_view line, const LineMarks& marks, LogLine& out);

  // Whether `line` says the same as the one read last up to the end of OUT=, except for the kernel's own clock: time,
  // writer, rule and interfaces. If so, where the words after OUT= begin; otherwise 0. REQUIRES: read() was called and
  // found a MailPacket with `comparable` set.
  [[nodiscard]] std::size_t same_front(std::string_view line, const LineMarks& marks) const;

 private:
  LineKind read_journal(std::string_view line, LogLine& out);

  LogHeadReader heads_;
  LikeText front_;  // of the line read last, up to the end of OUT=
  LogOrigin origin_;
  std::string journal_text_;
};

}  // namespace mailweir
