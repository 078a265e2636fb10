// Stolen passwords, tried and used at other people's submission servers: no MX records, no port 25.
#include <algorithm>
#include <utility>

#include "tests/world/population.h"

namespace mailweir::world {

Population credential_abusers(std::string name, double per_hour, Host providers, Ends ends) {
  return {std::move(name), Population::Kind::Spammer, [per_hour, providers, ends](Script& script) {
            Random& random = script.random;
            const Host first = random.between(0, kServers - providers);
            const double gap = kHour / per_hour;
            const double end = std::min(script.end(), 600 * gap);  // by then it has long been decided
            for (double second = random.exponential(gap); second < end; second += random.exponential(gap)) {
              const Host server = first + random.between(0, providers - 1);
              script.connect(second, server, 587, end_of(random, ends), {11.5, 0.4});
            }
          }};
}

}  // namespace mailweir::world
