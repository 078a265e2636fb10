#include "proof/lockout.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/escape.h"
#include "record/packet_sighting.h"
#include "ruleset/print_ruleset.h"
#include "simulate/simulator.h"

namespace mailweir {
namespace {

using namespace rules;
using namespace tcp_flag;

constexpr std::uint16_t kSomePort = 50'000;  // of a client nobody knows: in the range most systems draw from

// How it ends in one world of what is unknown.
struct End {
  bool passes = true;
  PacketFate::Kind kind = PacketFate::Kind::Delivered;
  const Rule* rule = nullptr;
  const Chain* chain = nullptr;
  bool back = false;  // it was an answer that did not get out
};

struct Outcome {
  std::vector<End> ends;  // one per world
  std::vector<Assumption> unknown;

  [[nodiscard]] bool all_pass() const { return std::ranges::all_of(ends, &End::passes); }
  [[nodiscard]] bool some_pass() const { return std::ranges::any_of(ends, &End::passes); }
};

bool gets_through(const PacketFate& fate) {
  return fate.kind == PacketFate::Kind::Delivered || fate.kind == PacketFate::Kind::Sent;
}

// The packet itself, or what answers it, does not get where it should. Answers to answers are not looked at: a socket
// that the simulator does not know of takes those. Nor is a missing way back anybody's rule.
std::optional<End> first_stop(const std::vector<PacketFate>& fates) {
  for (const PacketFate& fate : fates)
    if (!gets_through(fate) && fate.cause.value_or(0) == 0 && fate.kind != PacketFate::Kind::NotRouted)
      return End{false, fate.kind, fate.rule, fate.chain, fate.cause.has_value()};
  return std::nullopt;
}

// The packets of one connection from outside, as the machine meets them.
class Conversation {
 public:
  Conversation(const WayIn& way, const SimulatedMachine& machine, bool v4, std::string interface)
      : way_(way), interface_(std::move(interface)) {
    const SshSession& session = way.session;
    known_ = session.client_port != 0;
    client_ = known_ ? session.client : v4 ? IpAddress::v4(0) : IpAddress{};
    client_port_ = known_ ? session.client_port : kSomePort;
    server_ = session.server.value_or(client_);
    from_here_ = known_ && machine.is_local(client_);
  }

  std::optional<End> login(Simulator& simulator, Choices& choices, Time now) const {
    if (auto end = towards_us(simulator, packet(true, kSyn, 1000, 0), choices, now)) return end;
    // Of somebody unknown it would have to be asked again who comes; and over lo both ends are here.
    if (!known_ || from_here_) return std::nullopt;
    return towards_us(simulator, packet(true, kAck, 1001, 1), choices, now);
  }
  // Who of the two speaks next decides for conntrack which way the connection goes.
  std::optional<End> go_on(Simulator& simulator, Choices& choices, Time now, bool we_speak_first) const {
    const SimulatedPacket theirs = of_session(packet(true, kAck | kPsh, 5000, 9000), 0);
    const SimulatedPacket ours = of_session(packet(false, kAck | kPsh, 9000, 5000), 1);
    for (const bool our_turn : {we_speak_first, !we_speak_first}) {
      if (auto end = our_turn ? from_us(simulator, ours, choices, now) : towards_us(simulator, theirs, choices, now))
        return end;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] SimulatedPacket packet(bool theirs, std::uint8_t flags, std::uint32_t sequence,
                                       std::uint32_t acknowledgement) const {
    const std::uint16_t server_port = way_.session.server_port;
    SimulatedPacket made = theirs ? tcp_packet(client_, client_port_, server_, server_port, flags)
                                  : tcp_packet(server_, server_port, client_, client_port_, flags);
    made.values.set(Field::TcpSequence, sequence);
    made.values.set(Field::TcpAcknowledgement, acknowledgement);
    if (!known_) made.values.set_unknown(theirs ? Field::SourceAddress : Field::DestinationAddress);
    return made;
  }

  // What conntrack knows of a session that has been going on for a while.
  [[nodiscard]] SimulatedPacket of_session(SimulatedPacket packet, FieldValue direction) const {
    if (!way_.tracked) return packet;
    packet.asserted_state = ConnectionState::Established;
    PacketValues& values = packet.values;
    values.set(Field::ConnectionDirection, direction);
    values.set(Field::ConnectionProtocol, kTcp);
    constexpr FieldValue kSeenReply = 2, kAssured = 4, kConfirmed = 8;
    values.set(Field::ConnectionStatus, kSeenReply | kAssured | kConfirmed);
    values.set(Field::ReplySource, server_);
    values.set(Field::ReplyDestination, client_);
    for (const Field nobody_told : {Field::ConnectionMark, Field::OriginalSource, Field::OriginalDestination,
                                    Field::OriginalSourcePort, Field::OriginalDestinationPort})
      values.set_unknown(nobody_told);
    return packet;
  }

  std::optional<End> towards_us(Simulator& simulator, SimulatedPacket packet, Choices& choices, Time now) const {
    if (from_here_) return first_stop(simulator.send(std::move(packet), now, choices));
    packet.values.set(Field::InputInterface, interface_value(interface_));
    return first_stop(simulator.receive(std::move(packet), now, choices));
  }
  std::optional<End> from_us(Simulator& simulator, SimulatedPacket packet, Choices& choices, Time now) const {
    packet.values.set_unknown(Field::SocketUser);
    packet.values.set_unknown(Field::SocketGroup);
    if (!from_here_) packet.values.set(Field::OutputInterface, interface_value(interface_));
    return first_stop(simulator.send(std::move(packet), now, choices));
  }

  const WayIn& way_;
  std::string interface_;
  IpAddress client_, server_;
  std::uint16_t client_port_ = 0;
  bool known_ = false, from_here_ = false;
};

enum class Attempt : std::uint8_t { Login, TheyGoOn, WeGoOn };

Outcome play(const Simulator& from, const Conversation& conversation, Attempt attempt, Time now) {
  Outcome outcome;
  std::set<std::string> said;
  Choices choices;
  do {
    Simulator simulator = from;
    const auto end = attempt == Attempt::Login
                         ? conversation.login(simulator, choices, now)
                         : conversation.go_on(simulator, choices, now, attempt == Attempt::WeGoOn);
    outcome.ends.push_back(end.value_or(End{}));
    for (const Assumption& one : choices.made())
      if (said.insert(one.what).second) outcome.unknown.push_back(one);
  } while (choices.next_world());
  return outcome;
}

std::string_view done_to(PacketFate::Kind kind) { return kind == PacketFate::Kind::Rejected ? "rejected" : "dropped"; }

class Judge {
 public:
  Judge(const AccessQuestion& question, Time now) : question_(question), now_(now) {
    all_ = question.others;
    const std::size_t ours_from = all_.tables.size();
    all_.tables.insert(all_.tables.end(), question.wanted.tables.begin(), question.wanted.tables.end());
    for (std::size_t i = ours_from; i != all_.tables.size(); ++i)
      for (const Chain& chain : all_.tables[i].chains) ours_.insert(&chain);
  }

  AccessReport judge() {
    const Program with_us(all_), without_us(question_.others);
    for (const WayIn& way : question_.ways) {
      SimulatedMachine machine = question_.machine;
      machine.open_tcp.push_back(way.session.server_port);
      const bool known = way.session.client_port != 0;
      for (const bool v4 : {true, false}) {
        if (known && way.session.client.is_v4() != v4) continue;
        if (!known && way.session.server && way.session.server->is_v4() != v4) continue;
        WayIn one = way;
        if (!give_address(one, machine, v4)) continue;
        Simulator with(with_us, machine, false), without(without_us, machine, false);
        if (!known) {
          const IntervalSet strangers = strangers_to(machine, v4);
          with.narrow(Field::SourceAddress, strangers);
          without.narrow(Field::SourceAddress, strangers);
        }
        for (const Attempt attempt : {Attempt::Login, Attempt::TheyGoOn, Attempt::WeGoOn}) {
          if (attempt != Attempt::Login && !known) continue;
          compare(one, v4, machine, with, without, attempt);
          if (report_.lockout) return std::move(report_);
        }
      }
    }
    return std::move(report_);
  }

 private:
  // Addresses that packets from outside may have.
  static IntervalSet strangers_to(const SimulatedMachine& machine, bool v4) {
    IntervalSet all = domain_of(Field::SourceAddress, v4 ? RuleFamily::Ip4 : RuleFamily::Ip6)
                          .without(values_of(*IpPrefix::parse(v4 ? "127.0.0.0/8" : "::1")));
    for (const SimulatedMachine::Interface& interface : machine.interfaces)
      for (const IpAddress& own : interface.addresses) all = all.without(IntervalSet::single(address_value(own)));
    return all;
  }

  // Which address of ours it came to, where nobody says, or says one that we do not have (a session of the machine
  // around this network namespace).
  static bool give_address(WayIn& way, const SimulatedMachine& machine, bool v4) {
    if (way.session.server && machine.is_local(*way.session.server)) return true;
    way.session.server.reset();
    const bool known = way.session.client_port != 0;
    if (known && machine.is_local(way.session.client)) way.session.server = way.session.client;
    const auto towards = known ? machine.route(way.session.client) : std::nullopt;
    if (!way.session.server && towards) way.session.server = machine.source_address(*towards, v4);
    for (const SimulatedMachine::Interface& interface : machine.interfaces)
      if (!way.session.server) way.session.server = machine.source_address(interface.name, v4);
    return way.session.server.has_value();
  }

  static std::vector<std::string> interfaces_of(const WayIn& way, const SimulatedMachine& machine) {
    if (!way.session.interface.empty()) return {way.session.interface};
    if (way.session.client_port != 0)
      if (auto known = machine.route(way.session.client)) return {*known};
    std::vector<std::string> all;
    for (const SimulatedMachine::Interface& interface : machine.interfaces) all.push_back(interface.name);
    return all;
  }

  static std::string name_of_way(const WayIn& way, bool v4) {
    if (way.session.client_port == 0)
      return fmt::format("anybody to port {} ({})", way.session.server_port, v4 ? "IPv4" : "IPv6");
    return fmt::format("{} port {} to port {}", way.session.client.text(), way.session.client_port,
                       way.session.server_port);
  }

  void compare(const WayIn& way, bool v4, const SimulatedMachine& machine, const Simulator& with_us,
               const Simulator& without_us, Attempt attempt) {
    const bool known = way.session.client_port != 0;
    std::optional<End> by_us, by_others;
    const Assumption* unknown = nullptr;  // what the answer hangs on
    std::vector<Outcome> outcomes;
    bool others_let = false;
    std::optional<End> alone;  // how others stop it without us
    for (const std::string& interface : interfaces_of(way, machine)) {
      const Conversation conversation(way, machine, v4, interface);
      outcomes.push_back(play(with_us, conversation, attempt, now_));
      const Outcome without = play(without_us, conversation, attempt, now_);
      others_let = others_let || without.some_pass();
      for (const End& end : without.ends)
        if (!end.passes) alone = end;
    }
    bool some_pass = false, all_pass = true;
    for (const Outcome& outcome : outcomes) {
      some_pass = some_pass || outcome.some_pass();
      all_pass = all_pass && outcome.all_pass();
      if (!outcome.unknown.empty()) unknown = &outcome.unknown.front();
      for (const End& end : outcome.ends)
        if (!end.passes) (ours_.contains(end.chain) ? by_us : by_others) = end;
    }
    // Of whom nobody knows where they come from it is enough that somebody gets in.
    if (all_pass || (!known && some_pass)) return;
    if (by_us && others_let) {
      report_.lockout = lockout_by(*by_us, way, v4, attempt);
      return;
    }
    if (!others_let)
      remark(fmt::format("{} is stopped already, with or without this table, by {}", what(way, v4, attempt),
                         name_of_end(*alone)));
    else if (by_others && unknown != nullptr)
      remark(fmt::format("{} may be stopped by {}; it hangs on whether {}", what(way, v4, attempt),
                         name_of_end(*by_others), escape(unknown->what)));
    else if (by_others)
      remark(fmt::format("{} is stopped by {}", what(way, v4, attempt), name_of_end(*by_others)));
  }

  std::string what(const WayIn& way, bool v4, Attempt attempt) const {
    const std::string name = name_of_way(way, v4);
    if (way.session.client_port == 0) return "ssh from outside, " + name + ",";
    return fmt::format("{}, {},", attempt == Attempt::Login ? "the next login by ssh" : "your ssh session", name);
  }

  std::string name_of_end(const End& end) const {
    if (end.chain == nullptr) return std::string(name_of(end.kind));
    for (const Ruleset* ruleset : {&all_, &question_.others}) {
      for (const Table& table : ruleset->tables) {
        for (const Chain& chain : table.chains) {
          if (&chain != end.chain) continue;
          if (end.rule == nullptr) return fmt::format("the policy of {} {}", escape(table.name), escape(chain.name));
          return fmt::format("{} {}: {}", escape(table.name), escape(chain.name), escape(rule_text(table, *end.rule)));
        }
      }
    }
    return escape(end.chain->name);
  }

  Lockout lockout_by(const End& end, const WayIn& way, bool v4, Attempt attempt) const {
    Lockout lockout;
    lockout.session = name_of_way(way, v4);
    lockout.ongoing = attempt != Attempt::Login;
    lockout.rule = end.chain->name;
    if (end.rule != nullptr && !end.rule->comment.empty())
      lockout.rule = end.rule->comment.substr(0, end.rule->comment.find(' '));
    for (const RuleInfo& rule : question_.table.rules) {
      if (rule.id != lockout.rule) continue;
      lockout.file = rule.file;
      lockout.line = rule.line;
    }
    const std::string port = fmt::format("port {}", way.session.server_port);
    const std::string asked =
        lockout.line > 0 ? fmt::format(" ({}:{})", escape(lockout.file), lockout.line) : std::string();
    const std::string stop = fmt::format("{}{} by rule {}{}", end.back ? "answered, and the answer " : "",
                                         done_to(end.kind), escape(lockout.rule), asked);
    if (way.session.client_port == 0)
      lockout.text = fmt::format("sshd listens on {}, and everybody's login there ({}) would be {}", port,
                                 v4 ? "IPv4" : "IPv6", stop);
    else if (lockout.ongoing)
      lockout.text = fmt::format("you are logged in through {}: the packets of your session would be {}", port, stop);
    else
      lockout.text = fmt::format("you are logged in through {}: your next login would be {}", port, stop);
    return lockout;
  }

  void remark(std::string text) {
    if (std::ranges::find(report_.remarks, text) == report_.remarks.end()) report_.remarks.push_back(std::move(text));
  }

  const AccessQuestion& question_;
  Time now_;
  Ruleset all_;
  std::set<const Chain*> ours_;
  AccessReport report_;
};

}  // namespace

std::string_view name_of(AccessReport::By by) {
  switch (by) {
    case AccessReport::By::Session:
      return "session";
    case AccessReport::By::Listener:
      return "listener";
    case AccessReport::By::Console:
      return "console";
  }
  return "console";
}

AccessReport judge_access(const AccessQuestion& question, Time now) { return Judge(question, now).judge(); }

}  // namespace mailweir
