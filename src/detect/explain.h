// A client's record as a report a person can read: verdict, reason, and evidence that adds up.
//
// Stores no prose: everything is made from the numbers of the record when somebody asks (docs/detection.md, 3.7).
#pragma once

#include "detect/client_record.h"
#include "detect/destination_count.h"
#include "detect/rule.h"
#include "detect/settings.h"
#include "record/client_report.h"

namespace mailweir {

// `hazards`: what new networks were judged by.  `decided_at` and `decided_after_connections` are left empty: the record
// does not know them.
[[nodiscard]] ClientReport describe(const ClientRecord& client, const DetectSettings& settings,
                                    DestinationCount::Answer destinations, const HazardTable& hazards = {});

// A mail server that does not behave as it used to; slow spam; networks of one IPv6 site that take turns.
[[nodiscard]] std::string changed_server_reason(const ClientRecord& client, ServerHistory::Alarm alarm);
[[nodiscard]] std::string slow_reason(const ClientRecord& client);
[[nodiscard]] std::string hopper_reason(const ClientRecord& site, const DetectSettings& settings, unsigned networks);

}  // namespace mailweir
