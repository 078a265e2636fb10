// Network namespaces: places to try things out that touch nothing of the machine around them.
//
// Making one takes CAP_SYS_ADMIN, which everybody has inside run_enclosed (enclosure.h). `ip` and `nft` run as children
// inherit the namespace of the calling thread.
#pragma once

#include <string>

#include "base/result.h"
#include "sys/fd.h"

namespace mailweir {

// A handle; the namespace lives as long as a handle, a process or an interface's owner does.
class NetworkNamespace {
 public:
  [[nodiscard]] static Result<NetworkNamespace> current();
  // A new one with its loopback up; the calling thread stays where it is. Unsupported without CAP_SYS_ADMIN.
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

// Brings up the loopback interface of the namespace the calling thread is in.
[[nodiscard]] Result<void> raise_loopback();

}  // namespace mailweir
