// Observations, as observe, status and apply show them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "apply/observations.h"
#include "cli/common.h"

namespace mailweir {

// "attempts on tcp 25, 465, 587 from 172.16.0.0/12 at output and forward"
[[nodiscard]] std::string observation_words(const Observation& observation);
// "12 seen, 10 logged, 2 kept back by the limit of the log"
[[nodiscard]] std::string observation_counts(const StandingObservation& observation);
// Where the lines go and which commands show them.
[[nodiscard]] std::string how_to_read(const Observation& observation);
// Everything that `mailweir observe` tells a person.
[[nodiscard]] std::string observations_text(std::span<const StandingObservation> observations,
                                            const CommonOptions& common);
// observations[] of docs/json.md.
[[nodiscard]] nlohmann::ordered_json observations_json(std::span<const StandingObservation> observations);

// That observations run, as a remark: a change of the table leaves them as they are. What is over is taken away.
void remark_on_observations(const CommonOptions& common);

}  // namespace mailweir
