#include "cli/trace_capture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "base/escape.h"
#include "cli/give_up.h"
#include "cli/read_rules.h"
#include "cli/screen.h"
#include "cli/trace_view.h"
#include "packet/decode.h"
#include "report/json.h"
#include "report/words.h"
#include "simulate/live_machine.h"
#include "simulate/packet_from_bytes.h"
#include "sys/pcap_file.h"

namespace mailweir {
namespace {

using namespace rules;

constexpr char kSomeInterface[] = "eth0";
// A simulated connection is kept for the whole capture: some hundred bytes each.
constexpr std::uint64_t kFramesMax = 1'000'000;
constexpr std::size_t kGroupsMax = 10'000;

struct Group {
  std::uint64_t count = 0, first_frame = 0;
  Time first_time;
  Entry entry = Entry::Receive;
  std::string state, verdict;
  Worlds first;  // with a notebook
};

class CaptureTrace {
 public:
  CaptureTrace(const TraceOptions& options, const Program& program, SimulatedMachine machine)
      : options_(options), machine_(machine), simulator_(program, std::move(machine), false), before_(simulator_) {}

  void run(PcapFile& file) {
    CapturedFrame frame;
    while (frames_ < kFramesMax && file.next(frame)) {
      ++frames_;
      Decoded why = Decoded::NotIp;
      const auto ip = ip_of_frame(file.link_type(), frame.bytes, frame.wire_length, why);
      auto packet = ip ? packet_from_bytes(ip->bytes, ip->wire_length) : std::nullopt;
      if (!packet) {
        ++left_out_[static_cast<std::size_t>(ip ? Decoded::Malformed : why)];
        continue;
      }
      // Connection tracking reads these: without them nobody knows what a packet is to it.
      const bool cut = packet->values.knowledge_of(Field::SourcePort) == Knowledge::Unknown ||
                       packet->values.knowledge_of(Field::TcpFlags) == Knowledge::Unknown ||
                       packet->values.knowledge_of(Field::IcmpTypeCode) == Knowledge::Unknown;
      if (cut) {
        ++left_out_[static_cast<std::size_t>(Decoded::CutShort)];
        continue;
      }
      // The clock of a capture may step back; conntrack's does not.
      now_ = std::max(now_, frame.time);
      follow(std::move(*packet));
    }
    if (frames_ == kFramesMax && file.next(frame)) cut_ = true;
  }

  void print(const Screen& screen, const std::string& name) const;
  [[nodiscard]] nlohmann::ordered_json json(const std::string& name) const;
  [[nodiscard]] bool all_pass() const { return !stopped_; }

 private:
  void follow(SimulatedPacket packet);
  Entry give_way(SimulatedPacket& packet) const;
  [[nodiscard]] std::string left_out_text() const;

  const TraceOptions& options_;
  SimulatedMachine machine_;
  // The second one has not seen the packet in hand yet: where something is unknown, every world begins from it.
  Simulator simulator_, before_;
  Time now_{};
  std::uint64_t frames_ = 0, packets_ = 0, uncounted_ = 0;
  std::array<std::uint64_t, kDecodedCount> left_out_{};
  std::deque<Group> groups_;
  std::map<std::string, Group*> by_fate_;
  bool cut_ = false, stopped_ = false;
};

// What a capture does not tell: whether it is ours, and by which interfaces it comes and goes.
Entry CaptureTrace::give_way(SimulatedPacket& packet) const {
  PacketValues& values = packet.values;
  const IpAddress source = values.address(Field::SourceAddress);
  if (machine_.is_local(source)) {
    values.set_unknown(Field::SocketUser);
    values.set_unknown(Field::SocketGroup);
    if (!options_.out.empty()) values.set(Field::OutputInterface, interface_value(options_.out));
    return Entry::Send;
  }
  values.set(Field::InputInterface,
             interface_value(!options_.in.empty() ? options_.in : machine_.route(source).value_or(kSomeInterface)));
  const IpAddress destination = values.address(Field::DestinationAddress);
  const bool here = machine_.is_local(destination) || is_broadcast(destination) || is_multicast(destination);
  if (!here && !options_.out.empty()) values.set(Field::OutputInterface, interface_value(options_.out));
  return Entry::Receive;
}

namespace {

std::vector<PacketFate> pass(Simulator& simulator, const SimulatedPacket& packet, Entry entry, Time now,
                             Choices& choices, bool trace) {
  return entry == Entry::Receive ? simulator.receive(packet, now, choices, trace)
                                 : simulator.send(packet, now, choices, trace);
}

}  // namespace

void CaptureTrace::follow(SimulatedPacket packet) {
  ++packets_;
  const Entry entry = give_way(packet);
  Choices choices;
  Worlds worlds;
  worlds.worlds.push_back({{}, pass(simulator_, packet, entry, now_, choices, false)});
  const bool known = choices.made().empty();
  if (!known) worlds = explore(before_, packet, entry, now_, false);
  stopped_ = stopped_ || !passes(worlds);
  const std::string state(name_of(worlds.worlds.front().fates.front().state)), verdict = verdict_of(worlds);
  const std::string fate = options_.each
                               ? std::to_string(packets_)
                               : fmt::format("{} {} {} {}", packet.is_v4(), static_cast<int>(entry), state, verdict);
  auto found = by_fate_.find(fate);
  const bool shown = found != by_fate_.end() || groups_.size() < kGroupsMax;
  const bool is_first = shown && found == by_fate_.end();
  if (is_first && !known) worlds = explore(before_, packet, entry, now_, true);
  // What comes after meets the connections of the first world: the one in which every unknown is so.
  Choices same;
  auto fates = pass(before_, packet, entry, now_, same, is_first && known);
  if (is_first) {
    if (known) worlds.worlds.front().fates = std::move(fates);
    groups_.push_back({0, frames_, now_, entry, state, verdict, std::move(worlds)});
    found = by_fate_.emplace(fate, &groups_.back()).first;
  }
  shown ? ++found->second->count : ++uncounted_;
}

std::string CaptureTrace::left_out_text() const {
  std::string text;
  for (std::size_t i = 0; i != kDecodedCount; ++i)
    if (left_out_[i] != 0)
      text +=
          fmt::format("{}{} {}", text.empty() ? "" : ", ", count_text(left_out_[i]), name_of(static_cast<Decoded>(i)));
  return text;
}

void CaptureTrace::print(const Screen& screen, const std::string& name) const {
  fmt::print("{}: {}", escape(name), count_of(packets_, "packet"));
  if (!options_.each) fmt::print(", {}", count_of(groups_.size(), "kind of fate", "kinds of fate"));
  if (const std::string left_out = left_out_text(); !left_out.empty()) fmt::print("; left out: {}", left_out);
  fmt::print("\n");
  for (const Group& group : groups_) {
    if (options_.each)
      fmt::print("\n#{} {}\n", group.first_frame, time_text(group.first_time));
    else
      fmt::print("\n{}: {}, {}; the first is #{}, {}\n", count_of(group.count, "packet"), group.state, group.verdict,
                 group.first_frame, time_text(group.first_time));
    print_trace(group.first, group.entry, options_.brief || !options_.each, screen);
  }
  if (uncounted_ != 0) fmt::print("\nMore than {}: {} packets are not shown.\n", kGroupsMax, count_text(uncounted_));
  if (cut_) fmt::print("\nOnly the first {} frames were followed.\n", count_text(kFramesMax));
}

nlohmann::ordered_json CaptureTrace::json(const std::string& name) const {
  auto answer = json_answer("trace");
  auto& capture = answer["capture"];
  capture["file"] = name;
  capture["frames"] = frames_;
  capture["packets"] = packets_;
  capture["left_out"] = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i != kDecodedCount; ++i)
    if (left_out_[i] != 0) capture["left_out"][std::string(name_of(static_cast<Decoded>(i)))] = left_out_[i];
  capture["not_shown"] = uncounted_;
  answer["groups"] = nlohmann::ordered_json::array();
  for (const Group& group : groups_) {
    nlohmann::ordered_json one;
    one["count"] = group.count;
    one["frame"] = group.first_frame;
    one["time"] = json_time(group.first_time);
    one["state"] = group.state;
    one["verdict"] = group.verdict;
    add_trace(one, group.first);
    answer["groups"].push_back(std::move(one));
  }
  answer["complete"] = !cut_ && uncounted_ == 0;
  return answer;
}

// The machine the rules are for.
Result<SimulatedMachine> machine_of(const TraceOptions& options) {
  if (options.ruleset.empty() && options.own.empty()) return live_machine();
  if (options.own.empty() && (options.in.empty() || options.out.empty()))
    return fail(
        ErrorCode::Usage,
        "a capture does not tell which machine the rules are for: say its addresses (--own ADDRESS), or by which "
        "interfaces packets pass it (--in NAME --out NAME)");
  const std::string in = !options.in.empty() ? options.in : kSomeInterface;
  SimulatedMachine machine;
  machine.interfaces.push_back({in, {}});
  for (const std::string& text : options.own) {
    const auto address = IpAddress::parse(text);
    if (!address) return fail(ErrorCode::Usage, fmt::format("--own: '{}' is not an address", escape(text, 64)));
    machine.interfaces.back().addresses.push_back(*address);
  }
  for (const char* all : {"0.0.0.0/0", "::/0"})
    machine.routes.push_back({*IpPrefix::parse(all), !options.out.empty() ? options.out : in});
  return machine;
}

}  // namespace

int trace_capture(const TraceOptions& options, const CommonOptions& common) {
  for (const std::string& name : {options.in, options.out})
    if (name.size() > 15) return give_up(Error(ErrorCode::Usage, "an interface's name has at most 15 characters"));
  auto machine = machine_of(options);
  if (!machine) return give_up(machine.error());
  auto file = PcapFile::open(options.capture);
  if (!file) return give_up(file.error());
  const auto ruleset = read_rules(options.ruleset, common);
  if (!ruleset) return give_up(ruleset.error());
  const Program program(*ruleset);
  machine->knows_sockets = false;  // what the machine answered is in the capture too
  CaptureTrace trace(options, program, std::move(*machine));
  trace.run(*file);
  if (common.json)
    std::fputs(print_json(trace.json(options.capture)).c_str(), stdout);
  else
    trace.print(screen_of(stdout, common), options.capture);
  if (!file->broken().empty())
    return give_up(Error(ErrorCode::BadInput, fmt::format("{}: {}", escape(options.capture), escape(file->broken()))));
  return trace.all_pass() ? 0 : 1;
}

}  // namespace mailweir
