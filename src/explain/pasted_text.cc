#include "explain/pasted_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "explain/service_words.h"
#include "record/packet_sighting.h"
#include "simulate/machine.h"

namespace mailweir::rules {
namespace {

// Ports at or above are drawn by clients more often than offered by servers (RFC 6056; Linux draws from 32768).
constexpr std::uint32_t kServicePorts = 10'000;

template <typename Take>
void for_each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

bool is_rule_line(std::string_view line) {
  if (const std::size_t begin = line.find_first_not_of(" \t"); begin != std::string_view::npos)
    line.remove_prefix(begin);
  for (const std::string_view word : {"-A ", "-I ", "-P ", "-N ", "iptables -", "ip6tables -", "*filter", "*nat",
                                      "*raw", "*mangle", "*security", "COMMIT"})
    if (line.starts_with(word)) return true;
  return line.size() > 2 && line.front() == ':' && line.ends_with(']');  // ":INPUT DROP [0:0]"
}

// Who does it to whom at which port: a reset in OUTPUT answers the other side's doing.
struct Deed {
  FieldValue actor = 0;
  std::uint32_t port = 0;
};
std::optional<Deed> deed_of(const LoggedPacket& line) {
  const PacketValues& values = line.seen.packet.values;
  const bool answers = line.way == Hook::Output;
  const Field actor = answers ? Field::DestinationAddress : Field::SourceAddress;
  const Field port = answers ? Field::SourcePort : Field::DestinationPort;
  if (!values.is_known(actor) || !values.is_known(port)) return std::nullopt;
  if (answers && (!values.is_known(Field::TcpFlags) || (values.value(Field::TcpFlags) & tcp_flag::kRst) == 0))
    return std::nullopt;
  return Deed{values.value(actor), values.number<std::uint32_t>(port)};
}

struct ValueHash {
  std::size_t operator()(FieldValue value) const noexcept { return std::hash<IpAddress>()(address_of(value)); }
};

class Scanners {
 public:
  void see(const LoggedPacket& line) {
    const auto deed = deed_of(line);
    if (!deed) return;
    auto found = ports_.find(deed->actor);
    if (found == ports_.end()) {
      if (ports_.size() >= kPasteLimits.scanners_max) return;
      found = ports_.emplace(deed->actor, std::vector<std::uint32_t>{}).first;
    }
    auto& ports = found->second;
    if (ports.size() < kScanPorts && std::ranges::find(ports, deed->port) == ports.end()) ports.push_back(deed->port);
  }
  [[nodiscard]] bool is_one(const LoggedPacket& line) const {
    const auto deed = deed_of(line);
    if (!deed) return false;
    const auto found = ports_.find(deed->actor);
    return found != ports_.end() && found->second.size() >= kScanPorts;
  }

 private:
  std::unordered_map<FieldValue, std::vector<std::uint32_t>, ValueHash> ports_;
};

// What comes from the net to a port without a service is the same thing whatever the port.
std::string port_key(const LoggedPacket& line) {
  const PacketValues& values = line.seen.packet.values;
  const auto port = [&](Field field) { return values.is_known(field) ? values.number<std::uint32_t>(field) : 0U; };
  const std::uint32_t to = port(Field::DestinationPort), from = port(Field::SourcePort);
  if (line.way == Hook::Input && service_name(to).empty() && service_name(from).empty()) return "no service";
  if (to != 0 && to < kServicePorts) return fmt::format("to {}", to);
  if (from != 0 && from < kServicePorts) return fmt::format("from {}", from);
  return "high";
}

std::string key_of(const LoggedPacket& line, bool scan) {
  const PacketValues& values = line.seen.packet.values;
  const IpAddress to = values.address(Field::DestinationAddress);
  const bool flags = values.is_known(Field::TcpFlags), icmp = values.is_known(Field::IcmpTypeCode);
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}", line.prefix, line.in, line.out, line.seen.packet.protocol(),
                     flags ? values.number<unsigned>(Field::TcpFlags) + 1 : 0,
                     icmp ? values.number<unsigned>(Field::IcmpTypeCode) + 1 : 0,
                     is_multicast(to) || is_broadcast(to) || line.broadcast_frame, scan ? "scan" : port_key(line));
}

struct Tally {
  LineGroup group;
  std::set<FieldValue> sources, destinations, ports;
};

void count(std::set<FieldValue>& seen, const PacketValues& values, Field field) {
  if (values.is_known(field) && seen.size() < kPasteLimits.distinct_max) seen.insert(values.value(field));
}

void count_line(Tally& tally, const LoggedPacket& line) {
  const PacketValues& values = line.seen.packet.values;
  count(tally.sources, values, Field::SourceAddress);
  count(tally.destinations, values, Field::DestinationAddress);
  count(tally.ports, values, line.way == Hook::Output && tally.group.scan ? Field::SourcePort : Field::DestinationPort);
  tally.group.last_time = line.time;
}

}  // namespace

PastedText read_pasted_text(std::string_view text) {
  PastedText pasted;
  Scanners scanners;
  for_each_line(text, [&](std::string_view line) {
    if (line.size() > kPasteLimits.line_bytes_max) return;
    if (const auto read = read_logged_packet(line)) scanners.see(*read);
  });
  std::unordered_map<std::string, std::size_t> by_key;
  std::vector<Tally> tallies;
  CaptureText capture;
  std::string rules_behind;
  for_each_line(text, [&](std::string_view line) {
    ++pasted.lines;
    if (line.size() > kPasteLimits.line_bytes_max) return void(++pasted.long_lines);
    if (says_table_full(line)) return void(++pasted.table_full);
    auto read = read_logged_packet(line);
    if (!read) {
      std::string& rules = pasted.log_lines == 0 ? pasted.rules : rules_behind;
      if (!capture.take(line) && is_rule_line(line) && rules.size() + line.size() < kPasteLimits.rules_bytes_max)
        rules += std::string(line) + "\n";
      return;
    }
    ++pasted.log_lines;
    const bool scan = scanners.is_one(*read);
    const std::string key = key_of(*read, scan);
    const auto known = by_key.find(key);
    if (known != by_key.end()) {
      ++tallies[known->second].group.lines;
      return count_line(tallies[known->second], *read);
    }
    if (tallies.size() >= kPasteLimits.groups_max) return void(++pasted.lines_left_out);
    by_key.emplace(key, tallies.size());
    Tally& tally = tallies.emplace_back();
    tally.group.scan = scan;
    tally.group.number = pasted.lines;
    count_line(tally, *read);
    tally.group.first = std::move(*read);
  });
  for (Tally& tally : tallies) {
    tally.group.sources = std::max<std::size_t>(1, tally.sources.size());
    tally.group.destinations = std::max<std::size_t>(1, tally.destinations.size());
    tally.group.ports = std::max<std::size_t>(1, tally.ports.size());
    pasted.groups.push_back(std::move(tally.group));
  }
  std::ranges::stable_sort(pasted.groups, std::greater<>(), &LineGroup::lines);
  if (pasted.rules.empty()) pasted.rules = std::move(rules_behind);
  pasted.captured = capture.finish();
  pasted.captured_left_out = capture.left_out();
  return pasted;
}

}  // namespace mailweir::rules
