// What one client does, written down as what a gateway would see of it.
//
// No packets: a connection becomes the ConnectionEvents that a source tells the detector, with the delays at which a
// live source knows them. How long things take is said here, because docs/detection.md does not.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "record/connection_event.h"
#include "tests/world/random.h"

namespace mailweir::world {

[[nodiscard]] Time first_midnight();  // when every script begins
inline constexpr double kMinute = 60, kHour = 3600, kDay = 86'400;

// How first contacts end; what is neither is delivered.
struct Ends {
  double failed = 0;
  double cut_short = 0;
};
[[nodiscard]] Outcome end_of(Random& random, Ends ends);

// Bytes a client sends to deliver a message: 2 to the power of a normal number.
struct Sizes {
  double log2_median = 14.3;  // 20 kB
  double deviation = 2;       // feature F9: a person or a mail server 1.5 to 3, a campaign 0.2 to 0.8
};

// A mail server somewhere: each number below kProviders is a network of its own, of no known provider; each above is
// one of the large mail hosts, whose addresses lie in several networks that the detector knows as one place.
using Host = std::uint32_t;
inline constexpr Host kServers = 120'000;  // that a bot or a mail server may write to
inline constexpr Host kProviders = 0xffff'0000;
[[nodiscard]] Host large_provider(Random& random);

// One thing a gateway sees.
struct Sight {
  enum class Kind : std::uint8_t {
    Connection,
    MxQuery,  // `event`: time, client, and the server the answer leads to
    Inbound,  // `event`: a server outside (`server`) was accepted on the client's port 25
  };
  ConnectionEvent event;
  std::uint32_t actor = 0;
  Kind kind = Kind::Connection;
};

class Script {
 public:
  // REQUIRES: actor < 2^20; it decides the addresses, the seed what happens. Appends to `sights`, in no order.
  Script(std::uint32_t actor, std::uint64_t seed, unsigned days, std::vector<Sight>& sights);

  Random random;
  [[nodiscard]] double end() const { return days_ * kDay; }
  [[nodiscard]] unsigned days() const { return days_; }

  // Seconds since the first midnight. `bytes` matter when it is delivered.
  void connect(double second, Host server, std::uint16_t port, Outcome outcome, Sizes sizes = {});
  void ask_mx(double second, Host server);
  void accept_inbound(double second, Host from);

  // From here on it speaks IPv6, or uses another of its 16 IPv4 addresses or 256 IPv6 networks.
  void speak_v6() { v6_ = true; }
  void use_address(unsigned number) { address_ = number; }
  // Another machine: the gateway sees its hardware address.
  void use_hardware(std::uint16_t hardware) { hardware_ = hardware; }

 private:
  [[nodiscard]] IpAddress client() const;
  [[nodiscard]] IpAddress server(Host number);
  Sight& note(double second, Host number);

  std::uint32_t actor_;
  unsigned days_;
  unsigned address_ = 0;
  std::uint16_t hardware_ = 0;
  bool v6_ = false;
  std::uint16_t next_port_ = 1024;
  std::vector<Sight>& sights_;
};

// Whose address that is, and all addresses that are the actor's.
[[nodiscard]] std::uint32_t actor_of(IpAddress client);
[[nodiscard]] std::array<IpPrefix, 2> prefixes_of(std::uint32_t actor);

}  // namespace mailweir::world
