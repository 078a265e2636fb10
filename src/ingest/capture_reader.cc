#include "ingest/capture_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/mail_ports.h"
#include "ingest/mx_query.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;
// Several receive queues mix packets by milliseconds; what goes back further is a clock that was set, or a second file.
constexpr Duration kClockStep = 1s;
// No honest capture adds up steps of centuries; a made-up one must not reach the limits of Time.
constexpr Duration kCorrectionMax = 24h * 365 * 200;

}  // namespace

Result<CaptureReader> CaptureReader::open(const std::string& path) {
  auto file = PcapFile::open(path);
  if (!file) return fail(std::move(file).error());
  return CaptureReader(*std::move(file));
}

Result<CaptureReader> CaptureReader::open(PcapFile::Source source) {
  auto file = PcapFile::open(std::move(source));
  if (!file) return fail(std::move(file).error());
  return CaptureReader(*std::move(file));
}

Time CaptureReader::in_order(const CapturedFrame& frame) {
  if (!frame.time_plausible) {
    ++counters_.bad_times;
    return latest_;
  }
  Time time = frame.time + correction_;
  if (any_time_ && time < latest_) {
    if (latest_ - time < kClockStep) {
      ++counters_.reordered;
    } else {
      ++counters_.clock_steps;
      if (correction_ < kCorrectionMax) correction_ += latest_ - time;
    }
    time = latest_;
  }
  any_time_ = true;
  latest_ = time;
  return time;
}

bool CaptureReader::next(PacketSighting& sighting) {
  CapturedFrame frame;
  while (file_.next(frame)) {
    ++counters_.packets;
    const Time time = in_order(frame);
    TcpPacket packet;
    UdpPacket udp;
    const Decoded decoded = decode_frame(file_.link_type(), frame.bytes, packet, frame.wire_length, &udp);
    if (decoded != Decoded::Tcp) {
      if (const auto name = decoded == Decoded::NotTcp ? mx_query(udp) : std::nullopt) {
        ++counters_.mx_queries;
        sighting = mx_sighting(udp, *name, time);
        return true;
      }
      ++counters_.undecoded[static_cast<std::size_t>(decoded)];
      continue;
    }
    if (!is_sending_port(packet.source_port) && !is_sending_port(packet.destination_port)) {
      ++counters_.no_mail_port;
      continue;
    }
    if (syns_.is_translated_copy(packet, time)) {
      ++counters_.translated_copies;
      continue;
    }
    ++counters_.mail;
    sighting = {.time = time,
                .source = packet.source,
                .destination = packet.destination,
                .source_port = packet.source_port,
                .destination_port = packet.destination_port,
                .payload = packet.payload,
                .sequence = packet.sequence,
                .ip_id = packet.ip_id,
                .flags = packet.flags,
                .view = syns_.answers_seen() ? View::TwoSided : View::OneSided};
    return true;
  }
  return false;
}

std::vector<std::string> CaptureReader::notes() const {
  std::vector<std::string> notes;
  const auto note = [&]<typename... T>(fmt::format_string<T...> text, T&&... values) {
    notes.push_back(fmt::format(text, std::forward<T>(values)...));
  };
  if (file_.is_empty()) note("the file is empty");
  if (!file_.broken().empty()) note("reading stopped after packet {}: {}", counters_.packets, file_.broken());
  if (counters_.of(Decoded::UnknownLink) > 0) note("frames of {} are not read", file_.link_name());
  if (syns_.syns_seen() && !syns_.answers_seen())
    note("no answer to any connection attempt is in this capture: silence is not taken for failure");
  if (counters_.translated_copies > 0)
    note("connections that appear again with the address of a NAT gateway, and are left out: {}",
         counters_.translated_copies);
  if (counters_.clock_steps > 0)
    note("the clock was set back (steps: {}): times after that are counted on from the latest", counters_.clock_steps);
  if (counters_.bad_times > 0) note("packets with an impossible time: {}", counters_.bad_times);
  return notes;
}

}  // namespace mailweir
