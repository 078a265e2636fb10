#include "tests/world/judge.h"

namespace mailweir::world {
namespace {

DetectSettings as_seen(DetectSettings settings, Sightlines sightlines) {
  settings.mx_seen = sightlines.mx_queries;
  return settings;
}

}  // namespace

DetectorJudge::DetectorJudge(const DetectSettings& settings, Sightlines sightlines)
    : detector_(as_seen(settings, sightlines), KeyedHash(KeyedHash::Key{7})), sightlines_(sightlines) {}

void DetectorJudge::see(const Sight& sight, std::vector<Call>& calls) {
  if (sight.kind == Sight::Kind::MxQuery && !sightlines_.mx_queries) return;
  if (sight.kind == Sight::Kind::Inbound && !sightlines_.inbound) return;
  detector_.observe(sight.event);
  for (const ClientReport& finding : detector_.take_findings()) {
    const std::uint32_t actor = actor_of(finding.client.base());
    if (finding.verdict == Verdict::Spammer) calls.push_back({actor, Call::Kind::Spammer});
    if (finding.verdict == Verdict::Undecided) calls.push_back({actor, Call::Kind::Ask});
  }
}

double DetectorJudge::score(const Sight& sight) const {
  return detector_.scores(sight.event.client).value_or(Detector::Scores{}).user;
}

}  // namespace mailweir::world
