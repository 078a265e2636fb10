// Stolen passwords, tried and used at other people's submission servers: no MX records, no port 25.
#include <utility>

#include "tests/world/population.h"

namespace mailweir::world {

Population credential_abusers(std::string name, double per_hour, Host providers, Ends ends) {
  return {std::move(name), Population::Kind::Spammer, [per_hour, providers, ends](Script& script) {
            Random& random = script.random;
            const Host first = random.between(0, kServers - providers);
            for (double second = 0; (second += random.exponential(kHour / per_hour)) < script.end();) {
              const Host server = first + random.between(0, providers - 1);
              script.connect(second, server, 587, end_of(random, ends), {11.5, 0.4});
            }
          }};
}

}  // namespace mailweir::world
