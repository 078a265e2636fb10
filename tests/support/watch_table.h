// A gateway's table as tests ask for it.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/must.h"
#include "compile/compile.h"
#include "tests/support/no_accounts.h"

namespace mailweir {

struct WatchTable {
  std::vector<IpPrefix> clients, exempt;
  std::vector<std::uint16_t> ports{25, 465, 587};  // 25, or 465 and 587, or all
  BlockHow how = BlockHow::Reject;
  std::uint16_t log_group = kLogGroup;
  std::uint32_t blocks_max = CompileSettings{}.blocks_max;

  [[nodiscard]] CompiledTable compiled() const {
    Policy policy;
    GatewayPolicy& gateway = policy.gateway.emplace();
    gateway.clients.value = clients;
    gateway.exempt.value = exempt;
    const auto answer = [&](std::uint16_t port) {
      return std::count(ports.begin(), ports.end(), port) > 0 ? Answer::Watch : Answer::Allow;
    };
    gateway.transfer.value = answer(25);
    gateway.submission.value = answer(587);
    policy.block.how.value = how;
    CompileSettings settings;
    settings.watch_group = log_group;
    settings.blocks_max = blocks_max;
    auto table = compile(policy, NoAccounts{}, settings);
    MUST(table.has_value());
    return std::move(*table);
  }
};

}  // namespace mailweir
