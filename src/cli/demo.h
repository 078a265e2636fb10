// mailweir demo: the whole story in a laboratory of network namespaces; touches nothing else.
#pragma once

#include <cstdint>

#include "cli/common.h"

namespace mailweir {

struct DemoCommandOptions {
  std::uint32_t clients = 300;
  std::uint32_t seconds = 32;
  std::uint64_t seed = 1;
};

// 0 when every port-25 bot that made 30 connections was blocked and nobody else was, 1 when not, otherwise the exit
// status of what kept the laboratory from being built.
int demo(const DemoCommandOptions& options, const CommonOptions& common);

}  // namespace mailweir
