// People with mail programs, and addresses that several of them share.
#include <string>
#include <utility>
#include <vector>

#include "tests/world/population.h"

namespace mailweir::world {
namespace {

constexpr Ends kUserEnds{0.02, 0.03};    // features F3 and F4: 1-3 % and 2-4 %
constexpr Ends kMobileEnds{0.08, 0.05};  // tunnels and lifts: four times as many failures
constexpr unsigned kSmallProviders = 2000;

// Three accounts in ten are at a large mail host: fewer than in life, which spreads people over more places.
Host account(Random& random) {
  return random.chance(0.3) ? large_provider(random) : random.between(0, kSmallProviders);
}

std::uint16_t submission_port(Host server) { return server % 2 == 0 ? 587 : 465; }

// Most people have one or two accounts, one in 25 has 5 to 14.
unsigned number_of_accounts(Random& random) {
  const double u = random.share();
  return u < .60 ? 1 : u < .80 ? 2 : u < .90 ? 3 : u < .96 ? 4 : random.between(5, 14);
}

class Person {
 public:
  explicit Person(Random& random) : smarthosts_(random.chance(0.03)), first_relay_(3000 + 2 * random.between(0, 500)) {
    for (unsigned i = number_of_accounts(random); i > 0; --i) accounts_.push_back(account(random));
    relays_ = random.between(1, 2);
  }

  // The mail program wakes: after half of these it sends what waited on every account at once.
  void wake(Script& script, double second, Ends ends) const {
    Random& random = script.random;
    const auto accounts = static_cast<unsigned>(accounts_.size());
    const bool burst = random.chance(0.5);
    const unsigned mails = burst ? accounts : random.between(1, 3);
    for (unsigned mail = 0; mail < mails; ++mail) {
      second += burst ? 0.3 : random.exponential(120);
      const Host server = accounts_[burst ? mail : random.between(0, accounts - 1)];
      script.connect(second, server, submission_port(server), end_of(random, ends));
      if (smarthosts_) {
        script.connect(second + 1, first_relay_ + random.between(1, relays_) - 1, 25, end_of(random, ends));
      }
    }
    if (random.chance(0.001 / 6)) script.ask_mx(second, accounts_[0]);  // F5: at most one in 1000 a day
  }

 private:
  std::vector<Host> accounts_;
  bool smarthosts_;  // 3 % have a mail program that still uses port 25 (F1)
  Host first_relay_;
  unsigned relays_;
};

double waking_hour(Random& random) { return random.between(6 * 3600, 22 * 3600); }

// Failures that come together: the sums of nats take them for independent, and no guard over several clients helps,
// because the line of one client is down.
Population sometimes_badly(std::string name, Ends bad) {
  return {std::move(name), Population::Kind::Odd, [bad](Script& script) {
            const Person person(script.random);
            for (unsigned wake = 0; wake < 6 * script.days(); ++wake) {
              const Ends ends = script.random.chance(0.05) ? bad : kUserEnds;
              person.wake(script, wake / 6 * kDay + waking_hour(script.random), ends);
            }
          }};
}

}  // namespace

void live_as_user(Script& script, Ends ends) {
  const Person person(script.random);
  for (unsigned day = 0; day < script.days(); ++day) {
    for (unsigned wake = 0; wake < 6; ++wake) person.wake(script, day * kDay + waking_hour(script.random), ends);
  }
}

Population ordinary_users() {
  return {"ordinary users", Population::Kind::User, [](Script& script) {
            if (script.random.chance(0.2)) script.speak_v6();
            live_as_user(script, kUserEnds);
          }};
}

Population bad_lines() { return sometimes_badly("people whose line fails, 1 wake in 20", {1, 0}); }
// A hotel's proxy, a protection program that asks for a password: everybody's server answers, and nothing goes through.
Population intercepted_mail() { return sometimes_badly("people whose mail is intercepted, 1 in 20", {0.1, 0.9}); }

Population households() {
  return {"household, 2 to 6 people", Population::Kind::User, [](Script& script) {
            for (unsigned people = script.random.between(2, 6); people > 0; --people) live_as_user(script, kUserEnds);
          }};
}

Population offices() {
  return {"office of 60 people, one address", Population::Kind::Odd, [](Script& script) {
            for (unsigned people = 60; people > 0; --people) live_as_user(script, kUserEnds);
          }};
}

Population mobile_users() {
  return {"mobile users, changing addresses", Population::Kind::User, [](Script& script) {
            const Person person(script.random);
            for (unsigned wake = 0; wake < 6 * script.days(); ++wake) {
              script.use_address(wake);
              person.wake(script, wake / 6 * kDay + waking_hour(script.random), kMobileEnds);
            }
          }};
}

Population lent_addresses() {
  return {"address lent to 8 people a day", Population::Kind::User, [](Script& script) {
            for (unsigned lease = 0; lease < 8 * script.days(); ++lease) {
              const Person person(script.random);
              for (int wake = 0; wake < 2; ++wake) {
                person.wake(script, (lease + 0.9 * script.random.share()) * 3 * kHour, kMobileEnds);
              }
            }
          }};
}

Population inherited_addresses(bool seen) {
  return {seen ? "address inherited from a bot, new hardware" : "address inherited from a bot, unseen",
          Population::Kind::Odd, [seen](Script& script) {
            Random& random = script.random;
            if (seen) script.use_hardware(1);
            for (unsigned i = 0; i < 4; ++i) {  // a fifth would be enough to convict it
              const Host server = random.between(0, kServers - 1);
              script.ask_mx(60 * i, server);
              script.connect(60 * i + 0.1, server, 25, end_of(random, {0.25, 0.35}), {11.5, 0.4});
            }
            if (seen) script.use_hardware(2);
            const Person person(random);
            const Host first = random.between(0, kServers - 3);
            for (unsigned wake = 0; wake < 6 * script.days(); ++wake) {
              const double second = wake / 6 * kDay + waking_hour(random);
              person.wake(script, second, kUserEnds);
              script.connect(second + 5, first + random.between(0, 2), 25, end_of(random, kMobileEnds));
            }
          }};
}

Population v6_neighbours() {
  return {"200 people, a /64 each of one /56", Population::Kind::Odd, [](Script& script) {
            script.speak_v6();
            for (unsigned person = 0; person < 200; ++person) {
              script.use_address(person);
              live_as_user(script, kUserEnds);
            }
          }};
}

}  // namespace mailweir::world
