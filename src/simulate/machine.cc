#include "simulate/machine.h"

#include <algorithm>

namespace mailweir::rules {

bool is_multicast(const IpAddress& address) {
  return address.is_v4() ? (address.v4_bits() >> 28) == 0xe : (address.high >> 56) == 0xff;
}

bool is_broadcast(const IpAddress& address) { return address.is_v4() && address.v4_bits() == 0xffffffff; }

bool is_loopback(const IpAddress& address) {
  return address.is_v4() ? (address.v4_bits() >> 24) == 127 : address.high == 0 && address.low == 1;
}

bool SimulatedMachine::is_local(const IpAddress& address) const {
  if (is_loopback(address)) return true;
  return std::ranges::any_of(interfaces, [&](const Interface& interface) {
    return std::ranges::find(interface.addresses, address) != interface.addresses.end();
  });
}

std::optional<std::string> SimulatedMachine::route(const IpAddress& address) const {
  if (is_local(address)) return "lo";
  const Route* best = nullptr;
  for (const Route& candidate : routes)
    if (candidate.to.contains(address) && (best == nullptr || candidate.to.length() > best->to.length()))
      best = &candidate;
  return best == nullptr ? std::nullopt : std::optional(best->interface);
}

std::optional<IpAddress> SimulatedMachine::source_address(std::string_view name, bool v4) const {
  const auto interface = std::ranges::find(interfaces, name, &Interface::name);
  if (interface == interfaces.end()) return std::nullopt;
  const auto address =
      std::ranges::find_if(interface->addresses, [&](const IpAddress& candidate) { return candidate.is_v4() == v4; });
  return address == interface->addresses.end() ? std::nullopt : std::optional(*address);
}

}  // namespace mailweir::rules
