#include "simulate/simulator.h"

#include <algorithm>
#include <utility>

#include "simulate/translation.h"

namespace mailweir::rules {

namespace {

// RTN_* of linux/rtnetlink.h, PACKET_* of linux/if_packet.h.
constexpr FieldValue kUnicast = 1, kLocal = 2, kBroadcast = 3, kMulticast = 5;
constexpr FieldValue kToHost = 0, kToAll = 1, kToGroup = 2, kLoopback = 5;

constexpr std::string_view kTooManyPackets = "more than 32 packets come of one (packets_max)";
static_assert(Simulator::kPacketsMax == 32, "the text above says so");

const FieldValue kLo = interface_value("lo");

FieldValue route_type(const SimulatedMachine& machine, const IpAddress& address) {
  if (is_broadcast(address)) return kBroadcast;
  if (is_multicast(address)) return kMulticast;
  return machine.is_local(address) ? kLocal : kUnicast;
}

bool is_made_by_icmp_socket(const std::optional<KernelAnswer>& answer) { return answer && answer->by_icmp_socket; }

PacketFate::Kind kind_of(ChainEnd::Kind end) {
  switch (end) {
    case ChainEnd::Kind::Reject:
      return PacketFate::Kind::Rejected;
    case ChainEnd::Kind::Unknown:
      return PacketFate::Kind::Unknown;
    case ChainEnd::Kind::TooLong:
      return PacketFate::Kind::TooLong;
    default:
      return PacketFate::Kind::Dropped;
  }
}

}  // namespace

std::string_view name_of(PacketFate::Kind kind) {
  switch (kind) {
    case PacketFate::Kind::Delivered:
      return "delivered";
    case PacketFate::Kind::Sent:
      return "sent";
    case PacketFate::Kind::Dropped:
      return "dropped";
    case PacketFate::Kind::Rejected:
      return "rejected";
    case PacketFate::Kind::NotRouted:
      return "not routed";
    case PacketFate::Kind::Expired:
      return "expired";
    case PacketFate::Kind::Unknown:
      return "unknown";
    case PacketFate::Kind::TooLong:
      return "too long";
  }
  return "unknown";
}

// One packet on its way.
struct Simulator::Passage {
  std::size_t fate = 0;  // index; the packet is there
  Tracked tracked{};
  bool attached = false;    // conntrack has seen it, or it was born into a connection
  bool untracked = false;   // by NOTRACK
  bool no_notrack = false;  // born into what its cause was to conntrack, be it nothing: NOTRACK passes it over
  bool arriving = false;
  bool by_icmp_socket = false;
  Narrowings narrowings{};
  FieldValue way_out = 0;  // the person says where it leaves; 0: routing does
};

// All that comes of one packet.
class Simulator::Run {
 public:
  Run(Simulator& simulator, Time now, Choices& choices, bool trace)
      : simulator_(simulator), now_(now), choices_(choices), trace_(trace) {}

  void receive(Passage passage);
  void send(Passage passage);
  Passage begin(const SimulatedPacket& packet, std::optional<std::size_t> cause = {},
                KernelAnswer::Maker maker = KernelAnswer::Maker::RejectRule);
  std::vector<PacketFate> take() { return std::move(fates_); }

 private:
  [[nodiscard]] bool pass(Hook hook, Passage& passage);
  [[nodiscard]] bool walk(std::uint32_t chain, Hook hook, Passage& passage, ChainEnd& end);
  [[nodiscard]] bool translate(const HookStep& step, Hook hook, Passage& passage);
  void track(Passage& passage);
  void show(Passage& passage);
  void deliver(Passage& passage);
  void forward(Passage& passage);
  void post(Passage& passage);
  void finish(Passage& passage, PacketFate::Kind kind, Hook hook, const ChainEnd& end = {});
  void answer(const Passage& to, std::optional<KernelAnswer> answer);
  [[nodiscard]] Connection* connection_of(const Passage& passage);
  // Stays where it is until the next begin().
  [[nodiscard]] SimulatedPacket& packet_of(const Passage& passage) { return fates_[passage.fate].packet; }

  Simulator& simulator_;
  Time now_;
  Choices& choices_;
  bool trace_;
  std::vector<PacketFate> fates_;
};

Connection* Simulator::Run::connection_of(const Passage& passage) {
  return passage.tracked.connection ? &simulator_.connections_.at(*passage.tracked.connection) : nullptr;
}

Simulator::Passage Simulator::Run::begin(const SimulatedPacket& packet, std::optional<std::size_t> cause,
                                         KernelAnswer::Maker maker) {
  PacketFate& fate = fates_.emplace_back(packet);
  fate.cause = cause;
  fate.maker = maker;
  Passage passage{.fate = fates_.size() - 1};
  if (!cause) passage.narrowings = simulator_.narrowings_;
  return passage;
}

void Simulator::Run::finish(Passage& passage, PacketFate::Kind kind, Hook hook, const ChainEnd& end) {
  PacketFate& fate = fates_[passage.fate];
  fate.kind = kind;
  fate.hook = hook;
  fate.state = connection_state_of(fate.packet.values.value(Field::ConnectionState));
  fate.rule = end.rule;
  fate.chain = end.chain;
  fate.limit = end.limit;
}

void Simulator::Run::show(Passage& passage) {
  show_connection(passage.tracked, connection_of(passage), packet_of(passage).values);
}

void Simulator::Run::track(Passage& passage) {
  if (packet_of(passage).asserted_state) {
    packet_of(passage).values.set(Field::ConnectionState, connection_state_value(*packet_of(passage).asserted_state));
    passage.tracked.state = *packet_of(passage).asserted_state;
    passage.attached = true;
    return;
  }
  if (passage.untracked)
    passage.tracked = {ConnectionState::Untracked, std::nullopt, false};
  else if (!passage.attached)
    passage.tracked = simulator_.connections_.track(packet_of(passage), passage.arriving, now_);
  passage.attached = true;
  show(passage);
}

bool Simulator::Run::walk(std::uint32_t chain, Hook hook, Passage& passage, ChainEnd& end) {
  Connection* connection = connection_of(passage);
  std::optional<std::uint32_t> mark;
  if (connection != nullptr) mark = connection->mark;
  bool untracked = false;
  end = Walk({.program = simulator_.program_,
              .memory = &simulator_.memory_,
              .choices = &choices_,
              .narrowings = &passage.narrowings,
              .notebook = trace_ ? &fates_[passage.fate].notes : nullptr,
              .connection_mark = &mark,
              .untracked = &untracked,
              .now = now_},
             hook, packet_of(passage))
            .run(chain);
  if (connection != nullptr && mark) connection->mark = *mark;
  if (untracked && !passage.attached && !passage.no_notrack) passage.untracked = true;
  return end.kind == ChainEnd::Kind::Accept || end.kind == ChainEnd::Kind::Translate;
}

bool Simulator::Run::translate(const HookStep& step, Hook hook, Passage& passage) {
  Connection* connection = connection_of(passage);
  if (connection == nullptr) return true;
  const Manipulation manipulation = manipulation_at(hook);
  const bool undecided = passage.tracked.state == ConnectionState::New ||
                         (passage.tracked.state == ConnectionState::Related &&
                          !packet_of(passage).quoted);  // ICMP errors follow, they do not decide
  if (undecided && !is_settled(*connection, manipulation)) {
    for (const std::uint32_t chain : step.nat_chains) {
      ChainEnd end;
      if (!walk(chain, hook, passage, end)) {
        finish(passage, kind_of(end.kind), hook, end);
        return false;
      }
      if (end.kind != ChainEnd::Kind::Translate) continue;
      if (!settle(*connection, manipulation, end.nat, simulator_.machine_, packet_of(passage).values)) {
        finish(passage, PacketFate::Kind::Dropped, hook, end);
        return false;
      }
      break;
    }
    (void)settle(*connection, manipulation, nullptr, simulator_.machine_, packet_of(passage).values);
    if (manipulation == Manipulation::Source && !connection->confirmed &&
        simulator_.connections_.is_taken(connection->reply)) {
      draw_port(*connection, simulator_.connections_);
      fates_[passage.fate].guessed = true;
    }
  }
  if (!connection->source_translated && !connection->destination_translated) return true;
  rules::translate(*connection, manipulation, passage.tracked.reply, packet_of(passage));
  PacketValues& values = packet_of(passage).values;
  values.set(Field::SourceType, route_type(simulator_.machine_, values.address(Field::SourceAddress)));
  values.set(Field::DestinationType, route_type(simulator_.machine_, values.address(Field::DestinationAddress)));
  show(passage);
  return true;
}

bool Simulator::Run::pass(Hook hook, Passage& passage) {
  for (const HookStep& step : simulator_.program_->steps_at(packet_of(passage).is_v4(), hook)) {
    ChainEnd end;
    switch (step.kind) {
      case HookStep::Kind::Track:
        track(passage);
        break;
      case HookStep::Kind::Translate:
        if (!translate(step, hook, passage)) return false;
        break;
      case HookStep::Kind::Confirm:
        // A reset or error that REJECT attached to a connection goes the other way and confirms nothing.
        if (passage.tracked.connection && !passage.tracked.reply)
          simulator_.connections_.confirm(*passage.tracked.connection, now_);
        if (const Connection* connection = connection_of(passage); connection != nullptr)
          show_status(*connection, packet_of(passage).values);
        break;
      case HookStep::Kind::Chain:
        if (walk(step.chain, hook, passage, end)) break;
        finish(passage, kind_of(end.kind), hook, end);
        if (end.reject != nullptr) {
          auto made = answer_of_reject(*end.reject, packet_of(passage), passage.by_icmp_socket);
          // Of one that is not in the table yet nothing changes: an error about the reset may still put it there.
          Connection* connection = connection_of(passage);
          if (made && made->packet.protocol() == kTcp && connection != nullptr && connection->confirmed)
            connection->tcp.set_closing();
          answer(passage, std::move(made));
        }
        return false;
    }
  }
  return true;
}

// The packet that answers goes out before the rest of the way of what it answers, as it does in the kernel.
void Simulator::Run::answer(const Passage& to, std::optional<KernelAnswer> made) {
  if (!made || !simulator_.machine_.answers) return;
  if (fates_.size() >= kPacketsMax) {
    fates_[to.fate].kind = PacketFate::Kind::TooLong;
    fates_[to.fate].limit = kTooManyPackets;
    return;
  }
  // An error about a packet that was not for us comes from the address we have towards its sender (icmp.c,
  // __icmp_send).
  if (made->packet.quoted && !simulator_.machine_.is_local(made->packet.values.address(Field::SourceAddress))) {
    const IpAddress sender = made->packet.values.address(Field::DestinationAddress);
    const auto way = simulator_.machine_.route(sender);
    const auto own = !way           ? std::nullopt
                     : *way == "lo" ? std::optional(sender)
                                    : simulator_.machine_.source_address(*way, made->packet.is_v4());
    if (own) made->packet.values.set(Field::SourceAddress, *own);
  }
  Passage passage = begin(made->packet, to.fate, made->maker);
  passage.by_icmp_socket = is_made_by_icmp_socket(made);
  if (packet_of(to).asserted_state) {
    // Nothing is known but the state the person gave; it is inherited as in the kernel.
    const bool none = *packet_of(to).asserted_state == ConnectionState::Invalid ||
                      *packet_of(to).asserted_state == ConnectionState::Untracked;
    packet_of(passage).asserted_state = none             ? ConnectionState::Invalid
                                        : made->inherits ? ConnectionState::Related
                                                         : ConnectionState::Established;
  } else if (made->inherits && to.tracked.state == ConnectionState::Untracked) {
    passage.no_notrack = true;  // nf_ct_attach marks it, and conntrack then looks for a connection all the same
  } else if (made->inherits && to.tracked.connection) {
    passage.tracked = {ConnectionState::Related, to.tracked.connection, !to.tracked.reply};
    passage.attached = true;
  }
  send(std::move(passage));
}

void Simulator::Run::receive(Passage passage) {
  const SimulatedMachine& machine = simulator_.machine_;
  PacketValues& values = packet_of(passage).values;
  const bool looped = values.value(Field::InputInterface) == kLo;
  passage.arriving = !looped;
  passage.way_out = looped ? 0 : values.value(Field::OutputInterface);
  values.set(Field::OutputInterface, 0);
  const IpAddress first = values.address(Field::DestinationAddress);
  values.set(Field::PacketType, looped                ? kLoopback
                                : is_broadcast(first) ? kToAll
                                : is_multicast(first) ? kToGroup
                                                      : kToHost);
  values.set(Field::SourceType, route_type(machine, values.address(Field::SourceAddress)));
  values.set(Field::DestinationType, route_type(machine, first));
  if (!pass(Hook::Prerouting, passage)) return;
  const IpAddress destination = values.address(Field::DestinationAddress);
  values.set(Field::DestinationType, route_type(machine, destination));
  // A packet that came over lo has been routed before it was sent.
  if (looped) return deliver(passage);
  if (passage.way_out != 0) return forward(passage);
  const bool here = values.is_known(Field::DestinationAddress)
                        ? machine.is_local(destination) || is_broadcast(destination) || is_multicast(destination)
                        : choices_.choose("the packet is for this machine");
  here ? deliver(passage) : forward(passage);
}

void Simulator::Run::deliver(Passage& passage) {
  const bool established = passage.tracked.state == ConnectionState::Established;
  if (!pass(Hook::Input, passage)) return;
  finish(passage, PacketFate::Kind::Delivered, Hook::Input);
  answer(passage, answer_of_delivery(simulator_.machine_, packet_of(passage), established));
}

void Simulator::Run::forward(Passage& passage) {
  PacketValues& values = packet_of(passage).values;
  const std::optional<std::string> out = passage.way_out != 0
                                             ? interface_name(passage.way_out)
                                             : simulator_.machine_.route(values.address(Field::DestinationAddress));
  if (!simulator_.machine_.forwarding) return finish(passage, PacketFate::Kind::NotRouted, Hook::Prerouting);
  if (!out) {
    finish(passage, PacketFate::Kind::NotRouted, Hook::Prerouting);
    return answer(passage, answer_of_routing(KernelAnswer::Maker::NoRoute, packet_of(passage)));
  }
  if (values.is_known(Field::Ttl) && values.value(Field::Ttl) <= 1) {
    finish(passage, PacketFate::Kind::Expired, Hook::Prerouting);
    return answer(passage, answer_of_routing(KernelAnswer::Maker::HopLimit, packet_of(passage)));
  }
  if (values.is_known(Field::Ttl)) values.set(Field::Ttl, values.value(Field::Ttl) - 1);
  values.set(Field::OutputInterface, interface_value(*out));
  if (pass(Hook::Forward, passage)) post(passage);
}

void Simulator::Run::send(Passage passage) {
  const SimulatedMachine& machine = simulator_.machine_;
  PacketValues& values = packet_of(passage).values;
  values.set(Field::InputInterface, 0);
  // What is not known takes the way of most addresses.
  const auto route = [&] {
    const bool known = values.is_known(Field::DestinationAddress);
    return machine.route(known || !packet_of(passage).is_v4() ? values.address(Field::DestinationAddress)
                                                              : IpAddress::v4(0));
  };
  if (values.value(Field::OutputInterface) == 0) {
    const std::optional<std::string> out = route();
    // Nothing leaves the machine from 127.0.0.0/8 (route.c, __mkroute_output()).
    const bool from_loopback = packet_of(passage).is_v4() && is_loopback(values.address(Field::SourceAddress));
    if (!out || (from_loopback && *out != "lo")) return finish(passage, PacketFate::Kind::NotRouted, Hook::Output);
    values.set(Field::OutputInterface, interface_value(*out));
  }
  values.set(Field::PacketType, kToHost);
  values.set(Field::SourceType, route_type(machine, values.address(Field::SourceAddress)));
  values.set(Field::DestinationType, route_type(machine, values.address(Field::DestinationAddress)));
  const IpAddress wanted = values.address(Field::DestinationAddress);
  if (!pass(Hook::Output, passage)) return;
  if (values.address(Field::DestinationAddress) != wanted) {
    if (const auto out = route()) values.set(Field::OutputInterface, interface_value(*out));
  }
  post(passage);
}

void Simulator::Run::post(Passage& passage) {
  PacketValues& values = packet_of(passage).values;
  if (!pass(Hook::Postrouting, passage)) return;
  if (values.value(Field::OutputInterface) != kLo) return finish(passage, PacketFate::Kind::Sent, Hook::Postrouting);
  // Over lo it comes back at once, with its connection and its mark.
  values.set(Field::InputInterface, values.value(Field::OutputInterface));
  values.set_absent(Field::SocketUser);
  values.set_absent(Field::SocketGroup);
  passage.by_icmp_socket = false;
  // An INVALID packet carries nothing that says that conntrack has seen it: NOTRACK takes it, and conntrack looks anew.
  if (passage.tracked.state == ConnectionState::Invalid && !packet_of(passage).asserted_state)
    passage.attached = passage.no_notrack = false;
  receive(std::move(passage));
}

Simulator::Simulator(const Program& program, SimulatedMachine machine, bool from_rest)
    : program_(&program), machine_(std::move(machine)), connections_(machine_.connections) {
  memory_.from_rest = from_rest;
  memory_.counters.resize(program.counters());
}

std::vector<PacketFate> Simulator::receive(const SimulatedPacket& packet, Time now, Choices& choices, bool trace) {
  Run run(*this, now, choices, trace);
  run.receive(run.begin(packet));
  return run.take();
}

std::vector<PacketFate> Simulator::send(const SimulatedPacket& packet, Time now, Choices& choices, bool trace) {
  Run run(*this, now, choices, trace);
  run.send(run.begin(packet));
  return run.take();
}

}  // namespace mailweir::rules
