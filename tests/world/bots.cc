// Spammers on port 25.
#include <algorithm>
#include <utility>

#include "tests/world/population.h"

namespace mailweir::world {
namespace {
constexpr double kCampaignSize = 11.5;  // 3 kB
}

Population bots(std::string name, BotHabits habits) {
  return {std::move(name), Population::Kind::Spammer, [habits](Script& script) {
            Random& random = script.random;
            if (habits.hop_after != 0) script.speak_v6();
            const double gap = kHour / habits.per_hour;
            const double end = std::min(script.end(), habits.connections_max * gap);
            unsigned connections = 0;
            for (double second = random.exponential(gap); second < end; second += random.exponential(gap)) {
              const bool large = random.chance(habits.large_hosts);
              const Host server = large ? large_provider(random) : random.between(0, kServers - 1);
              script.ask_mx(second, server);
              const Outcome outcome = end_of(random, habits.ends);
              script.connect(second + 0.1, server, 25, outcome, {kCampaignSize, habits.size_deviation});
              if (habits.retries && outcome != Outcome::Delivered) script.connect(second + 300, server, 25, outcome);
              for (unsigned i = 1; i <= habits.repeats; ++i) {
                script.connect(second + 0.2 * i, kProviders, 587, Outcome::Delivered);
              }
              if (habits.hop_after != 0) script.use_address(++connections / habits.hop_after);
            }
          }};
}

}  // namespace mailweir::world
