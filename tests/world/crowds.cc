#include "tests/world/crowds.h"

#include <utility>

namespace mailweir::world {
namespace {

constexpr Ends kServerEnds{0.03, 0.08};  // F3, F4: 2-5 % and 5-12 %
constexpr Ends kBotEnds{0.25, 0.35};     // F3, F4: 15-60 % and 20-60 %

Population registered(Population population) {
  population.registered = true;
  return population;
}

void add_honest(std::vector<Crowd>& all, const Numbers& numbers) {
  all.push_back({ordinary_users(), numbers.ordinary});
  for (Population population : {households(), mobile_users(), lent_addresses()}) {
    all.push_back({std::move(population), numbers.shared});
  }
  all.push_back({bad_lines(), numbers.shared});
  all.push_back({intercepted_mail(), numbers.shared});
  all.push_back({offices(), numbers.odd});
  for (Population population : {inherited_addresses(true), inherited_addresses(false), v6_neighbours()}) {
    all.push_back({std::move(population), numbers.odd});
  }
  for (Population population :
       {dead_relays(), direct_senders(), own_monitors(), wide_monitors(), address_verifiers()}) {
    all.push_back({std::move(population), numbers.odd});
  }
}

void add_servers(std::vector<Crowd>& all, unsigned clients) {
  for (Population population : {
           mail_servers(std::string(row::kServer30), 30, kServerEnds),
           mail_servers(std::string(row::kServer500), 500, kServerEnds),
           mail_servers(std::string(row::kDirty), 500, {0.08, 0.20}),
           mail_servers(std::string(row::kVeryDirty), 500, {0.15, 0.30}),
           mail_servers(std::string(row::kFinal), 500, {0.08, 0.20}, Rejections::Final),
           registered(mail_servers(std::string(row::kRegistered), 500, kServerEnds)),
           mailing_lists(),
           newsletters("newsletter, 4,000 in 1 h", {0.03, 0.08}),
           newsletters(std::string(row::kDirtyNewsletter), {0.08, 0.20}),
       }) {
    all.push_back({std::move(population), clients});
  }
}

void add_spammers(std::vector<Crowd>& all, unsigned clients) {
  for (Population population : {
           bots(std::string(row::kBot600), {.per_hour = 600, .ends = kBotEnds}),
           bots(std::string(row::kBot60), {.per_hour = 60, .ends = kBotEnds}),
           bots(std::string(row::kBot6), {.per_hour = 6, .ends = kBotEnds}),
           bots(std::string(row::kBot2), {.per_hour = 2, .ends = kBotEnds}),
           bots("bot, 1 an hour", {.per_hour = 1, .ends = kBotEnds}),
           bots("bot, 60 an hour, half to large hosts", {.per_hour = 60, .ends = kBotEnds, .large_hosts = 0.5}),
           bots("bot, 60 an hour, retries as a server", {.per_hour = 60, .ends = kBotEnds, .retries = true}),
           bots(std::string(row::kPadding), {.per_hour = 60, .ends = kBotEnds, .size_deviation = 2}),
           bots(std::string(row::kHiding), {.per_hour = 60, .ends = kBotEnds, .repeats = 5}),
           bots(std::string(row::kHopper), {.per_hour = 60, .ends = kBotEnds, .hop_after = 4}),
           bots(std::string(row::kHopperEach), {.per_hour = 60, .ends = kBotEnds, .hop_after = 1}),
           bots("bot, 60 an hour, refused by all", {.per_hour = 60, .ends = {1, 0}}),
           bots(std::string(row::kCleanBot), {.per_hour = 60, .ends = {0.05, 0.10}}),
           credential_abusers(std::string(row::kAbuse), 60, kServers, kBotEnds),
           credential_abusers("587 abuse, many providers, 6 an hour", 6, kServers, kBotEnds),
           credential_abusers("587 abuse, clean, many providers", 60, kServers, {0.05, 0.10}),
           credential_abusers("587 abuse, 8 providers, 60 an hour", 60, 8, kBotEnds),
       }) {
    all.push_back({std::move(population), clients});
  }
}

}  // namespace

std::vector<Crowd> crowds(const Numbers& numbers) {
  std::vector<Crowd> all;
  add_honest(all, numbers);
  add_servers(all, numbers.servers);
  add_spammers(all, numbers.spammers);
  return all;
}

}  // namespace mailweir::world
