#include "replay/replay.h"

#include <fmt/format.h>

#include <algorithm>

#include "replay/input.h"
#include "replay/judges.h"
#include "replay/open_input.h"
#include "sys/clock.h"

namespace mailweir {
namespace {

DetectSettings detect_settings(const ReplayOptions& options) {
  DetectSettings settings;
  settings.recorded = true;
  settings.clients_compared = false;
  settings.exact_destinations = true;
  settings.explain_everybody = options.explain_everybody;
  settings.mail_servers = options.mail_servers;
  return settings;
}

// Inputs in the order of their first lines; each is read from the moment the others have reached that time.
class Replay {
 public:
  Replay(std::vector<std::unique_ptr<Input>> inputs, std::uint64_t bytes_total, const ReplayOptions& options)
      : options_(options),
        bytes_total_(bytes_total),
        inputs_(std::move(inputs)),
        context_{LogRules{}, MailRouter(options.clients), options.since, options.until},
        judges_(detect_settings(options)),
        workers_(options.threads) {
    for (const auto& input : inputs_) waiting_.push_back(input.get());
    std::stable_sort(waiting_.begin(), waiting_.end(),
                     [](const Input* a, const Input* b) { return a->starts_at() < b->starts_at(); });
    std::reverse(waiting_.begin(), waiting_.end());  // the next one at the back
  }

  Result<ReplayResult> run() {
    while (!active_.empty() || !waiting_.empty()) {
      if (active_.empty()) start_next();
      if (auto filled = fill(); !filled) return fail(filled.error());
      deliver();
      tell_progress();
    }
    workers_.run(Judges::kJudges, [this](std::size_t i) { judges_.judge(i); });
    judges_.finish(latest_, workers_);
    return result();
  }

 private:
  void start_next() {
    active_.push_back(waiting_.back());
    waiting_.pop_back();
  }

  // Reads a window of every active input that has run dry, while the judges work on what was delivered before.
  Result<void> fill() {
    struct Piece {
      Input* input;
      std::size_t index;
    };
    std::vector<Input*> dry;
    std::vector<Piece> pieces;
    for (Input* input : active_) {
      if (!input->empty()) continue;
      const auto count = input->next();
      if (!count) return fail(count.error());
      dry.push_back(input);
      for (std::size_t i = 0; i < *count; ++i) pieces.push_back({input, i});
    }
    const bool judge = judges_.ready();
    workers_.run(pieces.size() + (judge ? Judges::kJudges : 0), [&](std::size_t i) {
      if (i < pieces.size()) {
        pieces[i].input->read_piece(pieces[i].index);
      } else {
        judges_.judge(i - pieces.size());
      }
    });
    if (judge) judges_.judged();
    for (Input* input : dry) {
      if (auto admitted = input->admit(context_); !admitted) return admitted;
    }
    std::erase_if(active_, [](const Input* input) { return input->at_end(); });
    return {};
  }

  // Packets in the order of time, until an input runs dry or it is another one's turn to start.
  void deliver() {
    while (!active_.empty()) {
      Input* first = active_.front();
      for (Input* input : active_) {
        if (input->empty()) return;
        if (input->front().packet->time < first->front().packet->time) first = input;
      }
      if (!waiting_.empty() && waiting_.back()->starts_at() <= first->front().packet->time) return start_next();
      deliver_from(*first);
    }
  }

  // As many packets as come before those of every other input.
  void deliver_from(Input& input) {
    Time limit = waiting_.empty() ? Time::max() : waiting_.back()->starts_at();
    for (const Input* other : active_) {
      if (other != &input) limit = std::min(limit, other->front().packet->time);
    }
    do {
      const RoutedPacket& packet = input.front();
      latest_ = std::max(latest_, packet.packet->time);
      if (!earliest_) earliest_ = latest_;
      if (packet.route.judged())
        judges_.add(*packet.packet, packet.plain, latest_, packet.route.way == Way::FromClient);
      input.pop();
    } while (!input.empty() && input.front().packet->time < limit);
  }

  void tell_progress() const {
    if (!options_.progress) return;
    ReplayProgress progress{.bytes_total = bytes_total_};
    for (const auto& input : inputs_) {
      progress.bytes_done += input->bytes_read();
      progress.lines += input->lines();
    }
    options_.progress(progress);
  }

  ReplayResult result() const {
    ReplayResult result;
    for (const auto& input : inputs_) {
      result.inputs.push_back(input->report());
      result.events += result.inputs.back().events;
      result.lost_events += input->lost();
    }
    if (earliest_) {
      result.from = earliest_;
      result.to = latest_;
    }
    result.clients = judges_.reports();
    result.forgotten_clients = judges_.forgotten_clients();
    if (const UplinkVotes votes = judges_.uplink(latest_); votes.closed())
      result.closed_uplink = {votes.clients, votes.failing};
    return result;
  }

  const ReplayOptions& options_;
  std::uint64_t bytes_total_;
  std::vector<std::unique_ptr<Input>> inputs_;  // as given
  std::vector<Input*> waiting_, active_;
  ReplayContext context_;
  Judges judges_;
  WorkerPool workers_;
  std::optional<Time> earliest_;
  Time latest_ = Time::min();
};

}  // namespace

Result<ReplayResult> replay(const std::vector<std::string>& files, const ReplayOptions& options) {
  const Time now = options.now ? *options.now : SystemClock().now();
  std::vector<std::unique_ptr<Input>> inputs;
  std::uint64_t bytes_total = 0;
  for (const std::string& file : files) {
    auto opened = open_input(file, now, options.piece_bytes);
    if (!opened) return fail(std::move(opened).error());
    bytes_total += opened->bytes_total;
    inputs.push_back(std::move(opened->input));
  }
  return Replay(std::move(inputs), bytes_total, options).run();
}

}  // namespace mailweir
