#include "simulate/live_machine.h"

#include <algorithm>

#include "sys/kernel_setting.h"
#include "sys/machine.h"

namespace mailweir::rules {

SimulatedMachine live_machine() {
  SimulatedMachine machine;
  for (const OwnAddress& own : own_addresses()) {
    auto interface = std::ranges::find(machine.interfaces, own.interface, &SimulatedMachine::Interface::name);
    if (interface == machine.interfaces.end())
      interface = machine.interfaces.insert(machine.interfaces.end(), {own.interface, {}});
    interface->addresses.push_back(own.address);
    machine.routes.push_back({own.network, own.interface});
  }
  for (const KnownRoute& route : known_routes()) machine.routes.push_back({route.to, route.interface});
  for (const Listener& listener : listeners()) machine.open_tcp.push_back(listener.port);
  machine.forwarding = read_kernel_setting("net/ipv4/ip_forward").value_or(0) != 0;
  machine.connections.tcp.loose = read_kernel_setting("net/netfilter/nf_conntrack_tcp_loose").value_or(1) != 0;
  machine.connections.tcp.be_liberal =
      read_kernel_setting("net/netfilter/nf_conntrack_tcp_be_liberal").value_or(0) != 0;
  return machine;
}

}  // namespace mailweir::rules
