#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

constexpr std::size_t kPortsMax = 200;

using ProtocolPort = std::pair<std::uint8_t, std::uint16_t>;

// Ports that rules for that hook name one by one.
std::set<ProtocolPort> named_ports(LintSubject& subject, Hook hook) {
  std::set<ProtocolPort> ports;
  for (const RulePlace& place : subject.rules()) {
    const auto hooks = subject.hooks_of(*place.chain);
    if (std::ranges::find(hooks, hook) == hooks.end()) continue;
    const PacketBox& box = subject.spaces().space_of(*place.rule).box;
    const FieldValues named = box.at(Field::DestinationPort);
    if (named.absent || box.is_constrained(Field::SourceAddress) || box.is_constrained(Field::DestinationAddress))
      continue;
    for (const std::uint8_t protocol : {kTcp, kUdp})
      for (const Interval& interval : named.values.intervals())
        if (interval.first == interval.last && box.at(Field::Protocol).values.contains(protocol) &&
            ports.size() < kPortsMax)
          ports.emplace(protocol, static_cast<std::uint16_t>(interval.first));
  }
  return ports;
}

std::string port_list(const std::vector<ProtocolPort>& ports) {
  std::string text;
  for (std::size_t i = 0; i != ports.size(); ++i) {
    if (i == 8) return text + fmt::format(" and {} more", ports.size() - i);
    text += fmt::format("{}{}{}", i == 0 ? "" : ", ", ports[i].second, ports[i].first == kUdp ? "/udp" : "");
  }
  return text;
}

void compare(LintSubject& subject, Way way, Hook hook) {
  if (!subject.filters(way, true) || !subject.filters(way, false)) return;
  if (subject.denies_by_default(way, true) != subject.denies_by_default(way, false))
    return;  // differ on purpose, or L24
  std::vector<ProtocolPort> only_v4, only_v6;
  std::optional<Witness> witness;
  for (const auto& [protocol, port] : named_ports(subject, hook)) {
    const PacketBox box = packets_to(protocol, port, ConnectionState::New, way);
    Played::End ends[2] = {};
    std::optional<Witness> seen;
    for (const bool v4 : {true, false}) {
      const auto packet = sample_packet(box, way, v4);
      if (!packet) return;
      const Played played = subject.stage().play(*packet, way);
      ends[v4 ? 0 : 1] = played.end;
      if (!v4) seen = subject.stage().witness(*packet, way, played);
    }
    if (ends[0] == Played::End::Depends || ends[1] == Played::End::Depends || ends[0] == ends[1]) continue;
    (ends[0] == Played::End::Passes ? only_v4 : only_v6).emplace_back(protocol, port);
    if (!witness) witness = seen;
  }
  const auto chain = subject.main_chain(way, false);
  if (!chain || (only_v4.empty() && only_v6.empty())) return;
  std::string text;
  if (!only_v4.empty()) text += fmt::format("port {} passes over IPv4 and not over IPv6", port_list(only_v4));
  if (!only_v6.empty())
    text += fmt::format("{}port {} passes over IPv6 and not over IPv4", text.empty() ? "" : "; ", port_list(only_v6));
  Finding& finding = subject.add(Confidence::Replayed, *chain, std::move(text));
  finding.witness = witness;
  finding.fix = "give both families the same rules for ports; in an inet table ask for no family";
}

void run(LintSubject& subject) {
  compare(subject, Way::In, Hook::Input);
  compare(subject, Way::Through, Hook::Forward);
  compare(subject, Way::Out, Hook::Output);
}

}  // namespace

const Check l25{
    .number = "L25",
    .id = "twin-missing",
    .severity = Severity::Warning,
    .confidence = Confidence::Replayed,
    .meaning = "a port passes over one family and not over the other",
    .why =
        "Two files that were changed one at a time, or `ip protocol tcp` in an inet table, which is true of IPv4 only. "
        "A mail port that is closed over IPv4 alone is open.",
    .wrong = {.rules = "-A OUTPUT -p tcp --dport 110 -j DROP\n-A OUTPUT -p tcp --dport 143 -j DROP\n",
              .rules_v6 = "-A OUTPUT -p tcp --dport 110 -j DROP\n-A OUTPUT -p tcp --dport 993 -j DROP\n"},
    .right = {.rules = "-A OUTPUT -p tcp --dport 110 -j DROP\n", .rules_v6 = "-A OUTPUT -p tcp --dport 110 -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
