#include "cli/lockout.h"

#include <fmt/format.h>

namespace mailweir {

std::optional<Lockout> find_lockout(const CompiledTable& table, const SshConnection& session) {
  const RuleInfo* stops = nullptr;
  for (const RuleInfo& rule : table.rules) {
    if (rule.hook != RuleHook::Input) continue;
    const bool family = session.client.is_v4() ? rule.v4 : rule.v6;
    bool meant = rule.ports.empty();
    for (const PortRange& ports : rule.ports) meant = meant || ports.holds(Transport::Tcp, session.server_port);
    if (!family || !meant) continue;
    // What passes without a port (loopback, replies) is no new session.
    if (rule.effect == RuleEffect::Pass && !rule.ports.empty()) return std::nullopt;
    if (rule.effect == RuleEffect::Stop) stops = &rule;
  }
  if (stops == nullptr) return std::nullopt;
  return Lockout{
      fmt::format("{} port {} to port {}", session.client.text(), session.client_port, session.server_port), stops->id,
      fmt::format("you are logged in through port {}, which [inbound] does not open: the next login would fail",
                  session.server_port)};
}

}  // namespace mailweir
