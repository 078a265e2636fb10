#include "ingest/log_block.h"

#include <charconv>

#include "ingest/log_marks.h"

namespace mailweir {
namespace {

// Marks are found for so many bytes at a time: the marks stay in the first-level cache.
constexpr std::size_t kStride = 4096;

// What journald writes when the kernel was faster than it: "Missed 12 kernel messages".
std::uint64_t lost_messages(std::string_view line) {
  constexpr std::string_view kAfter = " kernel messages", kBefore = "Missed ";
  const auto after = line.find(kAfter);
  if (after == std::string_view::npos) return 0;
  const auto before = line.substr(0, after).rfind(kBefore);
  if (before == std::string_view::npos) return 0;
  std::uint64_t count = 0;
  std::from_chars(line.data() + before + kBefore.size(), line.data() + after, count);
  return count;
}

class BlockReader {
 public:
  BlockReader(std::string_view text, LogBlock& block) : text_(text), block_(block) {}

  void run() {
    std::array<std::uint32_t, kStride + 64> offsets;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
    std::size_t base = 0;
    while (base < text_.size()) {
      // Offsets have 32 bits; a block is far smaller, but nothing here may depend on that.
      const std::size_t end = std::min(base + kStride, text_.size());
      const std::string_view window = text_.substr(line_);
      const std::size_t count = find_log_marks(window.data(), base - line_, end - line_, offsets.data());
      consume(offsets.data(), count, line_);
      base = end;
    }
    if (line_ < text_.size()) finish_line(text_.size());
  }

 private:
  void consume(const std::uint32_t* offsets, std::size_t count, std::size_t origin) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = origin + offsets[i];
      if (text_[at] == '\n') {
        finish_line(at);
        line_ = at + 1;
        marks_ = {};
      } else {
        marks_.see(text_.data() + line_, text_.size() - line_, static_cast<std::uint32_t>(at - line_));
      }
    }
  }

  void finish_line(std::size_t end) {
    const std::string_view line = text_.substr(line_, end - line_);
    ++block_.lines;
    LineKind kind = LineKind::NotNetfilter;
    if (line.size() > kLogLineMax) {
      kind = LineKind::TooLong;
    } else if (marks_.mail_port || line.starts_with('{')) {
      kind = read(line);
    } else {
      kind = dismiss(line, marks_);
    }
    ++block_.kinds[static_cast<std::size_t>(kind)];
    if (kind == LineKind::NotNetfilter) block_.lost_lines += lost_messages(line);
  }

  LineKind read(std::string_view line) {
    block_.journal_lines += line.starts_with('{') ? 1 : 0;
    const LineKind kind = reader_.read(line, marks_, parsed_);
    if (kind != LineKind::MailPacket) return kind;
    LogSighting& sighting = block_.sightings.emplace_back();
    sighting.packet = parsed_.packet;
    sighting.packet.time = Time(Duration(parsed_.time.us));
    sighting.packet.rule = rule_ = block_.rules.number_of(parsed_.rule, rule_);
    sighting.base = parsed_.time.base;
    sighting.in = in_ = block_.interfaces.number_of(parsed_.in, in_);
    sighting.out = out_ = block_.interfaces.number_of(parsed_.out, out_);
    block_.untagged += parsed_.untagged ? 1 : 0;
    return kind;
  }

  std::string_view text_;
  LogBlock& block_;
  std::size_t line_ = 0;  // where the current line begins
  LineMarks marks_;
  LogLine parsed_;
  LogLineReader reader_;
  std::uint16_t rule_ = 0, in_ = 0, out_ = 0;  // of the line before
};

}  // namespace

std::uint16_t Names::number_of(std::string_view text, std::uint16_t guess) {
  if (guess < texts_.size() && texts_[guess] == text) return guess;
  if (const auto found = numbers_.find(text); found != numbers_.end()) return found->second;
  if (texts_.size() >= names_max_) return kOther;
  const auto number = static_cast<std::uint16_t>(texts_.size());
  texts_.emplace_back(text);
  numbers_.emplace(texts_.back(), number);
  return number;
}

void Names::clear() {
  texts_.clear();
  numbers_.clear();
}

void LogBlock::clear() {
  sightings.clear();
  rules.clear();
  interfaces.clear();
  kinds = {};
  lines = journal_lines = untagged = lost_lines = 0;
}

void read_log_block(std::string_view text, LogBlock& block) { BlockReader(text, block).run(); }

}  // namespace mailweir
