#include "detect/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "detect/numbers.h"

namespace mailweir {
namespace {

using namespace numbers;

constexpr double kWorthSaying = 0.001;  // nats; nine of these stay far below the 0.05 that a sum may be off

std::string plural(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string thousands(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return digits;
}

std::string new_networks(const ClientRecord& client, const HazardTable& hazards, MailRole role) {
  const auto contacts = client.contacts(role);
  const std::string_view ports = role == MailRole::Transfer ? "port 25" : "ports 465 and 587";
  const Duration span = client.last_seen() - client.run_start();
  std::string text = span <= kEpoch
                         ? fmt::format("{} on {} in {}", plural(contacts.in_run, "new mail network"), ports,
                                       format_duration(std::max<Duration>(span, std::chrono::seconds(1))))
                         : fmt::format("about {} on {} in 12 h", plural(contacts.groups, "new mail network"), ports);
  const std::uint64_t rank = hazards.one_in(role, contacts.groups);
  if (rank >= 10) text += fmt::format("; fewer than 1 in {} ordinary clients get this far", thousands(rank));
  return text;
}

std::string text_of(Weight kind, const ClientRecord& client, const HazardTable& hazards, double nats) {
  const auto counts = client.counts();
  const std::string of_all = fmt::format("of {}", plural(client.connections(), "connection"));
  switch (kind) {
    case Weight::New25:
      return new_networks(client, hazards, MailRole::Transfer);
    case Weight::NewSubmission:
      return new_networks(client, hazards, MailRole::Submission);
    case Weight::Failed:
      return fmt::format("{} {} got no answer or a refusal", counts.failed, of_all);
    case Weight::Short:
      return fmt::format("{} {} ended before a message could be sent", counts.shorts, of_all);
    case Weight::Delivered:
      return fmt::format("{} {} carried a message", counts.delivered, of_all);
    case Weight::Repeat:
      return "further connections to mail networks it already knew";
    case Weight::Mx:
      return fmt::format("asked name servers for the mail servers of {} domain{}, which mail programs never do",
                         client.mx_names() < 16 ? fmt::format("{}", client.mx_names()) : "16 or more",
                         client.mx_names() == 1 ? "" : "s");
    case Weight::Size:
      return nats > 0 ? "its messages are of nearly the same size, as in a campaign"
                      : "its messages differ in size, as people's do";
    case Weight::EarlierBlock:
      return "kept from an earlier block";
  }
  return {};
}

std::string_view kind_of(Weight kind) {
  constexpr std::array<std::string_view, kWeights> kNames{"new-destinations-25",
                                                          "new-destinations-submission",
                                                          "failed",
                                                          "short",
                                                          "delivered",
                                                          "repeat",
                                                          "mx-queries",
                                                          "sizes",
                                                          "earlier-block"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace

std::vector<Evidence> evidence_of(const ClientRecord& client, const HazardTable& hazards) {
  std::vector<Evidence> all;
  for (std::size_t i = 0; i < kWeights; ++i) {
    const auto kind = static_cast<Weight>(i);
    const double nats = client.weight(kind);
    if (std::abs(nats) < kWorthSaying) continue;
    all.push_back({std::string(kind_of(kind)), nats, text_of(kind, client, hazards, nats)});
  }
  return all;
}

}  // namespace mailweir
