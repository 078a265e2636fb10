// A throw-away host: a network namespace joined by a veth pair to the one we are in, with addresses nobody else has.
//
// Invariants
//   (1) It is gone with the process, however that ends, SIGKILL included: nothing but our descriptor holds the
//       namespace, and the pair, its addresses, routes and neighbours go with it. On an ordinary end it is gone when
//       the destructor returns.
//   (2) Of the surrounding namespace nothing is changed but one new interface and a route for each address it carries.
//   (3) Sends nothing by itself: neighbours are written down, no address is announced or solicited.
// Needs CAP_NET_ADMIN, CAP_SYS_ADMIN and the program `ip`. Threads: one at a time.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/ip.h"
#include "base/result.h"
#include "sys/namespace.h"

namespace mailweir {

class AttachedHost {
 public:
  // `name`: of the interface here, at most 15 characters. NotPermitted, or Refused when that name is taken.
  [[nodiscard]] static Result<AttachedHost> attach(const std::string& name);
  ~AttachedHost();
  AttachedHost(AttachedHost&& other) noexcept
      : name_(std::exchange(other.name_, {})), inside_(std::move(other.inside_)), no_ipv6_(std::move(other.no_ipv6_)) {}
  AttachedHost& operator=(AttachedHost&&) = delete;

  // From now on the address is there, and the way to it leads there. Unsupported: this machine has no such family.
  [[nodiscard]] Result<void> carry(IpAddress address);
  [[nodiscard]] const NetworkNamespace& inside() const { return inside_; }

  // Its only interface but loopback, and the link-local addresses of both ends.
  static constexpr char kInterface[] = "eth0";
  [[nodiscard]] static IpAddress link_local_inside();
  [[nodiscard]] static IpAddress link_local_here();

 private:
  AttachedHost(std::string name, NetworkNamespace inside, std::optional<Error> no_ipv6)
      : name_(std::move(name)), inside_(std::move(inside)), no_ipv6_(std::move(no_ipv6)) {}
  std::string name_;  // empty: moved from
  NetworkNamespace inside_;
  std::optional<Error> no_ipv6_;
};

}  // namespace mailweir
