// Clients of a detector's tests: what they do, and what the detector says of them.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "detect/detector.h"
#include "tests/support/mail_client.h"

namespace mailweir::testing {

inline const KeyedHash kHash({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});

inline MailClient client_at(Detector& detector, const char* address) {
  return {address, [&detector](const ConnectionEvent& event) { detector.observe(event); }};
}

inline ClientReport report_of(const Detector& detector, const MailClient& client) {
  for (const ClientReport& report : detector.reports()) {
    if (report.client.contains(client.address())) return report;
  }
  ADD_FAILURE() << "no report of " << client.address().text();
  return {};
}

inline double sum_of(const ClientReport& report) {
  double sum = 0;
  for (const Evidence& evidence : report.evidence) sum += evidence.nats;
  return sum;
}

inline bool says(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

// A third is refused, a third cut short, a third delivered.
inline void spam(MailClient& client, unsigned connections, unsigned first = 0, std::uint16_t port = 25) {
  constexpr Outcome kMix[] = {Outcome::Refused, Outcome::Short, Outcome::Delivered};
  for (unsigned i = first; i < first + connections; ++i) {
    client.wait(std::chrono::seconds(6)).connects(server(i), kMix[i % 3], port);
  }
}

// Delivers what others would, with a greylisting here and there, and comes back for it.
inline void serve(MailClient& client, unsigned connections) {
  for (unsigned i = 0; i < connections; ++i) {
    const bool greylisted = i % 8 == 0;
    client.wait(std::chrono::seconds(10)).connects(server(i), greylisted ? Outcome::Short : Outcome::Delivered);
    if (greylisted) client.wait(std::chrono::seconds(300)).connects(server(i), Outcome::Delivered);
  }
}

// It asks for the mail servers of a domain.
inline ConnectionEvent asked_mx(const MailClient& client, std::uint32_t name) {
  return {.time = client.now(),
          .client = client.address(),
          .server = server(0),
          .server_port = 53,
          .payload = name,
          .kind = ConnectionEvent::Kind::AskedMx};
}

}  // namespace mailweir::testing
