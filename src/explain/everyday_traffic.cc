#include "explain/everyday_traffic.h"

#include "record/packet_sighting.h"

namespace mailweir::rules {
namespace {

using namespace tcp_flag;

constexpr std::uint16_t kClientPort = 50'123;  // of nobody in particular
constexpr std::uint16_t kSsh = 22, kMail = 25, kDns = 53, kWeb = 443, kSubmission = 587, kDatabase = 3306;

constexpr std::size_t kWorldsMax = 8;  // of one flow; both rulesets are asked the same questions in the same order

// Documentation addresses (RFC 5737, RFC 3849): a stranger, and a client behind us.
IpAddress stranger(bool v4) { return v4 ? IpAddress::v4(0xc6336407) : IpAddress{0x20010db8ffff0000, 7}; }
IpAddress client(bool v4) { return v4 ? IpAddress::v4(0xac100746) : IpAddress{0x20010db800160000, 0x70}; }

class Traffic {
 public:
  Traffic(IpAddress own, std::string near, std::string far)
      : own_(own), near_(std::move(near)), far_(std::move(far)), v4_(own.is_v4()) {}

  std::vector<EverydayFlow> all(bool forwards) {
    in_tcp("ssh", kSsh);
    in_tcp("mail", kMail);
    in_tcp("web", kWeb);
    out_tcp("mail", kMail);
    out_tcp("mail", kSubmission);
    out_tcp("web", kWeb);
    out_tcp("ssh", kSsh);
    out_tcp("DNS over TCP", kDns);
    dns();
    established();
    loopback();
    if (forwards) through();
    return std::move(flows_);
  }

 private:
  EverydayFlow& begin(std::string_view group) {
    flows_.push_back({group, {}});
    return flows_.back();
  }
  void arrive(EverydayFlow& flow, SimulatedPacket packet, const std::string& in) {
    packet.values.set(Field::InputInterface, interface_value(in));
    flow.steps.push_back({std::move(packet), Entry::Receive});
  }
  static void leave(EverydayFlow& flow, SimulatedPacket packet) {
    flow.steps.push_back({std::move(packet), Entry::Send});
  }

  void in_tcp(std::string_view group, std::uint16_t port) {
    EverydayFlow& flow = begin(group);
    const IpAddress other = stranger(v4_);
    arrive(flow, tcp_packet(other, kClientPort, own_, port, kSyn), near_);
    leave(flow, tcp_packet(own_, port, other, kClientPort, kSyn | kAck));
    arrive(flow, tcp_packet(other, kClientPort, own_, port, kAck), near_);
    arrive(flow, tcp_packet(other, kClientPort, own_, port, kPsh | kAck), near_);
  }
  void out_tcp(std::string_view group, std::uint16_t port) {
    EverydayFlow& flow = begin(group);
    const IpAddress other = stranger(v4_);
    leave(flow, tcp_packet(own_, kClientPort, other, port, kSyn));
    arrive(flow, tcp_packet(other, port, own_, kClientPort, kSyn | kAck), near_);
    leave(flow, tcp_packet(own_, kClientPort, other, port, kAck));
  }
  void dns() {
    EverydayFlow& flow = begin("DNS");
    leave(flow, udp_packet(own_, kClientPort, stranger(v4_), kDns, 40));
    arrive(flow, udp_packet(stranger(v4_), kDns, own_, kClientPort, 200), near_);
  }
  // Whatever was open before the change: conntrack knows it, the rules see no more than that.
  void established() {
    EverydayFlow& flow = begin("established traffic");
    for (const std::uint16_t port : {kSsh, kMail, kWeb, std::uint16_t{40'000}}) {
      SimulatedPacket in = tcp_packet(stranger(v4_), kClientPort, own_, port, kPsh | kAck);
      SimulatedPacket out = tcp_packet(own_, port, stranger(v4_), kClientPort, kPsh | kAck);
      in.asserted_state = out.asserted_state = ConnectionState::Established;
      arrive(flow, in, near_);
      leave(flow, out);
    }
    SimulatedPacket error = icmp_packet(stranger(v4_), own_, v4_ ? 3 : 1, v4_ ? 3 : 4);
    error.asserted_state = ConnectionState::Related;
    arrive(flow, error, near_);
  }
  void loopback() {
    EverydayFlow& flow = begin("loopback");
    const IpAddress here = v4_ ? IpAddress::v4(0x7f000001) : IpAddress{0, 1};
    leave(flow, tcp_packet(here, kClientPort, here, kDatabase, kSyn));
    leave(flow, udp_packet(here, kClientPort, here, kDns, 40));
  }
  void through() {
    for (const std::uint16_t port : {kMail, kSubmission, kWeb, kSsh}) {
      EverydayFlow& flow = begin("forwarded traffic");
      const auto out = [&](std::uint8_t flags) {
        SimulatedPacket packet = tcp_packet(client(v4_), kClientPort, stranger(v4_), port, flags);
        packet.values.set(Field::OutputInterface, interface_value(far_));
        arrive(flow, packet, near_);
      };
      out(kSyn);
      SimulatedPacket answer = tcp_packet(stranger(v4_), port, client(v4_), kClientPort, kSyn | kAck);
      answer.values.set(Field::OutputInterface, interface_value(near_));
      arrive(flow, answer, far_);
      out(kAck);
    }
  }

  IpAddress own_;
  std::string near_, far_;
  bool v4_;
  std::vector<EverydayFlow> flows_;
};

}  // namespace

std::vector<EverydayFlow> everyday_traffic(const LoggedPacket& line, const SimulatedMachine& machine) {
  const auto& interface = machine.interfaces.front();
  return Traffic(interface.addresses.front(), interface.name, line.out.empty() ? interface.name : line.out)
      .all(line.way == Hook::Forward);
}

std::string verdicts_of(const Scene& scene, const EverydayFlow& flow) {
  SimulatedMachine machine = scene.machine;
  machine.answers = false;  // both sides' packets are in the flow
  const Simulator start(*scene.program, std::move(machine), false);
  std::string all;
  std::size_t worlds = 0;
  Choices choices;
  do {
    Simulator simulator = start;
    for (const EverydayFlow::Step& step : flow.steps) {
      const auto fates = step.entry == Entry::Receive ? simulator.receive(step.packet, Time{}, choices)
                                                      : simulator.send(step.packet, Time{}, choices);
      for (const PacketFate& fate : fates) {
        all += name_of(fate.kind);
        all += ' ';
      }
      if (is_stopped(fates.front())) break;  // nobody sends what would have come after
    }
  } while (++worlds < kWorldsMax && choices.next_world());
  return all;
}

}  // namespace mailweir::rules
