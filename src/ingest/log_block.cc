#include "ingest/log_block.h"

#include <charconv>
#include <span>

#include "base/must.h"
#include "ingest/digits.h"
#include "ingest/log_marks.h"
#include "ingest/log_packet.h"

namespace mailweir {
namespace {

// Marks are found for so many bytes at a time: the marks stay in the first-level cache.
constexpr std::size_t kStride = 8192;
constexpr std::size_t kCacheLine = 64;

// What journald writes when the kernel was faster than it: "Missed 12 kernel messages".
std::uint64_t lost_messages(std::string_view line) {
  constexpr std::string_view kAfter = " kernel messages", kBefore = "Missed ";
  if (line.find(kBefore) == std::string_view::npos) return 0;  // asked first: other lines have many spaces and few Ms
  const auto after = line.find(kAfter);
  if (after == std::string_view::npos) return 0;
  const auto before = line.substr(0, after).rfind(kBefore);
  if (before == std::string_view::npos) return 0;
  std::uint64_t count = 0;
  std::from_chars(line.data() + before + kBefore.size(), line.data() + after, count);
  return count;
}

// Where the words of a line stand that is as nf_log writes it: OUT=, DST=, SPT= and DPT=, in that order and each once.
// Offsets of the line's first byte, of each word's '=' and of the line's end.
struct PlainLine {
  static constexpr std::size_t kMarks = 5;
  static constexpr std::size_t kSizeMin = std::string_view(" OUT= DST= SPT= DPT=\n").size();
  std::uint32_t begin, out, dst, spt, dpt, end;
};

// A word that stands after a space stands in its line.
constexpr std::uint64_t kOut = five_characters(" OUT="), kDst = five_characters(" DST="),
                        kSpt = five_characters(" SPT="), kDpt = five_characters(" DPT=");

class BlockReader {
 public:
  BlockReader(std::string_view text, LogBlock& block) : text_(text), block_(block) {
    MUST(text.size() < UINT32_MAX);  // offsets have 32 bits; a block is far smaller
  }

  void run() {
    std::array<std::uint32_t, kStride + 64 + PlainLine::kMarks> marks;  // NOLINT(*-pro-type-member-init): filled below
    std::size_t left = 0;  // marks of a line that goes on in the next stride
    for (std::size_t base = 0; base < text_.size(); base += kStride) {
      const std::size_t end = std::min(base + kStride, text_.size());
      ahead_ = end;
      ahead_end_ = std::min(end + kStride, text_.size());
      const std::size_t count = left + find_log_marks(text_.data(), base, end, marks.data() + left);
      const std::size_t used = take({marks.data(), count});
      left = count - used;
      std::copy_n(marks.data() + used, left, marks.data());
    }
    for (std::size_t i = 0; i < left; ++i) see(marks[i]);
    if (line_ < text_.size()) finish_line(text_.size());
  }

 private:
  // Takes marks up to the last few, which may be those of a line that has not ended; says how many.
  std::size_t take(std::span<const std::uint32_t> marks) {
    std::array<PlainLine, kStride / PlainLine::kSizeMin + 2> mail;  // NOLINT(*-pro-type-member-init): filled below
    std::size_t lines = 0, mail_lines = 0, i = 0;
    while (i + PlainLine::kMarks <= marks.size()) {
      const PlainLine line{line_, marks[i], marks[i + 1], marks[i + 2], marks[i + 3], marks[i + 4]};
      if (begins_line_ && is_plain(line)) {
        // Which lines have mail cannot be predicted: each is put down, and stays if it has.
        mail[mail_lines] = line;
        mail_lines += has_mail_port(line);
        fetch_ahead(2 * kCacheLine);
        ++lines;
        line_ = line.end + 1;
        i += PlainLine::kMarks;
      } else {
        read_mail(lines, {mail.data(), mail_lines});  // packets keep the order of their lines
        lines = mail_lines = 0;
        do {
          see(marks[i++]);
        } while (!begins_line_ && i < marks.size());
      }
    }
    read_mail(lines, {mail.data(), mail_lines});
    return i;
  }

  [[nodiscard]] bool is_plain(const PlainLine& line) const {
    if (line.out < 7) return false;
    const auto ends_with = [&](std::uint32_t equals) { return load_eight(text_.data() + equals - 7) >> 24; };
    const std::uint64_t difference = (ends_with(line.out) ^ kOut) | (ends_with(line.dst) ^ kDst) |
                                     (ends_with(line.spt) ^ kSpt) | (ends_with(line.dpt) ^ kDpt);
    return difference == 0 && text_[line.end] == '\n' && text_[line.begin] != '{' &&
           line.end - line.begin <= kLogLineMax && line.dpt + 5 <= text_.size();
  }

  // REQUIRES: it is plain.
  [[nodiscard]] bool has_mail_port(const PlainLine& line) const {
    const auto is_mail = [&](std::uint32_t equals) { return is_mail_port_text(text_.data() + equals + 1); };
    return is_mail(line.spt) | is_mail(line.dpt);
  }

  // `lines` plain ones, of which these have mail.
  void read_mail(std::size_t lines, std::span<const PlainLine> mail) {
    block_.lines += lines;
    block_.kinds[static_cast<std::size_t>(LineKind::NoMailPort)] += lines - mail.size();
    const std::size_t ahead_a_line =
        mail.empty() || ahead_ >= ahead_end_ ? 0 : (ahead_end_ - ahead_) / mail.size() + kCacheLine;
    for (const PlainLine& line : mail) {
      fetch_ahead(ahead_a_line);
      const auto word = [&](std::uint32_t equals) { return equals - 3 - line.begin; };
      const LineMarks marks{.out = word(line.out),
                            .dst = word(line.dst),
                            .spt = word(line.spt),
                            .dpt = word(line.dpt),
                            .mail_port = true};
      const std::string_view text = text_.substr(line.begin, line.end - line.begin);
      const LineKind kind = read_alike(text, marks) ? LineKind::MailPacket : read(text, marks);
      ++block_.kinds[static_cast<std::size_t>(kind)];
    }
  }

  // Memory works while a line is read: the next stride comes a little with each, instead of all at once when its marks
  // are looked for.
  void fetch_ahead(std::size_t bytes) {
    const std::size_t end = std::min(ahead_ + bytes, ahead_end_);
    for (; ahead_ < end; ahead_ += kCacheLine) __builtin_prefetch(text_.data() + ahead_);
  }

  // Any other line, mark by mark.
  void see(std::uint32_t mark) {
    begins_line_ = text_[mark] == '\n';
    if (begins_line_) {
      finish_line(mark);
      line_ = mark + 1;
      marks_ = {};
    } else {
      marks_.see(text_.data() + line_, text_.size() - line_, mark - line_);
    }
  }

  void finish_line(std::size_t end) {
    const std::string_view line = text_.substr(line_, end - line_);
    ++block_.lines;
    LineKind kind = LineKind::NotNetfilter;
    if (line.size() > kLogLineMax) {
      kind = LineKind::TooLong;
    } else if (marks_.mail_port || line.starts_with('{')) {
      kind = read(line, marks_);
    } else {
      kind = dismiss(line, marks_);
    }
    ++block_.kinds[static_cast<std::size_t>(kind)];
    if (kind == LineKind::NotNetfilter) block_.lost_lines += lost_messages(line);
  }

  // A line that differs from the one before in addresses, ports and identification only.
  bool read_alike(std::string_view line, const LineMarks& marks) {
    const std::size_t after = comparable_ ? reader_.same_front(line, marks) : 0;
    if (after == 0) return false;
    PlainSyn packet;  // NOLINT(*-pro-type-member-init): written if it is one
    if (!read_plain_packet(line, after, marks, packet)) return false;
    block_.plain.push_back(packet);
    ++block_.sightings.back().plain;
    return true;
  }

  LineKind read(std::string_view line, const LineMarks& marks) {
    block_.journal_lines += line.starts_with('{') ? 1 : 0;
    comparable_ = false;
    const LineKind kind = reader_.read(line, marks, parsed_);
    numbered_ = numbered_ && parsed_.same_origin;  // also of a line that turns out to be no mail
    if (kind != LineKind::MailPacket) return kind;
    LogSighting& sighting = block_.sightings.emplace_back();
    sighting.packet = parsed_.packet;
    sighting.packet.time = Time(Duration(parsed_.time.us));
    sighting.base = parsed_.time.base;
    if (!parsed_.same_origin || !numbered_) {
      rule_ = block_.rules.number_of(parsed_.rule, rule_);
      in_ = block_.interfaces.number_of(parsed_.in, in_);
      out_ = block_.interfaces.number_of(parsed_.out, out_);
      numbered_ = true;
    }
    sighting.packet.rule = rule_;
    sighting.in = in_;
    sighting.out = out_;
    block_.untagged += parsed_.untagged ? 1 : 0;
    comparable_ = parsed_.comparable;
    return kind;
  }

  std::string_view text_;
  LogBlock& block_;
  std::size_t ahead_ = 0, ahead_end_ = 0;  // of the next stride, what was not yet asked for
  std::uint32_t line_ = 0;                 // where the current line begins
  LineMarks marks_;                        // those seen of it, if it is not a plain one
  bool begins_line_ = true;
  LogLine parsed_;
  LogLineReader reader_;
  bool numbered_ = false;  // the numbers below are those of the origin read last
  std::uint16_t rule_ = 0, in_ = 0, out_ = 0;
  bool comparable_ = false;  // the line read last is the last sighting, and the next may be like it
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
  plain.clear();
  rules.clear();
  interfaces.clear();
  kinds = {};
  lines = journal_lines = untagged = lost_lines = 0;
}

void read_log_block(std::string_view text, LogBlock& block) { BlockReader(text, block).run(); }

}  // namespace mailweir
