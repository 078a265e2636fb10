#include "tests/world/population.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mailweir::world {
namespace {

constexpr double kDay = 86'400;
const Time kMidnight = *parse_time("2026-11-22T00:00:00Z");
constexpr unsigned kServers = 120'000;  // that a bot or a mail server may write to

Time at(double second) { return kMidnight + std::chrono::microseconds(std::llround(second * 1e6)); }

// How long a connection lasts, in seconds. A source gives up waiting for an answer after 10.
double length_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::NoAnswer:
      return 10;
    case Outcome::Refused:
      return 0.1;
    case Outcome::Short:
      return 2;
    default:
      return 4;
  }
}

// The square of a uniform number: one mail in ten goes to the most popular hundredth of the servers.
unsigned skewed(Random& random, unsigned servers) {
  const double u = share(random);
  return static_cast<unsigned>(u * u * servers);
}

// Tries again after `gap` seconds and then ever more slowly, four times in all (RFC 5321, section 4.5.4.1).
void deliver_with_retries(Script& script, double second, unsigned server, Ends ends, double gap) {
  const Outcome first = end_of(script.random, ends);
  script.connect(second, server, 25, first);
  if (first == Outcome::Delivered) return;
  for (int retry = 0; retry < 3; ++retry) {
    second += gap * (1 + 0.2 * share(script.random));
    gap = std::min(gap * 2, 4000.0);
    // Greylisting ends with the first retry, a dead host or a dead address stays dead: half and half.
    const bool accepted = share(script.random) < 0.5;
    script.connect(second, server, 25, accepted ? Outcome::Delivered : first);
    if (accepted) return;
  }
}

// The first retry of Postfix since 2.4 (minimal_backoff_time) and of Exim (the retry rule it ships with), half and
// half.
double first_retry_gap(Random& random) { return share(random) < 0.5 ? 300 : 900; }

}  // namespace

double share(Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }
double exponential(Random& random, double mean) { return -mean * std::log(1 - share(random)); }
unsigned between(Random& random, unsigned first, unsigned last) {
  return first + static_cast<unsigned>(share(random) * (last - first + 1));
}

Outcome end_of(Random& random, Ends ends) {
  const double u = share(random);
  if (u < ends.failed) return share(random) < 0.5 ? Outcome::NoAnswer : Outcome::Refused;
  return u < ends.failed + ends.cut_short ? Outcome::Short : Outcome::Delivered;
}

void Script::connect(double second, unsigned server, std::uint16_t port, Outcome outcome) {
  ConnectionEvent event{.time = at(second),
                        .client = client_,
                        .server = IpAddress::v4(0x2d00'0019U + (server << 8)),
                        .client_port = next_port_++,
                        .server_port = port};
  events_.push_back(event);
  if (outcome != Outcome::NoAnswer && outcome != Outcome::Refused) {
    event.kind = ConnectionEvent::Kind::Established;
    event.time = at(second + 0.05);
    events_.push_back(event);
  }
  event.kind = ConnectionEvent::Kind::Judged;
  event.outcome = outcome;
  event.time = at(second + length_of(outcome));
  events_.push_back(event);
}

std::vector<ConnectionEvent> Script::take() {
  std::stable_sort(events_.begin(), events_.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
  return std::exchange(events_, {});
}

Population ordinary_users(unsigned clients) {
  return {"ordinary users", clients, [](Script& script) {
            Random& random = script.random;
            constexpr Ends kEnds{0.02, 0.03};
            // Most people have one or two accounts, one in 25 has 5 to 14.
            const double u = share(random);
            const unsigned accounts = u < .60 ? 1 : u < .80 ? 2 : u < .90 ? 3 : u < .96 ? 4 : between(random, 5, 14);
            std::vector<unsigned> servers;
            for (unsigned i = 0; i < accounts; ++i) servers.push_back(between(random, 0, 2000));
            const bool smarthosts = share(random) < 0.03;  // their mail program still uses port 25
            const unsigned relays = between(random, 1, 2);
            for (unsigned wake = 0; wake < 6; ++wake) {
              double second = between(random, 6 * 3600, 22 * 3600);
              const bool burst = share(random) < 0.5;  // the laptop opens and sends what waited, on every account
              const unsigned mails = burst ? accounts : between(random, 1, 3);
              for (unsigned mail = 0; mail < mails; ++mail) {
                second += burst ? 0.3 : exponential(random, 120);
                const unsigned server = servers[burst ? mail : between(random, 0, accounts - 1)];
                script.connect(second, server, server % 2 == 0 ? 587 : 465, end_of(random, kEnds));
                if (smarthosts)
                  script.connect(second + 1, 3000 + between(random, 1, relays), 25, end_of(random, kEnds));
              }
            }
          }};
}

Population looping_devices(unsigned clients) {
  return {"looping device", clients, [](Script& script) {
            const unsigned relay = between(script.random, 0, 2000);
            for (int time = 0; time < 288; ++time) script.connect(300.0 * time, relay, 25, Outcome::NoAnswer);
          }};
}

Population direct_senders(unsigned clients) {
  return {"direct to 9 servers a day", clients, [](Script& script) {
            for (double second = 0; (second += exponential(script.random, kDay / 9)) < kDay;) {
              script.connect(second, between(script.random, 0, kServers), 25, end_of(script.random, {0.03, 0.05}));
            }
          }};
}

Population mail_servers(std::string name, unsigned clients, double mails_per_day, Ends ends) {
  return {std::move(name), clients, [mails_per_day, ends](Script& script) {
            const double gap = first_retry_gap(script.random);
            for (double second = 0; (second += exponential(script.random, kDay / mails_per_day)) < kDay;) {
              deliver_with_retries(script, second, skewed(script.random, 5000), ends, gap);
            }
          }};
}

Population newsletters(unsigned clients) {
  return {"newsletter, 4,000 in 1 h", clients, [](Script& script) {
            const double gap = first_retry_gap(script.random);
            for (double second = 0; (second += exponential(script.random, 0.9)) < 3600;) {
              deliver_with_retries(script, second, skewed(script.random, 5000), {0.03, 0.08}, gap);
            }
          }};
}

Population bots(std::string name, unsigned clients, double per_hour, Ends ends) {
  return {std::move(name), clients, [per_hour, ends](Script& script) {
            // As long as it takes for about 200 connections, or a day.
            const double end = std::min(kDay, 200 * 3600 / per_hour);
            for (double second = 0; (second += exponential(script.random, 3600 / per_hour)) < end;) {
              script.connect(second, between(script.random, 0, kServers), 25, end_of(script.random, ends));
            }
          }};
}

Population credential_abusers(unsigned clients, Ends ends) {
  return {"587 abuse, many providers", clients, [ends](Script& script) {
            for (double second = 0; (second += exponential(script.random, 60)) < kDay;) {
              script.connect(second, between(script.random, 0, kServers), 587, end_of(script.random, ends));
            }
          }};
}

}  // namespace mailweir::world
