#include "sys/attached_host.h"

#include <fmt/format.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/escape.h"
#include "sys/fd.h"
#include "sys/kernel_setting.h"
#include "sys/process.h"

namespace mailweir {
namespace {

// Locally administered (bit 1 of the first byte).
constexpr std::string_view kMacHere = "02:6d:77:00:00:01", kMacInside = "02:6d:77:00:00:02";
// What the host takes for its router. Nobody has it: the pair's other end answers to its hardware address.
constexpr std::string_view kRouter = "169.254.109.119";

Result<void> ip_batch(const std::string& lines) {
  const auto ran = run_process({"ip", "-batch", "-"}, lines);
  if (!ran) return fail(ran.error());
  if (ran->status == 0) return {};
  const std::string said = escape(ran->err.substr(0, ran->err.find('\n')), 200);
  const bool forbidden = ran->err.find("not permitted") != std::string::npos;
  return fail(forbidden ? ErrorCode::NotPermitted : ErrorCode::Refused,
              "attaching a throw-away host: ip says: " + said);
}

// A pair carries packets a moment after both ends are up; before, the first ones are lost.
Result<void> await_carrier(const std::string& interface) {
  constexpr int kTries = 400, kStepMs = 5;
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return fail(Error::from_errno(errno, "opening a socket"));
  for (int i = 0; i < kTries; ++i) {
    ifreq request{};
    std::strncpy(request.ifr_name, interface.c_str(), sizeof request.ifr_name - 1);
    if (ioctl(socket.get(), SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING) != 0) return {};
    poll(nullptr, 0, kStepMs);
  }
  return fail(ErrorCode::Timeout, "the throw-away host's interface does not come up");
}

std::string text_of(const char* part) { return fmt::format("fe80::6d77:{}", part); }

}  // namespace

IpAddress AttachedHost::link_local_here() { return *IpAddress::parse(text_of("1")); }
IpAddress AttachedHost::link_local_inside() { return *IpAddress::parse(text_of("2")); }

Result<AttachedHost> AttachedHost::attach(const std::string& name) {
  auto inside = NetworkNamespace::create();
  if (!inside) return fail(std::move(inside).error());
  auto joined =
      ip_batch(fmt::format("link add {0} address {1} type veth peer name {2} address {3} netns {4}\n"
                           "link set {0} addrgenmode none\n",
                           name, kMacHere, kInterface, kMacInside, inside->path()));
  if (!joined) return fail(std::move(joined).error());
  AttachedHost host(name, std::move(*inside), std::nullopt);
  {
    const InNamespace in(host.inside_);
    auto raised =
        ip_batch(fmt::format("link set {0} addrgenmode none\nlink set {0} up\n"
                             "neighbour replace {1} lladdr {2} dev {0} nud permanent\n"
                             "route add default via {1} dev {0} onlink\n",
                             kInterface, kRouter, kMacHere));
    if (!raised) return fail(std::move(raised).error());
  }
  if (auto raised = ip_batch(fmt::format("link set {} up\n", name)); !raised) return fail(std::move(raised).error());
  const std::string setting = "net/ipv6/conf/" + name + "/disable_ipv6";
  Result<void> six = fail(ErrorCode::Unsupported, "IPv6 is switched off");
  if (read_kernel_setting(setting) == 0) {
    six =
        ip_batch(fmt::format("address add {0}/64 dev {1} nodad\n"
                             "neighbour replace {2} lladdr {3} dev {1} nud permanent\n",
                             link_local_here().text(), name, link_local_inside().text(), kMacInside));
    const InNamespace in(host.inside_);
    if (six) {
      six =
          ip_batch(fmt::format("address add {0}/64 dev {1} nodad\n"
                               "neighbour replace {2} lladdr {3} dev {1} nud permanent\n"
                               "route add ::/0 via {2} dev {1}\n",
                               link_local_inside().text(), kInterface, link_local_here().text(), kMacHere));
    }
  }
  if (!six) host.no_ipv6_ = std::move(six).error();
  if (auto up = await_carrier(name); !up) return fail(std::move(up).error());
  const InNamespace in(host.inside_);
  if (auto up = await_carrier(kInterface); !up) return fail(std::move(up).error());
  return host;
}

AttachedHost::~AttachedHost() {
  if (name_.empty()) return;
  // Closing the namespace would do, some time later.
  (void)ip_batch(fmt::format("link delete {}\n", name_));
}

Result<void> AttachedHost::carry(IpAddress address) {
  if (!address.is_v4() && no_ipv6_) return fail(ErrorCode::Unsupported, no_ipv6_->text());
  if (address == link_local_inside()) return {};
  const int length = address.is_v4() ? 32 : 128;
  {
    const InNamespace in(inside_);
    auto added = ip_batch(fmt::format("address replace {}/{} dev {} {}\n", address.text(), length, kInterface,
                                      address.is_v4() ? "" : "nodad"));
    if (!added) return added;
  }
  return ip_batch(
      fmt::format("neighbour replace {0} lladdr {1} dev {2} nud permanent\n"
                  "route replace {0}/{3} dev {2}\n",
                  address.text(), kMacInside, name_, length));
}

}  // namespace mailweir
