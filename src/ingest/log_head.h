// The front of a log line: when it was written and by whom.
//
// Anybody may write "IN= OUT=eth0 SRC=..." into syslog. Only what the kernel wrote is evidence, so the writer's tag is
// looked for where syslog puts it and nowhere else: a program that writes " kernel: IN=..." is still that program.
//
// In:  one line without its end.   Out: its time, its writer, and the message after both.
// Sources: RFC 3164, RFC 5424, journalctl(1), dmesg(1), pvefw-logger of Proxmox; UniFi and EdgeOS write no tag at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/log_time.h"

namespace mailweir {

enum class LogWriter : std::uint8_t {
  Kernel,
  Gateway,  // no tag, but the rule name in brackets that UniFi and EdgeOS begin the message with
  Program,  // anybody else
};

struct LogHead {
  LogTime time;
  LogWriter writer = LogWriter::Program;
  // Proxmox leaves out IN= or OUT= when it is empty; everybody else writes both.
  bool may_omit_interface = false;
  std::string_view message;
  // The line up to here decides everything above but the message; 0: the whole line does.
  std::size_t tag_end = 0;
};

// nullopt: no time that we can read.
[[nodiscard]] std::optional<LogHead> read_log_head(std::string_view line);

// The same, quickly, for lines that come in the same second from the same machine.
class LogHeadReader {
 public:
  // nullptr: no time that we can read. Good until the next call.
  [[nodiscard]] const LogHead* read(std::string_view line);
  // The line read last began as one before it, up to the end of the kernel's tag.
  [[nodiscard]] bool knew() const { return knew_; }

 private:
  bool knew_ = false;
  std::string latest_;  // the line up to the end of the kernel's tag
  LogHead head_;        // what it meant
  LogHead other_;       // what a line without such a tag meant
};

}  // namespace mailweir
