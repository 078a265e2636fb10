#include "replay/input.h"

#include <fmt/format.h>

#include <algorithm>

namespace mailweir {

void count_skipped(InputReport& report, std::string_view reason, std::uint64_t count) {
  if (count > 0) report.skipped[std::string(reason)] += count;
}

void Input::start_stretch() {
  packets_.clear();
  front_ = 0;
}

void Input::pop() {
  const Route route = packets_[front_].route;
  const bool question = packets_[front_].packet->mx_name != 0;
  const std::size_t packets = std::max<std::size_t>(packets_[front_].plain.size(), 1);
  ++front_;
  if (question) {
    ++questions_;
  } else if (route.judged()) {
    judged_ += packets;
    assumed_ += route.assumed ? packets : 0;
  } else if (route.unknown_side) {
    unknown_side_ += packets;
  } else {
    by_way_[static_cast<std::size_t>(route.way)] += packets;
  }
}

void Input::report_routes(InputReport& report) const {
  report.events = judged_;
  for (std::size_t i = 0; i < by_way_.size(); ++i) count_skipped(report, name_of(static_cast<Way>(i)), by_way_[i]);
  report.mx_queries = questions_;
  count_skipped(report, "outside the time asked for", outside_span_);
  count_skipped(report, "forwarded mail of unknown direction", unknown_side_);
  if (assumed_ > 0) {
    report.notes.push_back(
        fmt::format("taken for outgoing because it runs one way between public addresses (--clients tells for sure): "
                    "{} mail packets",
                    assumed_));
  }
  if (unknown_side_ > 0) {
    report.notes.push_back(
        fmt::format("{} mail packets were forwarded both ways between public addresses: name your side with --clients",
                    unknown_side_));
  }
}

}  // namespace mailweir
