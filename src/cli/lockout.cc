#include "cli/lockout.h"

#include <fmt/format.h>

namespace mailweir {
namespace {

std::optional<Lockout> find_lockout_of(const CompiledTable& table, const SshSession& session) {
  const RuleInfo* stops = nullptr;
  for (const RuleInfo& rule : table.rules) {
    if (rule.hook != RuleHook::Input) continue;
    const bool family = session.client.is_v4() ? rule.v4 : rule.v6;
    bool meant = rule.ports.empty();
    for (const PortRange& ports : rule.ports) meant = meant || ports.holds(Transport::Tcp, session.server_port);
    if (!family || !meant) continue;
    // Rules about no port are not about a new session (loopback, replies, invalid), but for the last: the rest.
    if (rule.effect == RuleEffect::Pass && !rule.ports.empty()) return std::nullopt;
    if (rule.effect == RuleEffect::Stop) stops = &rule;
    if (stops == &rule && !rule.ports.empty()) break;
  }
  if (stops == nullptr) return std::nullopt;
  return Lockout{
      fmt::format("{} port {} to port {}", session.client.text(), session.client_port, session.server_port), stops->id,
      fmt::format("you are logged in through port {}, which [inbound] does not open: the next login would fail",
                  session.server_port)};
}

}  // namespace

std::optional<Lockout> find_lockout(const CompiledTable& table, std::span<const SshSession> sessions) {
  for (const SshSession& session : sessions) {
    if (auto lockout = find_lockout_of(table, session)) return lockout;
  }
  return std::nullopt;
}

}  // namespace mailweir
