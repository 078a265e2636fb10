#include "lab/topology.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/escape.h"
#include "lab/places.h"
#include "sys/fd.h"
#include "sys/process.h"

namespace mailweir::lab {
namespace {

Result<void> run(const std::vector<std::string>& command, std::string_view input) {
  auto output = run_process(command, input);
  if (!output) return fail(std::move(output).error().in("building the laboratory"));
  if (output->status == 0) return {};
  return fail(ErrorCode::Refused,
              fmt::format("building the laboratory: {} says: {}", command.front(), escape(output->err)));
}

Result<void> ip_batch(const std::string& lines) { return run({"ip", "-batch", "-"}, lines); }

struct Setting {
  const char* path;
  const char* value;
};

// Settings of this network namespace. Those that a kernel does not have are left alone.
Result<void> set_all(std::span<const Setting> settings) {
  for (const auto& [path, value] : settings) {
    const std::string file = fmt::format("/proc/sys/net/{}", path);
    const Fd fd(open(file.c_str(), O_WRONLY | O_CLOEXEC));
    const std::string_view text = value;
    if (!fd.is_open() && errno == ENOENT) continue;
    if (!fd.is_open() || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      return fail(Error::from_errno(errno, "setting " + file));
    }
  }
  return {};
}

// Hosts at both ends: thousands of short connections. TIME_WAIT sockets are reused for new connections, as many may
// wait for accept() as begin in one burst, and silence is noticed by our own clock, not by the kernel's six retries.
constexpr std::array kHostSettings{
    Setting{"core/somaxconn", "8192"},
    Setting{"ipv4/tcp_max_syn_backlog", "8192"},
    Setting{"ipv4/ip_local_port_range", "10240 65535"},
    Setting{"ipv4/tcp_tw_reuse", "1"},
    Setting{"ipv4/conf/all/rp_filter", "0"},
    Setting{"ipv4/conf/default/rp_filter", "0"},
    // Nobody else can have our addresses; asking would cost IPv6 its first two seconds.
    Setting{"ipv6/conf/default/accept_dad", "0"},
    Setting{"ipv6/conf/default/dad_transmits", "0"},
};
constexpr std::array kGatewaySettings{
    Setting{"ipv4/ip_forward", "1"},
    Setting{"ipv6/conf/all/forwarding", "1"},
    // A careful gateway: a client cannot send from a stranger's address.
    Setting{"ipv4/conf/all/rp_filter", "1"},
    Setting{"ipv6/conf/default/accept_dad", "0"},
    Setting{"ipv6/conf/default/dad_transmits", "0"},
};

std::string host_lines(bool servers) {
  const auto prefix = [&](Family family) { return (servers ? servers_prefix(family) : clients_prefix(family)).text(); };
  const std::string link4 = servers ? "203.0.113.254/24" : "10.255.0.2/30";
  const std::string link6 = servers ? "3fff::254/64" : "fdff::2/64";
  std::string lines = fmt::format(
      "address add {} dev eth0\n"
      "address add {} dev eth0 nodad\n"
      "link set eth0 up\n"
      "route add local {} dev lo\n"
      "route add local {} dev lo\n",
      link4, link6, prefix(Family::V4), prefix(Family::V6));
  if (!servers) lines += "route add default via 10.255.0.1\nroute add ::/0 via fdff::1\n";
  return lines;
}

Result<NetworkNamespace> make_host() {
  auto made = NetworkNamespace::create();
  if (!made) return made;
  const InNamespace in(*made);
  if (auto set = set_all(kHostSettings); !set) return fail(std::move(set).error());
  return made;
}

Result<void> furnish_host(const NetworkNamespace& there, bool servers) {
  const InNamespace in(there);
  if (auto addressed = ip_batch(host_lines(servers)); !addressed) return addressed;
  return servers ? run({"nft", "-f", "-"}, outside_ruleset()) : Result<void>{};
}

}  // namespace

std::string gateway_ruleset() {
  std::string hosts_out, hosts_in;
  for (std::uint32_t n = 0; n < 2; ++n) {
    hosts_out += fmt::format("    ip saddr {} oifname \"{}\" snat ip to {}\n", mail_host_address(n).text(),
                             kGatewayOutside, public_address(n).text());
    hosts_in += fmt::format("    iifname \"{}\" ip daddr {} tcp dport 25 dnat ip to {}\n", kGatewayOutside,
                            public_address(n).text(), mail_host_address(n).text());
  }
  return fmt::format(
      "table inet laboratory {{\n"
      "  chain arriving {{\n"
      "    type nat hook prerouting priority dstnat;\n"
      "{}"
      "  }}\n"
      "  chain leaving {{\n"
      "    type nat hook postrouting priority srcnat;\n"
      "{}"
      "    oifname \"{}\" masquerade\n"
      "  }}\n"
      "}}\n",
      hosts_in, hosts_out, kGatewayOutside);
}

std::string outside_ruleset() {
  // lab/places.h: 192-223 refuse, 224-254 are silent.
  return fmt::format(
      "table inet laboratory {{\n"
      "  chain arriving {{\n"
      "    type filter hook input priority filter;\n"
      "    ip daddr {0} ip daddr & 0.0.0.224 == 0.0.0.192 meta l4proto tcp reject with tcp reset\n"
      "    ip daddr {0} ip daddr & 0.0.0.224 == 0.0.0.224 drop\n"
      "    ip6 daddr {1} ip6 daddr & ::e0 == ::c0 meta l4proto tcp reject with tcp reset\n"
      "    ip6 daddr {1} ip6 daddr & ::e0 == ::e0 drop\n"
      "  }}\n"
      "}}\n",
      servers_prefix(Family::V4).text(), servers_prefix(Family::V6).text());
}

Result<Topology> build_topology() {
  if (auto set = set_all(kGatewaySettings); !set) return fail(set.error());
  auto inside = make_host();
  if (!inside) return fail(std::move(inside).error());
  auto outside = make_host();
  if (!outside) return fail(std::move(outside).error());
  // Indexes that the other ends do not have: between ends of the same index the kernel takes a link for one of its own
  // and reports it up to a second later (net/core/link_watch.c, linkwatch_urgent_event).
  auto joined = ip_batch(
      fmt::format("link set lo up\n"
                  "link add {0} index 10 type veth peer name eth0 netns {2}\n"
                  "link add {1} index 11 type veth peer name eth0 netns {3}\n"
                  "address add 10.255.0.1/30 dev {0}\n"
                  "address add fdff::1/64 dev {0} nodad\n"
                  "address add 203.0.113.1/24 dev {1}\n"
                  "address add {4}/24 dev {1}\n"
                  "address add {5}/24 dev {1}\n"
                  "address add 3fff::1/64 dev {1} nodad\n"
                  "link set {0} up\n"
                  "link set {1} up\n"
                  "route add {6} via 10.255.0.2\n"
                  "route add {7} via fdff::2\n"
                  "route add default via 203.0.113.254\n"
                  "route add ::/0 via 3fff::254\n",
                  kGatewayInside, kGatewayOutside, inside->path(), outside->path(), public_address(0).text(),
                  public_address(1).text(), clients_prefix(Family::V4).text(), clients_prefix(Family::V6).text()));
  if (!joined) return fail(std::move(joined).error());
  for (const auto& [there, servers] : {std::pair{&*inside, false}, std::pair{&*outside, true}}) {
    if (auto done = furnish_host(*there, servers); !done) return fail(std::move(done).error());
  }
  if (auto loaded = run({"nft", "-f", "-"}, gateway_ruleset()); !loaded) return fail(std::move(loaded).error());
  return Topology{std::move(*inside), std::move(*outside)};
}

}  // namespace mailweir::lab
