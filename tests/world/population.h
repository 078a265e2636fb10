// Made-up mail clients and what they do in a day, as ConnectionEvents: the populations of docs/detection.md,
// section 3.8.
//
// Everything follows from the seed. The rates are that section's; what it does not say (how long a connection lasts,
// how skewed a mail server's correspondents are) is chosen here and said beside the number. They show that the detector
// does what its arithmetic promises, not how real traffic looks.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "record/connection_event.h"

namespace mailweir::world {

using Random = std::mt19937_64;

[[nodiscard]] double share(Random& random);  // uniform in [0, 1)
[[nodiscard]] double exponential(Random& random, double mean);
[[nodiscard]] unsigned between(Random& random, unsigned first, unsigned last);

// How first contacts end; what is neither is delivered.
struct Ends {
  double failed = 0;
  double cut_short = 0;
};
[[nodiscard]] Outcome end_of(Random& random, Ends ends);

// Writes down what one client does, and gives it back in time order.
class Script {
 public:
  Script(IpAddress client, Random& numbers) : random(numbers), client_(client) {}

  // `server` is a number; each is a /24 of its own, of no known provider. Returns how it ended.
  void connect(double second, unsigned server, std::uint16_t port, Outcome outcome);
  [[nodiscard]] std::vector<ConnectionEvent> take();

  Random& random;

 private:
  IpAddress client_;
  std::uint16_t next_port_ = 1024;
  std::vector<ConnectionEvent> events_;
};

struct Population {
  std::string name;
  unsigned clients;
  std::function<void(Script&)> day;
};

// Honest.
[[nodiscard]] Population ordinary_users(unsigned clients);
[[nodiscard]] Population looping_devices(unsigned clients);  // a printer and its dead relay
[[nodiscard]] Population direct_senders(unsigned clients);   // a developer box: about 9 mail servers a day
[[nodiscard]] Population mail_servers(std::string name, unsigned clients, double mails_per_day, Ends ends);
[[nodiscard]] Population newsletters(unsigned clients);  // 4,000 in one hour

// Not.
[[nodiscard]] Population bots(std::string name, unsigned clients, double per_hour, Ends ends);
[[nodiscard]] Population credential_abusers(unsigned clients, Ends ends);  // port 587 of many providers, 60 per hour

}  // namespace mailweir::world
