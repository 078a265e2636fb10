// Policy -> the table `inet mailweir`.
//
// In:  a policy, and who the accounts it names are on this machine.   Out: the table for the kernel, and for every rule
// the line of the policy that asked for it.
// Invariants
//   (1) One source for both families: what holds for IPv4 holds for IPv6, unless addresses of one family say otherwise.
//   (2) Only hooks the policy asks for exist; traffic that is not mail is let go by one comparison of its port.
//   (3) The same policy and accounts give the same text.
//   (4) Whatever is logged is counted before the limit of the log: what the limit kept back can be told.
// Threads: any.  Sources: README.md.
#pragma once

#include "base/result.h"
#include "compile/accounts.h"
#include "policy/policy.h"
#include "record/compiled_table.h"

namespace mailweir {

struct CompileSettings {
  std::uint16_t watch_group = kLogGroup;
  std::uint16_t report_group = kReportGroup;
  // 131,072 clients take about 20 MiB of kernel memory.
  std::uint32_t blocks_max = 131'072;
};

// BadInput: an account is unknown here.
[[nodiscard]] Result<CompiledTable> compile(const Policy& policy, const Accounts& accounts,
                                            const CompileSettings& settings = {});

}  // namespace mailweir
