#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/packet_kinds.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

void run(LintSubject& subject) {
  if (subject.machine() == nullptr) return;
  for (const LiveFacts::OpenPort& port : subject.machine()->open_ports) {
    if (port.proxy.empty()) continue;
    for (const bool v4 : {true, false}) {
      // Who listens at [::] mostly hears IPv4 too.
      const bool both = port.address.is_unspecified() && !port.address.is_v4();
      if (!both && port.address.is_v4() != v4) continue;
      const PacketBox box = packets_to(port.protocol, port.port, ConnectionState::New, Way::In);
      const auto packet = sample_packet(box, Way::In, v4);
      if (!packet) continue;
      const Played played = subject.stage().play(*packet, Way::In);
      if (played.end != Played::End::Passes) continue;
      const bool proved = port.takes_strangers.value_or(false);
      if (port.takes_strangers && !proved) break;  // it asks who they are
      Finding& finding = subject.add(
          proved ? Confidence::Replayed : Confidence::Heuristic, subject.main_chain(Way::In, v4).value_or(RulePlace{}),
          fmt::format(
              "port {} ({}) can be reached by everybody{}: spam is sent through such ports, in this machine's name",
              port.port, port.proxy, proved ? ", and lets strangers through without a password" : ""));
      finding.severity = proved ? Severity::Error : Severity::Warning;
      finding.witness = subject.stage().witness(*packet, Way::In, played);
      finding.fix = fmt::format("accept port {} only from those who are to use it", port.port);
      break;
    }
  }
}

LiveFacts open_socks() {
  LiveFacts facts;
  facts.addresses = {{"eth0", *IpAddress::parse("203.0.113.5")}};
  facts.open_ports = {{*IpAddress::parse("0.0.0.0"), 1080, 6, "SOCKS", true}};
  return facts;
}

}  // namespace

const Check l51{
    .number = "L51",
    .id = "open-proxy-port",
    .severity = Severity::Error,
    .confidence = Confidence::Heuristic,
    .meaning = "a proxy of this machine can be reached by everybody",
    .why =
        "Proxies on public addresses are found within hours, and mass mail is sent through them; the machine's owner "
        "gets the complaint. An error where the proxy, asked, took a stranger; a warning where only the port says what "
        "it is. A mail server that is reached at port 25 is no finding: that is how mail arrives, and whether it "
        "relays for strangers cannot be told without sending mail to others. Its own logs and a relay test from "
        "outside tell. On the live machine only.",
    .wrong = {.rules = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n", .machine = open_socks},
    .right = {.rules = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 1080 ! -s 192.0.2.0/24 -j DROP\n",
              .machine = open_socks},
    .run = run,
};

}  // namespace mailweir::rules
