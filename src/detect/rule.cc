#include "detect/rule.h"

#include "detect/numbers.h"

namespace mailweir {
namespace {

using namespace numbers;

bool has_return_path(const ClientRecord::Contacts contacts, const DetectSettings& settings) {
  const unsigned established = contacts.established;
  const unsigned refused = contacts.refused;
  if (settings.recorded) return established >= kEstablishedRecorded || established + refused >= kAnsweredRecorded;
  return established >= (settings.sources_bound ? kEstablishedBound : kEstablishedLive);
}

}  // namespace

unsigned kinds_needed(const DetectSettings& settings) {
  // Recordings say by themselves how an end was seen.
  return settings.bytes_counted || settings.recorded ? 2 : 3;
}

bool spams_slowly(const ClientRecord& client) {
  return client.score_slow() >= kSlowThreshold && client.last_seen() - client.first_seen() >= kSlowAge &&
         client.contacts(MailRole::Transfer).established >= 1;
}

ClientStanding standing(const ClientRecord& client, const DetectSettings& settings) {
  const double score = client.score_user();
  if (score < settings.user_threshold) {
    const bool ordinary = score <= kLegitimateL && client.connections() >= kLegitimateConnectionsMin;
    return {.kind = ordinary ? ClientStanding::Kind::Ordinary : ClientStanding::Kind::Open};
  }

  const auto transfer = client.contacts(MailRole::Transfer);
  const auto submission = client.contacts(MailRole::Submission);
  ClientStanding result{.kind = ClientStanding::Kind::Suspicious};
  const bool many_25 = transfer.groups >= kGroups25Min;
  const bool many_submission = submission.groups >= kGroupsSubmissionMin;
  result.enough_groups = many_25 || many_submission;
  const double novelty = client.weight(Weight::New25) + client.weight(Weight::NewSubmission);
  const double outcomes = client.weight(Weight::Failed) + client.weight(Weight::Short);
  for (const double nats : {novelty, outcomes, client.weight(Weight::Mx), client.weight(Weight::Size)}) {
    if (nats >= kEvidenceGroupMin) ++result.kinds;
  }
  result.enough_kinds = result.kinds >= kinds_needed(settings);
  // Asked of the ports that are under suspicion, so that a person's own submission servers cannot lend their handshakes
  // to somebody who forges that person's address on port 25.
  result.return_path =
      (many_25 && has_return_path(transfer, settings)) || (many_submission && has_return_path(submission, settings));

  if (result.enough_groups && result.enough_kinds && result.return_path) {
    const bool unlike_server = settings.servers_registered || client.score_server() >= settings.server_threshold + client.server_margin();
    result.kind = unlike_server ? ClientStanding::Kind::Spammer : ClientStanding::Kind::Candidate;
  } else if (settings.recorded && client.first_packets_only() && transfer.groups >= kFirstPacketsGroups &&
             score >= settings.user_threshold + kFirstPacketsExtra) {
    result.kind = ClientStanding::Kind::FirstPacketsSpammer;
  }
  return result;
}

}  // namespace mailweir
