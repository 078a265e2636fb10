// How many packets a second does the simulator follow, and how does that fall with the number of rules?
//
// usage: simulate [--gate] [--rules=N]      N: only that many rules
// Target: a million packets per second and core on a ruleset of 100 rules.
//
// Processor time, best of up to five. Three kinds of ruleset: a list of addresses that no packet is in, which is
// searched; what a host has, states first, then ports; and networks with ranges of ports, where every rule is asked
// about every packet. How long rules take to read: read_rules.
#include <fmt/format.h>

#include <algorithm>

#include "bench/support/report.h"
#include "record/packet_sighting.h"
#include "ruleset/read_ruleset.h"
#include "simulate/simulator.h"

namespace {

using namespace mailweir;
using namespace mailweir::rules;

constexpr double kTarget = 1e6;
constexpr double kEnough_s = 4;  // of one ruleset: chance is small against that

// Nobody in it; the last rule takes what is left.
std::string list_of_addresses(std::size_t rules) {
  std::string text = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";
  for (std::size_t i = 0; i + 1 < rules; ++i)
    text += fmt::format("-A INPUT -s 10.{}.{}.{}/32 -p tcp -m tcp --dport 25 -j DROP\n", i >> 16 & 255, i >> 8 & 255,
                        i & 255);
  return text + "-A INPUT -j ACCEPT\nCOMMIT\n";
}

// Likewise, of networks; every second rule says no at its third match only.
std::string list_of_networks(std::size_t rules) {
  std::string text = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";
  for (std::size_t i = 0; i + 1 < rules; ++i)
    text += fmt::format("-A INPUT -s {}.{}.{}.0/{} -p tcp -m tcp --dport {}:{} -j DROP\n", i % 2 == 0 ? 10 : 203,
                        i % 2 == 0 ? i >> 8 & 255 : 0, i % 2 == 0 ? i & 255 : 113, i % 2 == 0 ? 24 : 16,
                        2000 + i % 60'000, 2003 + i % 60'000);
  return text + "-A INPUT -j ACCEPT\nCOMMIT\n";
}

// Established first, then ports: what most hosts have.
std::string list_of_ports(std::size_t rules) {
  std::string text =
      "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
      "-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";
  for (std::size_t i = 3; i < rules; ++i)
    text += fmt::format("-A INPUT -p tcp -m tcp --dport {} -m conntrack --ctstate NEW -j ACCEPT\n", 2000 + i % 60'000);
  return text + "-A INPUT -p tcp -m tcp --dport 25 -j ACCEPT\nCOMMIT\n";
}

SimulatedMachine machine() {
  SimulatedMachine made;
  made.interfaces = {{"eth0", {*IpAddress::parse("198.51.100.7")}}};
  made.routes = {{*IpPrefix::parse("0.0.0.0/0"), "eth0"}};
  made.open_tcp = {25};
  return made;
}

// New connections and packets of those there are, half and half; the machine answers none of them.
double packets_per_second(const std::string& text) {
  Diagnostics remarks;
  const Ruleset ruleset = read_iptables(text, {}, remarks);
  const Program program(ruleset);
  constexpr std::uint32_t kPackets = 100'000;
  double best = 1e9;
  SimulatedMachine silent = machine();
  silent.answers = false;
  std::vector<SimulatedPacket> packets;
  for (std::uint32_t i = 0; i != kPackets; ++i) {
    const std::uint32_t flow = i / 2;
    SimulatedPacket packet =
        tcp_packet(IpAddress::v4(0xcb007100 | (flow & 0xff)), static_cast<std::uint16_t>(1024 + flow % 50'000),
                   *IpAddress::parse("198.51.100.7"), 25, i % 2 == 0 ? tcp_flag::kSyn : tcp_flag::kAck);
    packet.values.set(Field::TcpSequence, i % 2 == 0 ? 1000 : 1001);
    packet.values.set(Field::InputInterface, interface_value("eth0"));
    packets.push_back(std::move(packet));
  }
  double spent = 0;
  for (int pass = 0; pass < 5 && spent < kEnough_s; ++pass) {
    Simulator simulator(program, silent);
    Choices choices;
    const std::int64_t start = bench::thread_cpu_ns();
    for (const SimulatedPacket& packet : packets) (void)simulator.receive(packet, Time{}, choices);
    const double took = 1e-9 * static_cast<double>(bench::thread_cpu_ns() - start);
    best = std::min(best, took);
    spent += took;
  }
  return kPackets / best;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report(argc, argv, "Packets a second through the simulator, by rules", {"gate", "rules"});
  fmt::print("{:>8}  {:>22}  {:>22}  {:>22}\n", "rules", "addresses, packets/s", "ports, packets/s",
             "networks, packets/s");
  double at_hundred = 0;
  for (const std::size_t rules : {10, 30, 100, 300, 1'000, 3'000, 10'000}) {
    if (report.has("rules") && report.number("rules", 0) != static_cast<double>(rules)) continue;
    const double addresses = packets_per_second(list_of_addresses(rules));
    const double ports = packets_per_second(list_of_ports(rules));
    const double networks = packets_per_second(list_of_networks(rules));
    if (rules == 100) at_hundred = std::min({addresses, ports, networks});
    fmt::print("{:>8}  {:>22.0f}  {:>22.0f}  {:>22.0f}\n", rules, addresses, ports, networks);
  }
  if (at_hundred > 0) report.target("a million packets a second and core on 100 rules", at_hundred >= kTarget);
  return report.exit_status();
}
