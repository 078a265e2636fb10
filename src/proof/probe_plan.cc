#include "proof/probe_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sys/attached_host.h"

namespace mailweir {
namespace {

// Of a wide range its first and last port stand for all.
constexpr int kPortsEach = 16;
// Owners of sockets that are tried when a rule excepts us: nobody, and accounts hardly anybody has.
constexpr std::array<std::uint32_t, 3> kOwners{65534, 65533, 64999};
// Nobody listens there, or only services that do not mind: discard, traceroute's, and some high ones.
constexpr std::array<std::uint16_t, 5> kQuietPorts{9, 33434, 40009, 19, 50009};
// RFC 5737, RFC 3849 and RFC 9637: no machine has these; their last addresses, since laboratories take the first.
constexpr std::array<const char*, 5> kNobody{"203.0.113.254", "198.51.100.254", "192.0.2.254",
                                             "2001:db8:ffff:ffff::fffe", "3fff:fff:ffff:ffff::fffe"};
// Of the last /24 or so that they are in.
constexpr std::uint64_t kServersTried = 200;
constexpr std::uint8_t kEcho4 = 8, kEcho6 = 128;

std::vector<IpAddress> nobody(bool v4) {
  std::vector<IpAddress> addresses;
  for (const char* text : kNobody) {
    const IpAddress address = *IpAddress::parse(text);
    if (address.is_v4() == v4) addresses.push_back(address);
  }
  return addresses;
}

struct ProbedPort {
  Protocol protocol;
  std::uint16_t port;
};

std::vector<ProbedPort> ports_of(const RuleInfo& rule) {
  std::vector<ProbedPort> ports;
  for (const PortRange& range : rule.ports) {
    const Protocol protocol = range.transport == Transport::Tcp ? Protocol::Tcp : Protocol::Udp;
    if (range.last - range.first < kPortsEach) {
      for (int port = range.first; port <= range.last; ++port)
        ports.push_back({protocol, static_cast<std::uint16_t>(port)});
    } else {
      ports.push_back({protocol, range.first});
      ports.push_back({protocol, range.last});
    }
  }
  return ports;
}

class Planner {
 public:
  Planner(const CompiledTable& table, const Surroundings& here, const PlanSettings& settings)
      : table_(table), here_(here), settings_(settings) {}

  std::vector<Probe> plan() {
    for (const RuleInfo& rule : table_.rules) {
      if (rule.effect == RuleEffect::Pass && rule.hook != RuleHook::Input) continue;
      auto ports = ports_of(rule);
      if (ports.empty()) ports.push_back({Protocol::Tcp, 0});
      for (const ProbedPort& port : ports) {
        for (const bool v4 : {true, false}) {
          // Nobody of that family can be blocked or slowed down.
          if ((rule.blocked || rule.slowed) && every_client(v4).empty()) continue;
          if (v4 ? rule.v4 : rule.v6) {
            add(rule, v4, port);
          } else {
            add_uncovered(rule, v4, port);
          }
        }
      }
    }
    return std::move(probes_);
  }

 private:
  void add(const RuleInfo& rule, bool v4, const ProbedPort& port) {
    Probe probe;
    probe.rule = &rule;
    probe.packet.hook = rule.hook;
    probe.packet.protocol = port.protocol;
    probe.packet.port = port.port;
    probe.packet.user = here_.user;
    probe.packet.group = here_.group;
    // Says the family even when nothing more can be said.
    probe.packet.from = probe.packet.to = *IpAddress::parse(v4 ? "0.0.0.0" : "::");
    probe.kind = port.protocol == Protocol::Udp ? ProbeKind::Datagram : ProbeKind::Connection;
    if (rule.hook == RuleHook::Output) plan_own(probe, v4);
    if (rule.hook == RuleHook::Forward) plan_forwarded(probe, v4);
    if (rule.hook == RuleHook::Input) plan_inbound(probe, v4);
    if (probe.prospect == Prospect::Try && rule.slowed) {
      plan_throttle(probe);
    } else if (probe.prospect == Prospect::Try && rule.effect == RuleEffect::Limit) {
      plan_limit(probe);
    }
    probes_.push_back(std::move(probe));
  }

  static void hinder(Probe& probe, Prospect prospect, std::string reason) {
    probe.prospect = prospect;
    probe.reason = std::move(reason);
  }

  [[nodiscard]] const RuleInfo* taker(const Probe& probe) const {
    return taken_before(table_, *probe.rule, probe.packet);
  }
  [[nodiscard]] bool arrives(const Probe& probe) const {
    return matches(*probe.rule, probe.packet) && taker(probe) == nullptr;
  }

  // --- own traffic

  void plan_own(Probe& probe, bool v4) {
    probe.from = ProbeFrom::Machine;
    if (!find_owner(probe)) return;
    if (settings_.target && settings_.target->port == probe.packet.port && probe.packet.protocol == Protocol::Tcp) {
      for (const IpAddress address : settings_.target->addresses) {
        if (address.is_v4() != v4) continue;
        probe.to_target = true;
        probe.packet.to = address;
        if (const RuleInfo* earlier = taker(probe)) {
          hinder(probe, Prospect::Impossible,
                 fmt::format("{} is let go by rule {}: name another target", address.text(), earlier->id));
        }
        return;
      }
    }
    const RuleInfo* earlier = nullptr;
    const auto fits = [&](IpAddress address) {
      probe.packet.to = address;
      if (const RuleInfo* found = taker(probe)) earlier = found;
      return taker(probe) == nullptr;
    };
    for (const IpAddress address : nobody(v4)) {
      if (here_.has_way_to(address) && fits(address)) return;
    }
    for (const OwnAddress& own : here_.own) {
      if (own.address.is_v4() != v4) continue;
      for (const IpAddress address : candidates_in(own.network)) {
        if (fits(address) && here_.is_unused(address)) return;
      }
    }
    hinder(probe, Prospect::Impossible,
           earlier == nullptr ? "this machine knows no way out for it"
                              : fmt::format("rule {} lets every address go that could be tried", earlier->id));
  }

  // Somebody whose traffic is not excepted.
  bool find_owner(Probe& probe) const {
    const auto excepted = [&] {
      return std::any_of(table_.rules.begin(), table_.rules.end(), [&](const RuleInfo& rule) {
        return rule.chain == probe.rule->chain && (!rule.users.empty() || !rule.groups.empty()) &&
               matches(rule, probe.packet);
      });
    };
    if (!excepted()) return true;
    for (const std::uint32_t owner : kOwners) {
      probe.packet.user = probe.packet.group = owner;
      probe.borrow_owner = true;
      if (!excepted()) return true;
    }
    hinder(probe, Prospect::Impossible, "its exceptions hold for every user that could be tried");
    return false;
  }

  // --- forwarded traffic

  void plan_forwarded(Probe& probe, bool v4) {
    const RuleInfo& rule = *probe.rule;
    const bool towards_clients = !rule.to.empty();
    probe.from = towards_clients ? ProbeFrom::Outside : ProbeFrom::Client;
    if (!here_.forwards(v4)) {
      return hinder(probe, Prospect::Impossible,
                    fmt::format("this machine forwards no {} ({} is 0)", v4 ? "IPv4" : "IPv6",
                                v4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding"));
    }
    if (!settings_.no_throw_away.empty()) return hinder(probe, Prospect::Withheld, settings_.no_throw_away);
    probe.block_client = rule.blocked;
    probe.packet.blocked = rule.blocked;
    probe.slow_client = rule.slowed;
    probe.packet.slowed = rule.slowed;
    const auto outside = outsider(v4);
    if (!outside)
      return hinder(probe, Prospect::Impossible, "somebody here has every address that is nobody's by the standards");
    (towards_clients ? probe.packet.from : probe.packet.to) = *outside;
    find_client(probe,
                towards_clients     ? rule.to
                : rule.from.empty() ? every_client(v4)
                                    : rule.from,
                v4, towards_clients);
  }

  // What the rule under test lets through is to arrive, as often as it is tried: another rule that stops or limits this
  // packet would be taken for it, and its meter would be used up.
  [[nodiscard]] const RuleInfo* hindered_by(const Probe& probe) const {
    const auto found = std::find_if(table_.rules.begin(), table_.rules.end(), [&](const RuleInfo& other) {
      return &other != probe.rule && (other.effect == RuleEffect::Stop || other.effect == RuleEffect::Limit) &&
             other.hook == probe.rule->hook && matches(other, probe.packet);
    });
    return found == table_.rules.end() ? nullptr : &*found;
  }

  // Blocks are asked for whoever is a client.
  [[nodiscard]] std::vector<IpPrefix> every_client(bool v4) const {
    std::vector<IpPrefix> networks;
    for (const RuleInfo& rule : table_.rules) {
      if (rule.hook != RuleHook::Forward || rule.effect == RuleEffect::Pass) continue;
      for (const IpPrefix& prefix : rule.from) {
        if (prefix.base().is_v4() == v4) networks.push_back(prefix);
      }
    }
    return networks;
  }

  void find_client(Probe& probe, const std::vector<IpPrefix>& networks, bool v4, bool towards_clients) {
    IpAddress& address = towards_clients ? probe.packet.to : probe.packet.from;
    const bool is_set_apart = probe.block_client || probe.slow_client;
    const bool whole_network = !v4 && (is_set_apart || (probe.rule->each_client && !settings_.limits_too));
    const RuleInfo *earlier = nullptr, *later = nullptr;
    bool shared = false, used = false;
    for (const IpPrefix& network : networks) {
      if (network.base().is_v4() != v4) continue;
      for (const IpAddress candidate : candidates_in(network)) {
        address = candidate;
        if (const RuleInfo* found = taker(probe)) {
          earlier = found;
        } else if (const RuleInfo* other = probe.slow_client ? hindered_by(probe) : nullptr) {
          later = other;
        } else if (whole_network && !here_.is_unused_network(IpPrefix::of(candidate, 64))) {
          shared = true;
        } else if (!here_.is_unused(candidate)) {
          used = true;
        } else {
          return;
        }
      }
    }
    std::string reason = "it names no network of that family";
    if (earlier != nullptr) reason = fmt::format("rule {} takes every address that could be tried", earlier->id);
    if (later != nullptr)
      reason = fmt::format("rule {} stops every client that could be tried all the same", later->id);
    if (used) reason = "somebody has every address of its clients that was tried";
    hinder(probe, Prospect::Impossible, reason);
    if (!shared) return;
    hinder(probe, is_set_apart ? Prospect::Impossible : Prospect::Withheld,
           "all of a /64 is one client, and every one that was tried has real users, whom this would concern");
    if (!is_set_apart) probe.reason += "; `--limit-probe` takes that into account";
  }

  // --- traffic to this machine

  void plan_inbound(Probe& probe, bool v4) {
    const RuleInfo& rule = *probe.rule;
    TestPacket& packet = probe.packet;
    probe.from = ProbeFrom::Outside;
    if (rule.loopback) {
      probe.from = ProbeFrom::Machine;
      packet.loopback = true;
      packet.from = packet.to = *IpAddress::parse(v4 ? "127.0.0.1" : "::1");
      packet.port = quiet_port();
      return;
    }
    if (is_about_errors(rule)) {
      packet.protocol = Protocol::Icmp;
      packet.icmp_type = v4 ? rule.icmp4.front() : rule.icmp6.front();
      return hinder(
          probe, Prospect::Impossible,
          "errors about known connections come in as replies, and others are invalid: it is there for traffic "
          "that is not tracked");
    }
    const bool reply = rule.state == PacketState::Ongoing;
    if (reply) {
      probe.from = ProbeFrom::Machine;
      probe.to_outside = true;
      packet.state = PacketState::Reply;
    }
    shape_inbound(probe, v4);
    if (!settings_.no_throw_away.empty()) return hinder(probe, Prospect::Withheld, settings_.no_throw_away);
    const auto outside = outsider(v4);
    if (!outside)
      return hinder(probe, Prospect::Impossible, "somebody here has every address that is nobody's by the standards");
    const auto own = own_address(v4);
    packet.from = *outside;
    if (rule.link_local || (rule.broadcast && !v4)) packet.from = AttachedHost::link_local_inside();
    if (rule.link_local) {
      packet.to = AttachedHost::link_local_here();
    } else if (!rule.broadcast) {
      if (!own)
        return hinder(probe, Prospect::Impossible, fmt::format("this machine has no {} address", v4 ? "IPv4" : "IPv6"));
      packet.to = *own;
    }
    if (const RuleInfo* earlier = probe.prospect == Prospect::Try ? taker(probe) : nullptr) {
      hinder(probe, Prospect::Impossible, fmt::format("rule {} takes whatever could be tried", earlier->id));
    }
  }

  void shape_inbound(Probe& probe, bool v4) const {
    const RuleInfo& rule = *probe.rule;
    TestPacket& packet = probe.packet;
    if (rule.source_port) packet.source_port = rule.source_port->first;
    if (!rule.ports.empty()) return;
    const std::vector<std::uint8_t>& types = v4 ? rule.icmp4 : rule.icmp6;
    if (!types.empty()) {
      packet.protocol = Protocol::Icmp;
      const bool ping = std::find(types.begin(), types.end(), v4 ? kEcho4 : kEcho6) != types.end();
      probe.kind = ping ? ProbeKind::Ping : ProbeKind::Icmp6;
      // A neighbour solicitation is answered and harms nobody; a multicast listener report nobody but routers read.
      packet.icmp_type = ping ? (v4 ? kEcho4 : kEcho6) : rule.one_hop ? 135 : 143;
      packet.one_hop = rule.one_hop;
      return;
    }
    packet.port = quiet_port();
    if (rule.state == PacketState::Invalid) {
      probe.kind = ProbeKind::StrayAnswer;
      packet.state = PacketState::Invalid;
    } else if (rule.broadcast) {
      probe.kind = ProbeKind::Datagram;
      packet.protocol = Protocol::Udp;
      packet.broadcast = true;
      packet.to = *IpAddress::parse(v4 ? "255.255.255.255" : "ff02::1");
    }
    for (const std::uint16_t port : kQuietPorts) {
      if (arrives(probe)) return;
      packet.port = port;
    }
  }

  static bool is_about_errors(const RuleInfo& rule) {
    return std::find(rule.icmp6.begin(), rule.icmp6.end(), std::uint8_t{1}) != rule.icmp6.end();
  }

  // One that no rule of ours asks for.
  [[nodiscard]] std::uint16_t quiet_port() const {
    for (const std::uint16_t port : kQuietPorts) {
      const bool asked_for = std::any_of(table_.rules.begin(), table_.rules.end(), [&](const RuleInfo& rule) {
        return std::any_of(rule.ports.begin(), rule.ports.end(), [&](const PortRange& range) {
          return range.holds(Transport::Tcp, port) || range.holds(Transport::Udp, port);
        });
      });
      if (!asked_for) return port;
    }
    return kQuietPorts.front();
  }

  [[nodiscard]] std::optional<IpAddress> own_address(bool v4) const {
    for (const OwnAddress& own : here_.own) {
      if (own.address.is_v4() == v4) return own.address;
    }
    return std::nullopt;
  }

  // --- limits

  void plan_limit(Probe& probe) const {
    const RuleInfo& rule = *probe.rule;
    // One more is over; another minute's worth may come back while we try.
    const auto needed = static_cast<int>(rule.burst) + 2;
    if (!rule.each_client && !settings_.limits_too) {
      return hinder(
          probe, Prospect::Withheld,
          fmt::format("this machine's own mail shares the limit: {} connections would use it up, and then one "
                      "passes every {:.0f} s; `--limit-probe` does it",
                      needed, 60.0 / rule.per_minute));
    }
    if (needed > settings_.attempts_max) {
      return hinder(probe, Prospect::Impossible,
                    fmt::format("{} connections at once would be needed, and no more than {} are made", needed,
                                settings_.attempts_max));
    }
    probe.count = needed;
    if (probe.to_target) hinder(probe, Prospect::Impossible, "many connections at once are not made to a real server");
  }

  // The known server is met first, and takes its part of what is let through at once; then come new ones, one more than
  // is left and one for the time it takes.
  void plan_throttle(Probe& probe) const {
    const auto needed = static_cast<int>(probe.rule->burst) + 2;
    if (needed > settings_.servers_max) {
      return hinder(
          probe, Prospect::Impossible,
          fmt::format("{} mail servers would be needed, and a throw-away host takes no more than {} addresses", needed,
                      settings_.servers_max));
    }
    // Neighbours of an address that nobody has. Only those of a network we are in can be somebody's all the same.
    for (std::uint64_t i = 0; probe.servers.size() < static_cast<std::size_t>(needed) && i < kServersTried; ++i) {
      IpAddress address = probe.packet.to;
      address.low -= i;
      const bool near = std::any_of(here_.own.begin(), here_.own.end(),
                                    [&](const OwnAddress& own) { return own.network.contains(address); });
      if (!near || here_.is_unused(address)) probe.servers.push_back(address);
    }
    if (probe.servers.size() < static_cast<std::size_t>(needed))
      return hinder(probe, Prospect::Impossible, "not enough addresses that nobody has were found for mail servers");
    probe.count = needed + 1;  // the known one twice
  }

  // --- both

  [[nodiscard]] std::optional<IpAddress> outsider(bool v4) {
    auto& found = v4 ? outside4_ : outside6_;
    if (found) return found;
    for (const IpAddress address : nobody(v4)) {
      if (!here_.is_unused(address)) continue;
      return found = address;
    }
    return std::nullopt;
  }

  // Of rules about forwarded traffic: one family has no rule at all for this port, and the machine forwards it.
  void add_uncovered(const RuleInfo& rule, bool v4, const ProbedPort& port) {
    if (rule.hook != RuleHook::Forward || rule.effect == RuleEffect::Pass || rule.blocked || !here_.forwards(v4))
      return;
    if (rule.slowed || !own_address(v4)) return;
    const bool covered = std::any_of(table_.rules.begin(), table_.rules.end(), [&](const RuleInfo& other) {
      return other.hook == RuleHook::Forward && other.effect != RuleEffect::Pass && !other.blocked &&
             other.to.empty() == rule.to.empty() && (v4 ? other.v4 : other.v6) &&
             std::any_of(other.ports.begin(), other.ports.end(), [&](const PortRange& range) {
               return range.holds(port.protocol == Protocol::Tcp ? Transport::Tcp : Transport::Udp, port.port);
             });
    });
    if (covered) return;
    Probe probe;
    probe.rule = &rule;
    probe.packet.hook = rule.hook;
    probe.packet.protocol = port.protocol;
    probe.packet.port = port.port;
    probe.packet.from = probe.packet.to = *IpAddress::parse(v4 ? "0.0.0.0" : "::");
    hinder(probe, Prospect::Useless,
           fmt::format("this machine forwards {0}, and no rule sees it there: the policy names no {0} network of its "
                       "clients",
                       v4 ? "IPv4" : "IPv6"));
    probes_.push_back(std::move(probe));
  }

  const CompiledTable& table_;
  const Surroundings& here_;
  const PlanSettings& settings_;
  std::optional<IpAddress> outside4_, outside6_;
  std::vector<Probe> probes_;
};

IpAddress plus(IpAddress address, std::uint64_t low) {
  address.low += low;
  return address;
}

}  // namespace

std::vector<IpAddress> candidates_in(const IpPrefix& network) {
  // Addresses are given out from the low end; eight misses say enough.
  constexpr int kCandidates = 8;
  const IpAddress base = network.base();
  const int free_bits = (base.is_v4() ? 32 : 128) - network.length();
  if (free_bits == 0) return {base};
  std::vector<IpAddress> addresses;
  if (!base.is_v4() && free_bits > 64) {
    // Of whole networks, the last ones.
    const int network_bits = free_bits - 64;
    const std::uint64_t last = base.high | (network_bits >= 64 ? ~0ULL : (1ULL << network_bits) - 1);
    for (int i = 0; i < kCandidates && last - i >= base.high; ++i)
      addresses.push_back({last - static_cast<std::uint64_t>(i), 0xfdff'ffff'ffff'fffe});
    return addresses;
  }
  const std::uint64_t size = free_bits >= 64 ? ~0ULL : (1ULL << free_bits) - 1;
  const std::uint64_t step = base.is_v4() ? 1 : 3;
  // Not the last of IPv4, which is everybody; of /31 and /127 there are two, both usable.
  const std::uint64_t top = size > 1 ? size - 1 : size;
  for (std::uint64_t i = 0; addresses.size() < kCandidates && i * step <= top; ++i) {
    if (top - i * step == 0 && size > 1) break;
    addresses.push_back(plus(base, top - i * step));
  }
  return addresses;
}

std::vector<Probe> plan_probes(const CompiledTable& table, const Surroundings& here, const PlanSettings& settings) {
  return Planner(table, here, settings).plan();
}

}  // namespace mailweir
