// The operator's wishes, as read from mailweir.toml and checked. Every value carries the line that asked for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/time.h"

namespace mailweir {

// What to do with the mail ports of a role.
enum class Answer : std::uint8_t { Allow, Watch };

template <typename T>
struct Setting {
  T value{};
  int line = 0;  // 0: not written in the policy, the default holds
};

struct GatewayPolicy {
  Setting<std::vector<IpPrefix>> clients;       // whose forwarded mail is judged; never empty
  Setting<std::vector<IpPrefix>> mail_servers;  // registered senders: scored, never blocked automatically
  Setting<std::vector<IpPrefix>> exempt;        // never blocked and never scored
  Setting<Answer> transfer{Answer::Watch};      // port 25
  Setting<Answer> submission{Answer::Watch};    // ports 465 and 587
  Setting<bool> servers_registered{false};  // mail_servers lists every one: detection need not ask "is it a server?"
};

enum class BlockHow : std::uint8_t { Reject, Drop };

struct BlockPolicy {
  Setting<Duration> length{std::chrono::hours(1)};       // "for"; doubles for repeat offenders
  Setting<Duration> length_max{std::chrono::hours(24)};  // "max"
  Setting<BlockHow> how{BlockHow::Reject};
};

struct Policy {
  std::string file;
  std::optional<GatewayPolicy> gateway;
  BlockPolicy block;
};

}  // namespace mailweir
