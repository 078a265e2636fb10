#include "report/stopped.h"

#include <algorithm>

#include "base/mail_ports.h"
#include "decide/decide.h"

namespace mailweir {

Stopped would_have_stopped(const ClientReport& report) {
  const std::vector<MailRole> roles = abused_roles(report);
  Stopped stopped;
  for (std::size_t i = 0; i < report.ports.size(); ++i) {
    const auto [port, connections] = report.ports[i];
    const auto role = mail_role(port);
    if (connections == 0 || !role || std::find(roles.begin(), roles.end(), *role) == roles.end()) continue;
    stopped.connections += connections - std::min(connections, report.ports_when_decided[i].connections);
    stopped.ports.push_back(port);
  }
  return stopped;
}

}  // namespace mailweir
