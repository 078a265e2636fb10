#include "replay/capture_input.h"

#include <span>

namespace mailweir {
namespace {

constexpr std::size_t kStretch = 16'384;  // packets; as many as a window of a log holds when half of its lines are mail

constexpr Decoded kUndecoded[] = {Decoded::NotIp,    Decoded::NotTcp,    Decoded::LaterFragment,
                                  Decoded::CutShort, Decoded::Malformed, Decoded::UnknownLink};

}  // namespace

Result<std::unique_ptr<CaptureInput>> CaptureInput::open(std::string name, std::unique_ptr<ByteStream> stream) {
  ByteStream* const source = stream.get();
  auto reader = CaptureReader::open([source](std::span<std::uint8_t> bytes) {
    return source->read({reinterpret_cast<char*>(bytes.data()), bytes.size()});
  });
  if (!reader) return fail(std::move(reader).error());
  std::unique_ptr<CaptureInput> input(new CaptureInput(std::move(name), std::move(stream), std::move(*reader)));
  input->read_piece(0);
  return input;
}

Time CaptureInput::starts_at() const { return stretch_.empty() ? Time::min() : stretch_.front().time; }

void CaptureInput::read_piece(std::size_t) {
  stretch_.reserve(kStretch);
  PacketSighting packet;
  while (!ended_ && stretch_.size() < kStretch) {
    ended_ = !reader_.next(packet);
    if (!ended_) stretch_.push_back(packet);
  }
}

Result<std::size_t> CaptureInput::next() {
  at_end_ = ended_ && stretch_.empty();
  return at_end_ ? 0 : 1;
}

Result<void> CaptureInput::admit(ReplayContext& context) {
  start_stretch();
  admitted_.swap(stretch_);
  stretch_.clear();
  for (PacketSighting& packet : admitted_) {
    if (!context.in_span(packet.time)) {
      ++outside_span_;
      continue;
    }
    packets_.push_back({.packet = &packet, .route = context.router.route(packet, 0, 0)});
  }
  return {};
}

InputReport CaptureInput::report() const {
  const CaptureCounters& counters = reader_.counters();
  InputReport report;
  report.file = name_;
  report.format = "pcap";
  report.bytes = stream_->bytes_read();
  report.lines = counters.packets;
  report_routes(report);
  count_skipped(report, "no mail port", counters.no_mail_port);
  count_skipped(report, "translated copy", counters.translated_copies);
  for (const Decoded decoded : kUndecoded) count_skipped(report, name_of(decoded), counters.of(decoded));
  report.unparsed =
      counters.of(Decoded::Malformed) + counters.of(Decoded::CutShort) + counters.of(Decoded::UnknownLink);
  for (std::string& note : reader_.notes()) report.notes.push_back(std::move(note));
  if (std::string damage = stream_->note(); !damage.empty()) report.notes.push_back(std::move(damage));
  return report;
}

}  // namespace mailweir
