#include "explain/logging_rule.h"

#include <algorithm>
#include <array>

namespace mailweir::rules {
namespace {

constexpr std::size_t kPrefixesShown = 8;
constexpr std::array<ConnectionState, 4> kTracked{ConnectionState::New, ConnectionState::Invalid,
                                                  ConnectionState::Established, ConnectionState::Related};

bool fits_way(const LoggedPacket& line, Hook hook) {
  if (!line.way || hook == Hook::Prerouting || hook == Hook::Postrouting) return true;
  return hook == *line.way;
}

bool has_notrack(const Ruleset& ruleset) {
  for (const Table& table : ruleset.tables)
    for (const Chain& chain : table.chains)
      for (const Rule& rule : chain.rules)
        for (const RulePart& part : rule.parts)
          if (std::holds_alternative<Notrack>(part)) return true;
  return false;
}

std::vector<ConnectionState> possible_states(const Scene& scene, const LoggedPacket& line,
                                             std::optional<ConnectionState> likeliest) {
  std::vector<ConnectionState> states;
  if (likeliest) states.push_back(*likeliest);
  const auto add = [&](ConnectionState state) {
    if (std::ranges::find(states, state) == states.end()) states.push_back(state);
  };
  if (has_notrack(scene.program->ruleset())) add(ConnectionState::Untracked);
  for (const ConnectionState state : first_states(scene, line)) add(state);
  for (const ConnectionState state : kTracked) {
    const PacketValues& values = line.seen.packet.values;
    // Only a packet that can open a connection is ever NEW.
    if (state == ConnectionState::New && values.is_known(Field::TcpFlags)) continue;
    add(state);
  }
  return states;
}

struct Hit {
  RulePlace place;
  Hook hook;
  const Log* log;
  std::size_t step;
};

// The first rule of the walk that logged it so.
std::optional<Hit> hit_in(const PacketFate& fate, const LoggedPacket& line) {
  for (std::size_t i = 0; i != fate.notes.steps.size(); ++i) {
    const TraceStep& step = fate.notes.steps[i];
    const Log* log = logged_by(step);
    if (log != nullptr && fits_way(line, step.hook) && fits_prefix(line.prefix, log->prefix))
      return Hit{place_of(step), step.hook, log, i};
  }
  return std::nullopt;
}

const Limit* limit_before_log(const Rule& rule) {
  for (const RulePart& part : rule.parts) {
    if (std::holds_alternative<Log>(part)) return nullptr;
    if (const auto* limit = std::get_if<Limit>(&part)) return limit;
    if (const auto* keyed = std::get_if<KeyedLimit>(&part)) return &keyed->limit;
  }
  return nullptr;
}

LoggingRule rule_of(const Hit& hit, const World& world) {
  LoggingRule rule;
  rule.place = hit.place;
  rule.hook = hit.hook;
  rule.log = *hit.log;
  rule.limit = limit_before_log(*hit.place.rule);
  rule.fate = world.fates.front();
  rule.assumptions = world.assumptions;
  for (std::size_t i = 0; i != hit.step; ++i) {
    const TraceStep& step = rule.fate.notes.steps[i];
    if (step.result == TraceStep::Result::NoMatch) rule.before.push_back(step);
  }
  return rule;
}

void add_other(LoggingRule& rule, const RulePlace& place) {
  if (place.rule == rule.place.rule) return;
  if (std::ranges::find(rule.others, place.rule, &RulePlace::rule) == rule.others.end()) rule.others.push_back(place);
}

// Why nobody logged it: where the packet ends, and which rules would have.
void explain_miss(const Scene& scene, const LoggedPacket& line, RuleSearch& search) {
  std::optional<RulePlace> first_end;
  scene.follow(line.seen, entry_of(line), true, [&](const World& world) {
    if (!first_end) first_end = decided_by(world.fates.front());
    if (search.limit.empty()) search.limit = world.fates.front().limit;
  });
  const RulePlace end = first_end.value_or(RulePlace{});
  const bool v4 = line.seen.packet.is_v4();
  for (const Table& table : scene.program->ruleset().tables) {
    if (table.family != RuleFamily::Inet && table.family != (v4 ? RuleFamily::Ip4 : RuleFamily::Ip6)) continue;
    for (const Chain& chain : table.chains)
      for (std::size_t i = 0; i != chain.rules.size(); ++i)
        for (const RulePart& part : chain.rules[i].parts) {
          const auto* log = std::get_if<Log>(&part);
          if (log == nullptr) continue;
          if (fits_prefix(line.prefix, log->prefix) && search.misses.size() < kPrefixesShown)
            search.misses.push_back({{&table, &chain, &chain.rules[i], static_cast<std::uint32_t>(i + 1)}, end});
          if (search.prefixes.size() < kPrefixesShown &&
              std::ranges::find(search.prefixes, log->prefix) == search.prefixes.end())
            search.prefixes.push_back(log->prefix);
        }
  }
}

}  // namespace

std::vector<ConnectionState> first_states(const Scene& scene, const LoggedPacket& line) {
  std::vector<ConnectionState> states;
  for (const bool loose : {true, false}) {
    ConnectionSettings settings = scene.machine.connections;
    settings.tcp.loose = loose;
    ConnectionTable table(settings);
    const ConnectionState state = table.track(line.seen.packet, entry_of(line) == Entry::Receive, Time{}).state;
    if (std::ranges::find(states, state) == states.end()) states.push_back(state);
  }
  return states;
}

PartialPacket with_state(const LoggedPacket& line, ConnectionState state) {
  PartialPacket packet = line.seen;
  packet.packet.asserted_state = state;
  return packet;
}

RuleSearch find_logging_rule(const Scene& scene, const LoggedPacket& line, std::optional<ConnectionState> likeliest) {
  RuleSearch search;
  for (const ConnectionState state : possible_states(scene, line, likeliest)) {
    bool reached = false;
    scene.follow(with_state(line, state), entry_of(line), true, [&](const World& world) {
      const auto hit = hit_in(world.fates.front(), line);
      if (!hit) return;
      if (!search.found) search.found = rule_of(*hit, world);
      add_other(*search.found, hit->place);
      reached = reached || hit->place.rule == search.found->place.rule;
    });
    if (reached) search.found->states.push_back(state);
  }
  if (!search.found) explain_miss(scene, line, search);
  return search;
}

}  // namespace mailweir::rules
