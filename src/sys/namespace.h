// Network namespaces of our own: laboratories that touch nothing of the machine around them.
//
// Rootless where the kernel lets ordinary users make user namespaces. `ip` and `nft` run as children inherit the
// namespace of the calling thread.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "sys/fd.h"

namespace mailweir {

// A handle; the namespace lives as long as a handle, a process or an interface's owner does.
class NetworkNamespace {
 public:
  [[nodiscard]] static Result<NetworkNamespace> current();
  // A new one with its loopback up; the calling thread stays where it is. NotPermitted without CAP_SYS_ADMIN (inside
  // run_in_namespace we have it).
  [[nodiscard]] static Result<NetworkNamespace> create();

  // Moves the calling thread there.
  [[nodiscard]] Result<void> enter() const;
  // For `ip link add … netns PATH`: valid while this handle and this process live.
  [[nodiscard]] std::string path() const;

 private:
  explicit NetworkNamespace(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

// The calling thread is in `there` until the end of the scope.
class InNamespace {
 public:
  explicit InNamespace(const NetworkNamespace& there);
  ~InNamespace();
  InNamespace(const InNamespace&) = delete;
  InNamespace& operator=(const InNamespace&) = delete;

 private:
  Result<NetworkNamespace> before_;
};

// This process gets a user namespace of its own where it is root (unless it is root already), and a new network
// namespace with loopback up. REQUIRES: one thread. For programs that are a laboratory from here on.
[[nodiscard]] Result<void> become_laboratory();

// Runs `body` in a child process that became a laboratory, and returns its exit status (128 + n: signal n). The child
// dies with the calling process. Unsupported or NotPermitted when the kernel allows no namespaces.
[[nodiscard]] Result<int> run_in_namespace(const std::function<int()>& body);

}  // namespace mailweir
