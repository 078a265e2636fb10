// Machines that open mail connections without being a person's mail program, a mail server or a spammer.
#include "tests/world/population.h"

namespace mailweir::world {
namespace {

// A probe connects, reads the banner and says QUIT: always short.
void watch_servers(Script& script, unsigned servers, double every) {
  const Host first = script.random.between(0, kServers - servers);
  const double start = script.random.share() * every;
  for (double second = start; second < script.end(); second += every) {
    for (unsigned i = 0; i < servers; ++i) {
      const Outcome outcome = script.random.chance(0.01) ? Outcome::NoAnswer : Outcome::Short;
      script.connect(second + 0.5 * i, first + i, 25, outcome);
    }
  }
}

}  // namespace

Population dead_relays() {
  return {"printer with a dead relay", Population::Kind::Odd, [](Script& script) {
            const Host relay = script.random.between(0, 2000);
            const Outcome outcome = script.random.chance(0.5) ? Outcome::NoAnswer : Outcome::Refused;
            for (double second = script.random.share() * 300; second < script.end(); second += 300) {
              script.connect(second, relay, 25, outcome);
            }
          }};
}

Population direct_senders() {
  return {"developer's box, 9 servers a day", Population::Kind::Odd, [](Script& script) {
            Random& random = script.random;
            for (double second = 0; (second += random.exponential(kDay / 9)) < script.end();) {
              const Host server = random.between(0, kServers - 1);
              script.ask_mx(second, server);
              script.connect(second + 0.1, server, 25, end_of(random, {0.03, 0.05}));
            }
          }};
}

Population own_monitors() {
  return {"monitor of 4 mail servers", Population::Kind::Odd,
          [](Script& script) { watch_servers(script, 4, 5 * kMinute); }};
}

Population wide_monitors() {
  return {"monitor of 30 mail servers", Population::Kind::Odd,
          [](Script& script) { watch_servers(script, 30, 15 * kMinute); }};
}

Population address_verifiers() {
  return {"address verifier, 200 a day", Population::Kind::Odd, [](Script& script) {
            Random& random = script.random;
            for (double second = 0; (second += random.exponential(kDay / 200)) < script.end();) {
              const Host server = random.chance(0.4) ? large_provider(random) : random.between(0, kServers - 1);
              script.ask_mx(second, server);
              script.connect(second + 0.1, server, 25, random.chance(0.02) ? Outcome::NoAnswer : Outcome::Short);
            }
          }};
}

}  // namespace mailweir::world
