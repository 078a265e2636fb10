#include "detect/explain.h"

#include <fmt/format.h>

#include <cmath>

#include "detect/detector.h"
#include "detect/evidence.h"
#include "detect/numbers.h"

namespace mailweir {
namespace {

using namespace numbers;

// How near the decision was, where that is cheap to say: what a little less evidence would have changed.
std::string counterfactual(const ClientRecord& client, const DetectSettings& settings, const HazardTable& hazards) {
  const double per_network = std::log(kSpammerHazard / hazards.transfer.back());
  const double spare = client.score_user() - settings.user_threshold;
  const auto networks = static_cast<int>(spare / per_network) + 1;
  std::string text = fmt::format("{} new network{} fewer", networks, networks == 1 ? "" : "s");
  if (!settings.servers_registered) {
    const auto retries = static_cast<int>((client.score_server() - settings.server_threshold) / -kRetryM) + 1;
    text += fmt::format(" or {} patient retr{} of failed deliveries", retries, retries == 1 ? "y" : "ies");
  }
  return text + " would have left it undecided";
}

std::string spammer_reason(const ClientRecord& client, const DetectSettings& settings, const HazardTable& hazards) {
  const std::string server_part = settings.servers_registered
                                      ? ", and every mail server here is registered"
                                      : fmt::format(", and unlike a mail server: {:.1f} (need {:.1f})",
                                                    client.score_server(), settings.server_threshold);
  return fmt::format("contacts new mail networks like a spammer: score {:.1f} (need {:.1f}){}; {}", client.score_user(),
                     settings.user_threshold, server_part, counterfactual(client, settings, hazards));
}

std::string first_packets_reason(const ClientRecord& client, const DetectSettings& settings) {
  return fmt::format(
      "{} new mail networks on port 25, score {:.1f} (need {:.1f}), judged by first packets alone: a mail server would "
      "look the same in such a log; if it is one, register it with --mail-servers {}",
      client.contacts(MailRole::Transfer).groups, client.score_user(), settings.user_threshold + kFirstPacketsExtra,
      client_of(client.base(), settings.v6_client_length).text());
}

std::string candidate_reason(const ClientRecord& client, const DetectSettings& settings) {
  return fmt::format(
      "unregistered mail server? It contacts new mail networks (score {:.1f}, need {:.1f}), but they take its mail as "
      "a "
      "mail server's (score against mail servers {:.1f}, need {:.1f})",
      client.score_user(), settings.user_threshold, client.score_server(), settings.server_threshold);
}

std::string suspicious_reason(const ClientRecord& client, const DetectSettings& settings, const ClientStanding& now) {
  const std::string score = fmt::format("score {:.1f} (need {:.1f})", client.score_user(), settings.user_threshold);
  if (settings.recorded && client.first_packets_only()) {
    return fmt::format("{}, but only first packets were seen: on these alone it takes {} new mail networks and {:.1f}",
                       score, kFirstPacketsGroups, settings.user_threshold + kFirstPacketsExtra);
  }
  if (!now.enough_groups) return fmt::format("{}, but too few new mail networks", score);
  if (!now.return_path) {
    return fmt::format("{}, but no handshake seen: somebody may be using its address", score);
  }
  if (now.kinds < 2) return fmt::format("{}, but only one kind of evidence: the servers do accept its mail", score);
  return fmt::format("{}, but the kernel does not count bytes here, and without that it takes {} kinds of evidence",
                     score, kinds_needed(settings));
}

std::string learned_server_reason(const ClientRecord& client, const DetectSettings& settings,
                                  const ClientStanding& now) {
  std::string text =
      fmt::format("looks like a mail server of long standing: {} active days, {} (score against mail servers {:.1f})",
                  client.active_days(),
                  client.inbound_networks() > 0 ? "it receives mail too" : "it comes back patiently after failures",
                  client.score_server());
  const bool alarming =
      now.kind == ClientStanding::Kind::Spammer || now.kind == ClientStanding::Kind::FirstPacketsSpammer;
  if (alarming) {
    text += fmt::format("; but servers now treat it like a spammer (score {:.1f}, need {:.1f}): broken into?",
                        client.score_user(), settings.user_threshold);
  }
  return text + "; register it if it is one";
}

std::string server_reason(const ClientRecord& client, const DetectSettings& settings, const ClientStanding& now) {
  const bool alarming = now.kind == ClientStanding::Kind::Spammer && client.score_server() >= settings.server_threshold;
  return alarming ? fmt::format(
                        "registered mail server, never blocked; but servers now treat it like a spammer (score "
                        "against mail servers {:.1f}): broken into?",
                        client.score_server())
                  : std::string("registered mail server: scored, never blocked");
}

}  // namespace

std::string changed_server_reason(const ClientRecord& client, ServerHistory::Alarm alarm) {
  const ServerHistory& history = *client.history();
  if (alarm == ServerHistory::Alarm::Spreading) {
    return fmt::format(
        "registered mail server, never blocked; but it wrote to {} new mail networks within an hour, where its busiest "
        "hours of the last fortnight had {:.0f}: broken into?",
        history.this_hour(), history.usual_per_hour());
  }
  return fmt::format(
      "registered mail server, never blocked; but mail servers have begun to refuse it: usually {:.0f} % of its first "
      "contacts end badly, now far more: broken into?",
      100 * history.usual_bad_share());
}

std::string slow_reason(const ClientRecord& client) {
  return fmt::format(
      "slow spam? For days it has contacted ever new mail networks, too few a day for the fast test: slow score {:.1f} "
      "(need {:.1f})",
      client.score_slow(), kSlowThreshold);
}

std::string hopper_reason(const ClientRecord& site, const DetectSettings& settings, unsigned networks) {
  return fmt::format(
      "one spammer with many addresses? {} networks of this IPv6 site take turns and together behave like one: score "
      "{:.1f} (need {:.1f}), unlike a mail server {:.1f} (need {:.1f}); none is blocked, for they may be as many "
      "customers",
      networks, site.score_user(), settings.user_threshold, site.score_server(), settings.server_threshold);
}

ClientReport describe(const ClientRecord& client, const DetectSettings& settings, DestinationCount::Answer destinations,
                      const HazardTable& hazards) {
  ClientReport report;
  report.client = client_of(client.base(), settings.v6_client_length);
  report.registered = client.registered();
  report.score_user = client.score_user();
  report.score_server = client.score_server();
  report.attempts = client.connections();
  report.destinations = destinations.servers;
  report.groups = destinations.groups;
  const auto counts = client.counts();
  report.failed = counts.failed;
  report.established = counts.established;
  report.shorts = counts.shorts;
  report.delivered = counts.delivered;
  for (std::size_t i = 0; i < report.ports.size(); ++i) report.ports[i].connections = counts.opened[i];
  report.first_seen = client.first_seen();
  report.last_seen = client.last_seen();

  const ClientStanding now = standing(client, settings);
  using Kind = ClientStanding::Kind;
  const bool suspect =
      client.registered() || client.learned_server() || (now.kind != Kind::Ordinary && now.kind != Kind::Open);
  const bool explained = suspect || settings.explain_everybody;
  if (explained) report.evidence = evidence_of(client, hazards);
  if (client.registered()) {
    report.verdict = Verdict::Server;
    report.reason = server_reason(client, settings, now);
  } else if (client.learned_server()) {
    report.verdict = Verdict::Server;
    report.reason = learned_server_reason(client, settings, now);
  } else if (now.kind == Kind::Spammer || now.kind == Kind::FirstPacketsSpammer) {
    report.verdict = Verdict::Spammer;
    report.reason =
        now.kind == Kind::Spammer ? spammer_reason(client, settings, hazards) : first_packets_reason(client, settings);
  } else if (now.kind == Kind::Ordinary) {
    report.verdict = Verdict::Legitimate;
    if (explained) report.reason = fmt::format("like an ordinary mail user: score {:.1f}", report.score_user);
  } else if (now.kind == Kind::Candidate || client.told() == ClientRecord::Told::Candidate) {
    report.reason = candidate_reason(client, settings);
  } else if (now.kind == Kind::Suspicious) {
    report.reason = suspicious_reason(client, settings, now);
  } else if (explained) {
    report.reason = fmt::format("too little evidence: score {:.1f} (spammer from {:.1f}, ordinary user from {:.1f})",
                                report.score_user, settings.user_threshold, kLegitimateL);
  }
  return report;
}

}  // namespace mailweir
