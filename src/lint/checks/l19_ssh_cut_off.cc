#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/ssh.h"
#include "lint/subject.h"
#include "lint/usual_packets.h"

namespace mailweir::rules {
namespace {

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
  if (subject.packet_that(Played::End::Passes, box, Way::In, v4)) return;
  if (accepts_ssh(subject, v4) != nullptr) return;  // there is a rule for it, and it does not work: another check's
  const auto packet = sample_packet(box, Way::In, v4);
  const auto chain = subject.main_chain(Way::In, v4);
  if (!packet || !chain) return;
  const Played played = subject.stage().play(*packet, Way::In);
  if (played.end != Played::End::Stopped) return;
  Finding& finding = subject.add(
      runs ? Confidence::Replayed : Confidence::Heuristic, *chain,
      "nobody can open an ssh connection to this machine: there is no rule that accepts port 22, from anywhere");
  finding.severity = runs ? Severity::Error : Severity::Warning;
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
        "listens on this "
        "machine, a warning for a file, for it may listen elsewhere. Lists of ports that are stopped outward often "
        "hold 22 "
        "by mistake; then the machine reaches no other one.",
    .wrong = {.rules = "-A OUTPUT -p tcp --dport 21:25 -j DROP\n"},
    .right = {.rules = "-A OUTPUT -p tcp --dport 25 -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
