// Honest mail servers: they ask for MX records, try again, and are written to.
#include <algorithm>
#include <utility>

#include "tests/world/population.h"

namespace mailweir::world {
namespace {

constexpr Host kCorrespondents = 5000;

// The square of a uniform number: one mail in ten goes to the most popular hundredth of the correspondents.
Host skewed(Random& random, Host servers) {
  const double u = random.share();
  return static_cast<Host>(u * u * servers);
}

// The first retry of Postfix since 2.4 (minimal_backoff_time) and of Exim (the retry rule it ships with), half and
// half.
double first_retry_gap(Random& random) { return random.chance(0.5) ? 300 : 900; }

// Tries again after `gap` seconds and then ever more slowly, four times in all (RFC 5321, section 4.5.4.1).
void deliver(Script& script, double second, Host server, Ends ends, double gap, Sizes sizes,
             Rejections rejections = Rejections::Retried) {
  Random& random = script.random;
  script.ask_mx(second, server);
  const Outcome first = end_of(random, ends);
  script.connect(second + 0.1, server, 25, first, sizes);
  if (first == Outcome::Delivered || (first == Outcome::Short && rejections == Rejections::Final)) return;
  for (int retry = 0; retry < 3; ++retry) {
    second += gap * (1 + 0.2 * random.share());
    gap = std::min(gap * 2, 4000.0);
    // Greylisting ends with the first retry, a dead host or a dead address stays dead: half and half.
    const bool accepted = random.chance(0.5);
    script.connect(second, server, 25, accepted ? Outcome::Delivered : first, sizes);
    if (accepted) return;
  }
}

// Half as many mails come in as go out, from the same correspondents.
void receive(Script& script, double mails_per_day) {
  for (double second = 0; (second += script.random.exponential(kDay / mails_per_day)) < script.end();) {
    script.accept_inbound(second, skewed(script.random, kCorrespondents));
  }
}

}  // namespace

Population mail_servers(std::string name, double mails_per_day, Ends ends, Rejections rejections) {
  return {std::move(name), Population::Kind::Server, [mails_per_day, ends, rejections](Script& script) {
            Random& random = script.random;
            const double gap = first_retry_gap(random);
            for (double second = 0; (second += random.exponential(kDay / mails_per_day)) < script.end();) {
              deliver(script, second, skewed(random, kCorrespondents), ends, gap, {}, rejections);
            }
            receive(script, mails_per_day / 2);
          }};
}

Population mailing_lists() {
  return {"mailing list, 300 members", Population::Kind::Server, [](Script& script) {
            Random& random = script.random;
            const double gap = first_retry_gap(random);
            const Host first = random.between(0, kServers - 400);
            for (double post = 0; (post += random.exponential(kDay / 8)) < script.end();) {
              script.accept_inbound(post, first + random.between(0, 400));
              const Sizes sizes{random.between(12, 16) + random.share(), 0.05};  // the same message to everybody
              for (unsigned member = 0; member < 300; ++member) {
                // Four in ten are at a large host; the others have 180 servers. Bouncing members are removed.
                const Host server = member < 120 ? kProviders + member % 5 : first + member;
                deliver(script, post + 0.2 * member, server, {0.02, 0.04}, gap, sizes);
              }
            }
          }};
}

Population newsletters(std::string name, Ends ends) {
  return {std::move(name), Population::Kind::Server, [ends](Script& script) {
            const double gap = first_retry_gap(script.random);
            for (double second = 0; (second += script.random.exponential(0.9)) < 3600;) {
              deliver(script, second, skewed(script.random, kCorrespondents), ends, gap, {15, 0.15});
            }
          }};
}

}  // namespace mailweir::world
