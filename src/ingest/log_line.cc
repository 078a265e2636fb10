#include "ingest/log_line.h"

#include "ingest/journal_entry.h"
#include "ingest/log_packet.h"

namespace mailweir {
namespace {

LineMarks shifted(LineMarks marks, std::size_t by) {
  const auto shift = [by](std::uint32_t& mark) {
    if (mark != LineMarks::kNone) mark = mark < by ? LineMarks::kNone : mark - static_cast<std::uint32_t>(by);
  };
  shift(marks.out);
  shift(marks.dst);
  return marks;
}

// Proxmox leaves out an empty OUT=; the kernel's DST= is then the first of the line.
bool looks_like_packet(const LineMarks& marks) {
  return marks.out != LineMarks::kNone || (marks.dst != LineMarks::kNone && marks.spt != LineMarks::kNone);
}

bool holds_bytes_as_numbers(std::string_view line) {
  return line.find("\"MESSAGE\":[") != std::string_view::npos || line.find("\"MESSAGE\" : [") != std::string_view::npos;
}

}  // namespace

std::string_view name_of(LineKind kind) {
  switch (kind) {
    case LineKind::MailPacket:
      return "mail packet";
    case LineKind::NotNetfilter:
      return "not netfilter";
    case LineKind::NoMailPort:
      return "no mail port";
    case LineKind::NotTheKernel:
      return "not written by the kernel";
    case LineKind::NotTcp:
      return "not TCP";
    case LineKind::NoFlags:
      return "no TCP flags";
    case LineKind::Torn:
      return "torn line";
    case LineKind::TooLong:
      return "over-long line";
    case LineKind::NoTime:
      return "no readable time";
    case LineKind::BadJson:
      return "broken journal entry";
  }
  return "";
}

LineMarks find_line_marks(std::string_view line) {
  LineMarks marks;
  for (std::size_t at = line.find("T="); at != std::string_view::npos; at = line.find("T=", at + 2)) {
    marks.see(line.data(), line.size(), static_cast<std::uint32_t>(at + 1));
  }
  return marks;
}

LineKind dismiss(std::string_view line, const LineMarks& marks) {
  if (!looks_like_packet(marks)) return LineKind::NotNetfilter;
  if (marks.dst == LineMarks::kNone) return LineKind::Torn;
  // Ports come in pairs; a packet without them has at least a protocol.
  if (marks.spt != LineMarks::kNone) return marks.dpt != LineMarks::kNone ? LineKind::NoMailPort : LineKind::Torn;
  return line.find(" PROTO=", marks.dst) == std::string_view::npos ? LineKind::Torn : LineKind::NoMailPort;
}

LineKind LogLineReader::read_journal(std::string_view line, LogLine& out) {
  const auto entry = read_journal_entry(line, journal_text_);
  if (!entry) return LineKind::BadJson;
  const LineMarks marks = find_line_marks(entry->message);
  if (!marks.mail_port) return dismiss(entry->message, marks);
  if (!looks_like_packet(marks)) return LineKind::NotNetfilter;
  if (!entry->from_kernel) return LineKind::NotTheKernel;
  out.time = entry->time;
  out.untagged = out.comparable = false;
  return read_log_packet(entry->message, marks, false, origin_, out);
}

LineKind LogLineReader::read(std::string_view line, const LineMarks& marks, LogLine& out) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  const bool journal = line.starts_with('{');
  if (!marks.mail_port) {
    // A message with a byte outside ASCII is written as a list of numbers: nothing can be told from its words.
    return journal && holds_bytes_as_numbers(line) ? read_journal(line, out) : dismiss(line, marks);
  }
  if (journal) return read_journal(line, out);
  if (!looks_like_packet(marks)) return LineKind::NotNetfilter;
  const LogHead* const head = heads_.read(line);
  if (!head) return LineKind::NoTime;
  if (head->writer == LogWriter::Program) return LineKind::NotTheKernel;
  out.time = head->time;
  out.untagged = head->writer == LogWriter::Gateway;
  const auto start = static_cast<std::size_t>(head->message.data() - line.data());
  const LineKind kind = read_log_packet(head->message, shifted(marks, start), head->may_omit_interface, origin_, out);
  // Where every line has a time of its own, as with microseconds, there is nothing to compare.
  out.comparable = head->tag_end != 0 && heads_.knew() && !origin_.text.empty();
  if (out.comparable && kind == LineKind::MailPacket)
    front_.remember(line.substr(0, start + origin_.text.size()), head->tag_end, start);
  return kind;
}

std::size_t LogLineReader::same_front(std::string_view line, const LineMarks& marks) const {
  // A bridge port may come after OUT=.
  const std::size_t after = front_.size();
  return marks.out < after && front_.is_front_of(line) && line[after] != 'P' ? after : 0;
}

}  // namespace mailweir
