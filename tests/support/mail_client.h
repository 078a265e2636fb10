// A mail client for tests: says what it does, and the events arrive wherever `tell` takes them, in time order.
#pragma once

#include <functional>
#include <utility>

#include "record/connection_event.h"

namespace mailweir::testing {

inline const Time kMorning = *parse_time("2026-11-22T08:00:00Z");

// Server number `number`: each in a /24 of its own, none of a known provider.
[[nodiscard]] inline IpAddress server(unsigned number) { return IpAddress::v4(0x2d00'0019U + (number << 8)); }

class MailClient {
 public:
  using Tell = std::function<void(const ConnectionEvent&)>;
  MailClient(const char* address, Tell tell) : address_(*IpAddress::parse(address)), tell_(std::move(tell)) {}

  MailClient& wait(Duration duration) {
    now_ += duration;
    return *this;
  }
  MailClient& seen_as(View view) {
    view_ = view;
    return *this;
  }
  MailClient& opens(IpAddress to, std::uint16_t port = 25) {
    ++connections_;
    return happens(ConnectionEvent::Kind::Opened, to, port);
  }
  MailClient& establishes(IpAddress to, std::uint16_t port = 25) {
    return happens(ConnectionEvent::Kind::Established, to, port);
  }
  MailClient& ends(IpAddress to, Outcome outcome, std::uint16_t port = 25) {
    return happens(ConnectionEvent::Kind::Judged, to, port, outcome);
  }
  // A whole connection: opened, established if that is how it ended, and judged, at one moment.
  MailClient& connects(IpAddress to, Outcome outcome, std::uint16_t port = 25) {
    opens(to, port);
    if (outcome != Outcome::NoAnswer && outcome != Outcome::Refused) establishes(to, port);
    return ends(to, outcome, port);
  }

  [[nodiscard]] IpAddress address() const { return address_; }
  [[nodiscard]] Time now() const { return now_; }
  [[nodiscard]] std::uint64_t connections() const { return connections_; }

 private:
  MailClient& happens(ConnectionEvent::Kind kind, IpAddress to, std::uint16_t port,
                      Outcome outcome = Outcome::Unknown) {
    tell_({.time = now_,
           .client = address_,
           .server = to,
           .client_port = static_cast<std::uint16_t>(20'000 + connections_ % 40'000),
           .server_port = port,
           .kind = kind,
           .outcome = outcome,
           .view = view_});
    return *this;
  }

  IpAddress address_;
  Tell tell_;
  Time now_ = kMorning;
  std::uint64_t connections_ = 0;
  View view_ = View::TwoSided;
};

}  // namespace mailweir::testing
