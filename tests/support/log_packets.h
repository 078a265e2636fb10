// Every packet of a block in full, in the order of the lines.
#pragma once

#include <vector>

#include "ingest/log_block.h"

namespace mailweir::test {

inline std::vector<LogSighting> packets_of(const LogBlock& block) {
  std::vector<LogSighting> all;
  const PlainSyn* next = block.plain.data();
  for (const LogSighting& sighting : block.sightings) {
    all.push_back(sighting);
    for (std::uint32_t i = 0; i < sighting.plain; ++i) {
      LogSighting one = sighting;
      (next++)->put_into(one.packet);
      all.push_back(one);
    }
  }
  return all;
}

}  // namespace mailweir::test
