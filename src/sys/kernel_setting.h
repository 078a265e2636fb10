// Settings of the kernel under /proc/sys, of this network namespace where they have one.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace mailweir {

// "net/ipv4/ip_forward". Nothing when there is no such setting, it is no number, or we may not read it.
[[nodiscard]] std::optional<long> read_kernel_setting(const std::string& name);
[[nodiscard]] Result<void> write_kernel_setting(const std::string& name, long value);

}  // namespace mailweir
