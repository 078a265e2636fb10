// What a detector learned of its site, for the next one after a restart: how far ordinary clients go, and who is a mail
// server. daemon/model_file.h writes it down.
#pragma once

#include <cstdint>
#include <vector>

#include "detect/hazard_learning.h"
#include "detect/server_life.h"

namespace mailweir {

struct LearnedModel {
  HazardLearning::Kept hazards;
  std::vector<ServerLife> servers;  // at most kServersKept, the surest first
  std::uint64_t left_out = 0;       // further ones

  static constexpr std::size_t kServersKept = 4'096;
  friend bool operator==(const LearnedModel&, const LearnedModel&) = default;
};

}  // namespace mailweir
