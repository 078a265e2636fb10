// The weights of a record, each with a sentence that says where it comes from.
#pragma once

#include <vector>

#include "detect/client_record.h"
#include "record/client_report.h"

namespace mailweir {

// Adds up to client.score_user() within 0.01; kinds without weight are left out.
[[nodiscard]] std::vector<Evidence> evidence_of(const ClientRecord& client, const HazardTable& hazards = {});

}  // namespace mailweir
