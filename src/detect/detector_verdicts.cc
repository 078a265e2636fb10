#include <cmath>

#include "detect/detector_state.h"
#include "detect/explain.h"
#include "detect/numbers.h"
#include "detect/rule.h"

namespace mailweir {

// A doubt, not a verdict: the networks of a /56 may be those of as many customers.
void Detector::State::decide_site(AddressSites::Site& site) {
  ClientRecord& record = site.record;
  if (record.score_user() < settings.user_threshold || record.told() != ClientRecord::Told::Nothing) return;
  if (AddressSites::networks(site) < numbers::kHopperNetworks) return;
  // M is asked wherever it is not asked of a client: many people's mail is taken, together too.
  DetectSettings as_site = settings;
  as_site.servers_registered = false;
  as_site.v6_client_length = kSiteLength;
  if (standing(record, as_site).kind != ClientStanding::Kind::Spammer) return;
  record.tell(ClientRecord::Told::Candidate);
  const auto groups = static_cast<std::uint64_t>(std::llround(record.groups_estimate()));
  ClientReport& finding = findings.emplace_back(describe(record, as_site, {groups, groups}, learning.table()));
  finding.verdict = Verdict::Undecided;
  finding.doubt = Doubt::AddressHopper;
  finding.reason = hopper_reason(record, settings, AddressSites::networks(site));
}

void Detector::State::find(ClientTable::Index index, Doubt doubt) {
  findings.push_back(report(index));
  findings.back().doubt = doubt;
}

void Detector::State::decide(ClientTable::Index index, Time now) {
  ClientRecord& client = table.at(index);
  if (client.told() == ClientRecord::Told::Decided) return;
  if (client.registered()) {
    if (const ServerHistory::Alarm alarm = client.take_alarm(); alarm != ServerHistory::Alarm::None) {
      find(index, Doubt::ChangedServer);
      findings.back().reason = changed_server_reason(client, alarm);
    }
  }
  const bool slow = !client.registered() && spams_slowly(client);
  if (client.score_user() < settings.user_threshold && !slow) return;
  const ClientStanding standing_now = standing(client, settings);
  const bool convicted = standing_now.kind == ClientStanding::Kind::Spammer ||
                         standing_now.kind == ClientStanding::Kind::FirstPacketsSpammer;
  const bool told = client.told() == ClientRecord::Told::Candidate;
  if (client.registered()) {
    // Worth telling once: a mail server that other mail servers treat like a spammer.
    const bool alarming =
        standing_now.kind == ClientStanding::Kind::Spammer && client.score_server() >= settings.server_threshold;
    if (!alarming || told) return;
    client.tell(ClientRecord::Told::Candidate);
    find(index, Doubt::ChangedServer);
  } else if (convicted && !client.learned_server()) {
    client.tell(ClientRecord::Told::Decided);
    decided.insert_or_assign(index, Decided{client, now});
    find(index, Doubt::None);
  } else if (!told && (convicted || standing_now.kind == ClientStanding::Kind::Candidate)) {
    client.tell(ClientRecord::Told::Candidate);
    find(index, client.learned_server() ? Doubt::ChangedServer : Doubt::UnregisteredServer);
  } else if (!told && slow) {
    client.tell(ClientRecord::Told::Candidate);
    find(index, Doubt::SlowSpam);
    findings.back().reason = slow_reason(client);
  }
}

ClientReport Detector::State::report(ClientTable::Index index) const {
  const ClientRecord& client = table.at(index);
  DestinationCount::Answer counted;
  if (settings.exact_destinations) {
    counted = destinations[index].answer(hash);
  } else {
    const auto estimate = static_cast<std::uint64_t>(std::llround(client.groups_estimate()));
    counted = {estimate, estimate};
  }
  ClientReport now = describe(client, settings, counted, learning.table());
  if (const auto found = decided.find(index); found != decided.end()) {
    const ClientRecord& then = found->second.record;
    ClientReport decision = describe(then, settings, counted, learning.table());
    now.verdict = decision.verdict;
    now.reason = std::move(decision.reason);
    now.score_user = decision.score_user;
    now.score_server = decision.score_server;
    now.evidence = std::move(decision.evidence);
    now.decided_at = found->second.at;
    now.decided_after_connections = then.connections();
    now.ports_when_decided = decision.ports;
  }
  return now;
}

}  // namespace mailweir
