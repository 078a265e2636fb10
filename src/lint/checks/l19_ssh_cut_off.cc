#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "lint/ssh.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

// Ports of services that are no ssh.
constexpr std::array<std::uint16_t, 12> kServices{21, 25, 53, 80, 110, 143, 443, 465, 587, 993, 995, 4190};

struct Offered {
  bool services = false;                    // strangers may open TCP connections to some port
  std::optional<std::uint16_t> may_be_ssh;  // a port nobody knows: ssh may have been moved there
};

Offered offered_ports(LintSubject& subject, bool v4) {
  Offered offered;
  PacketBox box = from_elsewhere(Way::In).intersected(in_state(ConnectionState::New));
  box.constrain(FieldValues{Field::Protocol, IntervalSet::single(kTcp), false});
  for (const RulePlace& place : subject.filtering_rules(Hook::Input, v4)) {
    const PacketBox& accepted = subject.spaces().space_of(*place.rule).box;
    if (effect_of(*place.rule) != Effect::Accept || !accepted.meets(box)) continue;
    if (!accepted.is_constrained(Field::DestinationPort)) continue;
    const FieldValues ports = accepted.at(Field::DestinationPort);
    for (const Interval& interval : ports.values.intervals()) {
      if (interval.first != interval.last) continue;
      const auto port = static_cast<std::uint16_t>(interval.first);
      offered.services = true;
      if (std::ranges::find(kServices, port) == kServices.end()) offered.may_be_ssh = port;
    }
  }
  return offered;
}

void incoming(LintSubject& subject, bool v4) {
  if (!subject.is_complete() || !subject.filters(Way::In, v4) || !subject.denies_by_default(Way::In, v4)) return;
  const LiveFacts* machine = subject.machine();
  const bool runs = machine != nullptr && std::ranges::any_of(machine->open_ports, [](const LiveFacts::OpenPort& port) {
                      return port.port == kSshPort;
                    });
  if (machine != nullptr && !runs) return;
  // On an IPv6 side nobody uses, being cut off is no harm.
  if (!v4 && subject.filters(Way::In, true)) return;
  const PacketBox box = packets_to(kTcp, kSshPort, ConnectionState::New, Way::In);
  if (!subject.none_passes(box, Way::In, v4)) return;
  if (accepts_ssh(subject, v4) != nullptr) return;  // there is a rule for it, and it does not work: another check's
  const auto packet = sample_packet(box, Way::In, v4);
  const auto chain = subject.main_chain(Way::In, v4);
  if (!packet || !chain) return;
  const Played played = subject.stage().play(*packet, Way::In);
  if (played.end != Played::End::Stopped) return;
  const Offered offered = offered_ports(subject, v4);
  std::string text =
      "nobody can open an ssh connection to this machine: there is no rule that accepts port 22, from anywhere";
  if (!runs && offered.may_be_ssh) text += fmt::format(" (unless ssh listens at port {})", *offered.may_be_ssh);
  if (!runs && !offered.services) text += "; none opens another port to strangers either, so that may be meant";
  Finding& finding = subject.add(runs ? Confidence::Replayed : Confidence::Heuristic, *chain, std::move(text));
  finding.severity = runs                                      ? Severity::Error
                     : offered.services && !offered.may_be_ssh ? Severity::Warning
                                                               : Severity::Info;
  finding.witness = subject.stage().witness(*packet, Way::In, played);
  finding.fix = "accept port 22, or the port that is used instead, from where you work";
}

// A rule that stops ssh going out, where other things pass.
void outgoing(LintSubject& subject, bool v4) {
  if (!subject.filters(Way::Out, v4) || subject.denies_by_default(Way::Out, v4)) return;
  const PacketBox box = packets_to(kTcp, kSshPort, ConnectionState::New, Way::Out);
  const auto packet = sample_packet(box, Way::Out, v4);
  if (!packet) return;
  const Played played = subject.stage().play(*packet, Way::Out);
  const Rule* rule = played.fate().rule;
  if (played.end != Played::End::Stopped || rule == nullptr) return;
  const auto place = std::ranges::find(subject.rules(), rule, &RulePlace::rule);
  if (place == subject.rules().end()) return;
  Finding& finding = subject.add(
      Confidence::Replayed, *place,
      "this machine can open no ssh connection: git over ssh, backups and jumps to other machines end here");
  finding.severity = Severity::Warning;
  finding.witness = subject.stage().witness(*packet, Way::Out, played);
  finding.fix = "remove it, unless ssh going out is to be stopped";
}

void run(LintSubject& subject) {
  for (const bool v4 : {true, false}) {
    incoming(subject, v4);
    outgoing(subject, v4);
  }
}

}  // namespace

const Check l19{
    .number = "L19",
    .id = "ssh-cut-off",
    .severity = Severity::Error,
    .confidence = Confidence::Heuristic,
    .meaning = "no ssh connection can be opened to this machine, or from it",
    .why =
        "Rules that deny by default and forget port 22 lock out whoever loads them from afar: an error where ssh "
        "listens on this machine; of a file, for it may listen elsewhere, a warning where other services are let in, "
        "and a remark where nothing is (a desktop) or a port that may be ssh's. Lists of ports that are stopped "
        "outward often hold 22 by mistake; then the machine reaches no other one.",
    .wrong = {.rules = "-A OUTPUT -p tcp --dport 21:25 -j DROP\n"},
    .right = {.rules = "-A OUTPUT -p tcp --dport 25 -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
