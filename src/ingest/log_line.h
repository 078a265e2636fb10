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

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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
};

// Where the words stand that decide what a line is; offsets into the line.
struct LineMarks {
  static constexpr std::uint32_t kNone = 0xffff'ffff;
  std::uint32_t out = kNone;  // of the last " OUT=" (its 'O')
  std::uint32_t dst = kNone;  // of the first " DST=" after it (its 'D')
  std::uint32_t spt = kNone;  // of the first " SPT=" after it (its 'S')
  bool dpt = false;           // a " DPT=" after that
  bool mail_port = false;     // SPT= or DPT= with a mail port anywhere in the line

  // To be told, in order, every '=' that follows a 'T' in line[0, size).
  void see(const char* line, std::size_t size, std::uint32_t equals);

 private:
  void see_port(const char* line, std::size_t size, std::size_t at);
};

// In the header because it is called four times a line.
inline void LineMarks::see(const char* line, std::size_t size, std::uint32_t equals) {
  if (equals < 3) return;
  const char* const word = line + equals - 3;
  const bool starts_word = equals == 3 || word[-1] == ' ';  // unlike PHYSOUT=, MACDST=
  if (word[1] == 'P' && (word[0] == 'D' || word[0] == 'S')) {
    if (starts_word && word[0] == 'S' && spt == kNone) spt = equals - 3;
    if (starts_word && word[0] == 'D') dpt = true;
    // The first digit of 25, 465 or 587 is there in one line of a few: only then the number is read.
    if (const char digit = equals + 1 < size ? word[4] : ' '; digit == '2' || digit == '4' || digit == '5') {
      see_port(line, size, equals + 1);
    }
  } else if (word[1] == 'S' && word[0] == 'D') {
    if (starts_word && dst == kNone) dst = equals - 3;
  } else if (word[1] == 'U' && word[0] == 'O' && starts_word) {
    out = equals - 3;
    dst = spt = kNone;
    dpt = false;
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

 private:
  LineKind read_journal(std::string_view line, LogLine& out);

  LogHeadReader heads_;
  std::string journal_text_;
};

}  // namespace mailweir
