#include "replay/log_input.h"

#include <fmt/format.h>

#include <utility>

#include "ingest/journal_entry.h"
#include "ingest/log_head.h"

namespace mailweir {
namespace {

Time first_time(std::string_view text, Time written) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::string scratch;
    std::optional<LogTime> time;
    if (line.starts_with('{')) {
      if (const auto entry = read_journal_entry(line, scratch)) time = entry->time;
    } else if (const auto head = read_log_head(line)) {
      time = head->time;
    }
    if (!time) continue;
    LogClock clock(written);
    if (const auto absolute = clock.absolute(*time)) return *absolute;
  }
  return Time::min();
}

}  // namespace

LogInput::LogInput(std::string name, std::unique_ptr<TextSource> text, std::string_view first_text, Time written)
    : name_(std::move(name)), text_(std::move(text)), clock_(written), starts_at_(first_time(first_text, written)) {}

Result<std::size_t> LogInput::next() {
  const auto pieces = text_->next();
  if (!pieces) return fail(Error(pieces.error()).in(name_));
  pieces_ = *pieces;
  at_end_ = pieces_ == 0;
  if (blocks_.size() < pieces_) blocks_.resize(pieces_);
  outcomes_.assign(pieces_, {});
  return pieces_;
}

void LogInput::read_piece(std::size_t index) {
  LogBlock& block = blocks_[index];
  block.clear();
  outcomes_[index] = text_->piece(index, [&](std::string_view lines) {
    block.clear();
    read_log_block(lines, block);
  });
}

Result<void> LogInput::admit(ReplayContext& context) {
  start_stretch();
  unsettled_.clear();
  // First what the window shows of rules and interfaces, for all of it; then what that makes of each packet.
  for (std::size_t i = 0; i < pieces_; ++i) {
    if (!outcomes_[i]) return fail(Error(outcomes_[i].error()).in(name_));
    count_block(blocks_[i]);
    admit_block(blocks_[i], context);
  }
  const std::vector<LogRules::Shown> shown = context.rules.shown();
  for (const RoutedPacket& packet : packets_) {
    if (!packet.plain.empty()) continue;
    const LogRules::Shown& by_rule = shown[packet.packet->rule];
    packet.packet->view = by_rule.view;
    packet.packet->stopped_or_sampled = by_rule.stops;
  }
  for (const std::size_t i : unsettled_) {
    RoutedPacket& packet = packets_[i];
    PacketSighting whole = *packet.packet;
    if (!packet.plain.empty()) packet.plain.front().put_into(whole);
    packet.route = context.router.route(whole, packet.in, packet.out);
  }
  return {};
}

void LogInput::count_block(const LogBlock& block) {
  totals_.lines += block.lines;
  totals_.journal_lines += block.journal_lines;
  totals_.untagged += block.untagged;
  totals_.lost_lines += block.lost_lines;
  for (std::size_t i = 0; i < kLineKinds; ++i) totals_.kinds[i] += block.kinds[i];
}

void LogInput::admit_block(LogBlock& block, ReplayContext& context) {
  std::vector<std::uint16_t> rules, interfaces;
  for (const std::string& prefix : block.rules.texts()) rules.push_back(context.rules.number_of(prefix));
  for (const std::string& name : block.interfaces.texts()) interfaces.push_back(context.router.interface(name));
  const std::uint16_t unnamed = context.router.interface({});
  const auto interface = [&](std::uint16_t number) { return number == Names::kOther ? unnamed : interfaces[number]; };

  const PlainSyn* next = block.plain.data();
  for (LogSighting& sighting : block.sightings) {
    PacketSighting& packet = sighting.packet;
    const std::span plain(std::exchange(next, next + sighting.plain), sighting.plain);
    const auto time = clock_.in_order({packet.time.time_since_epoch().count(), sighting.base});
    clock_.again(plain.size());
    if (!time) {
      no_such_day_ += 1 + plain.size();
      continue;
    }
    if (!context.in_span(*time)) {
      outside_span_ += 1 + plain.size();
      continue;
    }
    packet.time = *time;
    packet.rule = packet.rule == Names::kOther ? std::uint16_t{0} : rules[packet.rule];
    context.rules.learn(packet.rule, packet.flags);
    context.rules.learn(packet.rule, tcp_flag::kSyn, plain.size());
    admit_packets({.packet = &packet, .in = interface(sighting.in), .out = interface(sighting.out)}, plain, context);
  }
}

// One and those like it. Most have the same route, and stay together.
void LogInput::admit_packets(RoutedPacket first, std::span<const PlainSyn> plain, ReplayContext& context) {
  std::optional<Way> together;
  const auto admit = [&](const PacketSighting& packet, RoutedPacket routed) {
    const auto way = context.router.learn(packet, routed.in, routed.out);
    if (way && way == together) {
      RoutedPacket& latest = packets_.back();
      latest.plain = {latest.plain.data(), latest.plain.size() + 1};
      return;
    }
    if (way) routed.route.way = *way;
    if (!way) unsettled_.push_back(packets_.size());
    packets_.push_back(routed);
    together = routed.plain.empty() ? std::nullopt : way;
  };
  PacketSighting whole = *first.packet;
  admit(whole, first);
  for (const PlainSyn& syn : plain) {
    syn.put_into(whole);
    first.plain = {&syn, 1};
    admit(whole, first);
  }
}

InputReport LogInput::report() const {
  InputReport report;
  report.file = name_;
  report.format = totals_.journal_lines * 2 > totals_.lines ? "journal-json" : "kernel-log";
  report.bytes = text_->bytes_read();
  report.lines = totals_.lines;
  for (std::size_t i = 0; i < kLineKinds; ++i) {
    const auto kind = static_cast<LineKind>(i);
    if (kind != LineKind::MailPacket) count_skipped(report, name_of(kind), totals_.kinds[i]);
    if (is_unparsed(kind)) report.unparsed += totals_.kinds[i];
  }
  count_skipped(report, name_of(LineKind::NoTime), no_such_day_);
  report.unparsed += no_such_day_;
  add_notes(report);
  report_routes(report);
  return report;
}

void LogInput::add_notes(InputReport& report) const {
  const auto note = [&](std::string text) { report.notes.push_back(std::move(text)); };
  if (totals_.lines == 0) note("the file is empty");
  if (std::string damage = text_->note(); !damage.empty()) note(std::move(damage));
  if (const auto year = clock_.first_year()) {
    note(fmt::format("the times have no year and no zone: {} was inferred for the first, UTC is assumed", *year));
  }
  if (clock_.saw_boot_times()) note("the times count from the start of the machine: they are shown as if it was 1970");
  const auto note_lines = [&](const char* what, std::uint64_t count) {
    if (count > 0) note(fmt::format("{}: {} {}", what, count, count == 1 ? "line" : "lines"));
  };
  note_lines("older than lines before them by more than 5 minutes, taken as of their time (is the log in order?)",
             clock_.late());
  note_lines("without the kernel's tag, accepted by their form, as UniFi and EdgeOS write them", totals_.untagged);
  note_lines("in the kernel's form but written by an ordinary program, so no evidence",
             totals_.kinds[static_cast<std::size_t>(LineKind::NotTheKernel)]);
  note_lines("lost on the way, as the log itself says", totals_.lost_lines);
}

}  // namespace mailweir
