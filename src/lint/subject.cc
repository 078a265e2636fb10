#include "lint/subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/escape.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {

std::string_view name_of(Confidence confidence) {
  constexpr std::string_view kNames[] = {"proved", "replayed", "heuristic"};
  return kNames[static_cast<std::size_t>(confidence)];
}

struct LintSubject::Lazy {
  std::optional<RuleSpaces> spaces;
  std::optional<DeadRules> dead;
  std::optional<Stage> stage;
  std::optional<std::unordered_map<const Rule*, RulePlace>> duplicates;
  std::unordered_map<const Chain*, std::vector<Hook>> hooks;
  bool hooks_known = false;
  std::optional<bool> denies[3][2];
};

LintSubject::LintSubject(const Ruleset& ruleset, const LiveFacts* machine, std::span<const std::string> sources,
                         std::span<const Diagnostic> remarks)
    : ruleset_(ruleset), machine_(machine), sources_(sources), remarks_(remarks), lazy_(std::make_unique<Lazy>()) {
  for (const Table& table : ruleset.tables)
    for (const Chain& chain : table.chains)
      for (std::uint32_t i = 0; i != chain.rules.size(); ++i)
        places_.push_back({&table, &chain, &chain.rules[i], i + 1});
}

LintSubject::~LintSubject() = default;

std::string_view LintSubject::source(std::uint32_t file) const {
  return file < sources_.size() ? std::string_view(sources_[file]) : std::string_view{};
}

std::vector<RulePlace> LintSubject::filters_at(RuleFamily family, Hook hook) const {
  std::vector<RulePlace> places;
  for (const HookedChain& hooked : chains_at(ruleset_, family, hook))
    if (hooked.chain->hook->type != ChainType::Nat) places.push_back({hooked.table, hooked.chain, nullptr, 0});
  return places;
}

std::span<const Hook> LintSubject::hooks_of(const Chain& chain) {
  if (!lazy_->hooks_known) {
    lazy_->hooks_known = true;
    for (const Table& table : ruleset_.tables)
      for (const Chain& base : table.chains) {
        if (!base.hook) continue;
        std::set<const Chain*> seen;
        std::vector<const Chain*> open{&base};
        const auto visit = [&](const std::string& name) {
          if (const Chain* target = table.find_chain(name)) open.push_back(target);
        };
        while (!open.empty()) {
          const Chain* next = open.back();
          open.pop_back();
          if (!seen.insert(next).second) continue;
          auto& hooks = lazy_->hooks[next];
          if (std::ranges::find(hooks, base.hook->hook) == hooks.end()) hooks.push_back(base.hook->hook);
          for (const Rule& rule : next->rules) {
            const RulePart* target = rule.target();
            if (target == nullptr) continue;
            if (const auto* verdict = std::get_if<Verdict>(target); verdict != nullptr && !verdict->chain.empty())
              visit(verdict->chain);
            const auto* map = std::get_if<VerdictMap>(target);
            if (map == nullptr) continue;
            for (const VerdictMap::Element& element : map->elements)
              if (!element.verdict.chain.empty()) visit(element.verdict.chain);
            if (const RuleSet* set = map->map.empty() ? nullptr : table.find_set(map->map))
              for (const RuleSet::Element& element : set->elements)
                if (element.verdict && !element.verdict->chain.empty()) visit(element.verdict->chain);
          }
        }
      }
  }
  return lazy_->hooks[&chain];
}

const RuleSpaces& LintSubject::spaces() {
  if (!lazy_->spaces) lazy_->spaces.emplace(ruleset_);
  return *lazy_->spaces;
}

const DeadRules& LintSubject::dead() {
  if (!lazy_->dead) lazy_->dead.emplace(ruleset_, spaces());
  return *lazy_->dead;
}

const Stage& LintSubject::stage() {
  if (!lazy_->stage) lazy_->stage.emplace(ruleset_);
  return *lazy_->stage;
}

const RulePlace* LintSubject::duplicate_of(const Rule& rule) {
  if (!lazy_->duplicates) {
    auto& duplicates = lazy_->duplicates.emplace();
    const Chain* chain = nullptr;
    std::unordered_map<std::string, std::vector<RulePlace>> seen;
    for (const RulePlace& place : places_) {
      if (place.chain != chain) seen.clear();
      chain = place.chain;
      std::string key;
      bool plain = true;
      for (const RulePart& part : place.rule->parts) {
        if (std::holds_alternative<Counter>(part)) continue;
        key += part_text(part) + '\n';
        plain = plain && (!remembers(part) || std::holds_alternative<Limit>(part)) &&
                !std::holds_alternative<Assign>(part) && !std::holds_alternative<CopyMark>(part);
      }
      if (!plain) continue;
      auto& same = seen[key];
      const auto earlier =
          std::ranges::find_if(same, [&](const RulePlace& p) { return same_rule(*p.rule, *place.rule); });
      if (earlier != same.end())
        duplicates.emplace(place.rule, *earlier);
      else
        same.push_back(place);
    }
  }
  const auto found = lazy_->duplicates->find(&rule);
  return found == lazy_->duplicates->end() ? nullptr : &found->second;
}

std::optional<Witness> LintSubject::packet_reaching(const RulePlace& place, const PacketBox& within) {
  std::vector<PacketBox> pieces;
  for (const PacketBox& entry : spaces().entries_of(*place.chain))
    for (const Hook hook : hooks_of(*place.chain)) {
      PacketBox piece = spaces()
                            .space_of(*place.rule)
                            .box.intersected(entry)
                            .intersected(packets_at(hook, place.table->family))
                            .intersected(within);
      if (!piece.empty()) pieces.push_back(std::move(piece));
    }
  std::size_t tried = 0;
  for (std::size_t i = 0; i < pieces.size() && tried < kSearchesMax; ++i) {
    std::vector<PacketBox> open{pieces[i]};
    while (!open.empty() && tried < kSearchesMax) {
      const PacketBox piece = std::move(open.back());
      open.pop_back();
      for (const Hook hook : hooks_of(*place.chain)) {
        const auto way = way_of(hook);
        if (!way) continue;
        for (const bool v4 : {true, false}) {
          const auto packet = sample_packet(piece, *way, v4);
          if (!packet) continue;
          ++tried;
          const Played played = stage().play(*packet, *way, true);
          if (played.certain() && played.matches(*place.rule)) return stage().witness(*packet, *way, played);
          const Rule* stopper = played.fate().rule;
          if (stopper == nullptr || stopper == place.rule) continue;
          for (PacketBox& left : piece.without(spaces().space_of(*stopper).box)) open.push_back(std::move(left));
        }
      }
    }
  }
  return std::nullopt;
}

std::optional<Witness> LintSubject::packet_that(Played::End end, const PacketBox& within, Way way, bool v4) {
  std::vector<PacketBox> open{within};
  for (std::size_t tried = 0; !open.empty() && tried < kSearchesMax; ++tried) {
    const PacketBox piece = std::move(open.back());
    open.pop_back();
    const auto packet = sample_packet(piece, way, v4);
    if (!packet) continue;
    const Played played = stage().play(*packet, way);
    if (played.end == end) return stage().witness(*packet, way, played);
    const Rule* rule = played.fate().rule;
    if (rule == nullptr) break;  // fell off the end: so do all that nobody names
    for (PacketBox& left : piece.without(spaces().space_of(*rule).box)) open.push_back(std::move(left));
  }
  if (end != Played::End::Passes) return std::nullopt;
  // What is let through by name: from one address, by one interface.
  const Hook hook = filter_hook(way);
  std::size_t tried = 0;
  for (const RulePlace& place : places_) {
    if (effect_of(*place.rule) != Effect::Accept || !spaces().space_of(*place.rule).box.meets(within)) continue;
    const auto hooks = hooks_of(*place.chain);
    if (std::ranges::find(hooks, hook) == hooks.end()) continue;
    if (++tried > kSearchesMax) break;
    const auto packet = sample_packet(spaces().space_of(*place.rule).box.intersected(within), way, v4);
    if (!packet) continue;
    const Played played = stage().play(*packet, way);
    if (played.end == end) return stage().witness(*packet, way, played);
  }
  return std::nullopt;
}

bool LintSubject::none_passes(const PacketBox& within, Way way, bool v4) {
  const auto packet = sample_packet(within, way, v4);
  if (!packet || stage().play(*packet, way).end != Played::End::Stopped) return false;
  return std::ranges::none_of(filtering_rules(filter_hook(way), v4), [&](const RulePlace& place) {
    const Effect effect = effect_of(*place.rule);
    if (effect != Effect::Accept && effect != Effect::Other) return false;
    const PacketBox box = spaces().space_of(*place.rule).box.intersected(within);
    // Its chain may be closed to them.
    const bool enters = !box.empty() && std::ranges::any_of(spaces().entries_of(*place.chain),
                                                            [&](const PacketBox& entry) { return entry.meets(box); });
    return enters && dead().find(*place.rule) == nullptr;
  });
}

std::vector<RulePlace> LintSubject::filtering_rules(Hook hook, bool v4) {
  std::vector<RulePlace> found;
  for (const RulePlace& place : places_) {
    if (!sees(*place.table, v4) || place.table->name == "nat") continue;
    if (place.chain->hook && (place.chain->hook->type == ChainType::Nat || place.chain->hook->hook != hook)) continue;
    const auto hooks = hooks_of(*place.chain);
    if (std::ranges::find(hooks, hook) != hooks.end()) found.push_back(place);
  }
  return found;
}

bool LintSubject::denies_by_default(Way way, bool v4) {
  auto& known = lazy_->denies[static_cast<std::size_t>(way)][v4 ? 1 : 0];
  if (known) return *known;
  known = true;
  for (const std::uint8_t protocol : {kProtocolTcp, kProtocolUdp}) {
    PacketBox box;
    box.constrain(FieldValues{Field::Protocol, IntervalSet::single(protocol), false});
    box.constrain(
        FieldValues{Field::ConnectionState, IntervalSet::single(connection_state_value(ConnectionState::New)), false});
    box.constrain(FieldValues{Field::DestinationPort, IntervalSet::single(47808 + protocol), false});  // nobody's
    const auto packet = sample_packet(box, way, v4);
    if (!packet || stage().play(*packet, way).end != Played::End::Stopped) known = false;
  }
  return *known;
}

bool LintSubject::is_complete() const {
  if (ruleset_.whole) return true;
  for (const Table& table : ruleset_.tables)
    for (const Chain& chain : table.chains)
      if (chain.hook && chain.hook->policy == Verdict::Kind::Drop) return true;
  return false;
}

std::optional<RulePlace> LintSubject::main_chain(Way way, bool v4) const {
  const Hook hook = filter_hook(way);
  std::optional<RulePlace> best;
  for (const RulePlace& place : filters_at(v4 ? RuleFamily::Ip4 : RuleFamily::Ip6, hook)) {
    if (place.chain->hook->policy == Verdict::Kind::Drop) return place;
    if (!place.chain->rules.empty()) best = place;
  }
  return best;
}

bool LintSubject::filters(Way way, bool v4) const {
  const Hook hook = filter_hook(way);
  return std::ranges::any_of(filters_at(v4 ? RuleFamily::Ip4 : RuleFamily::Ip6, hook), [](const RulePlace& place) {
    return !place.chain->rules.empty() || place.chain->hook->policy == Verdict::Kind::Drop;
  });
}

Finding& LintSubject::add(Confidence confidence, const RulePlace& place, std::string text) {
  if (findings_.size() >= kFindingsMax) {
    ++too_many_;
    overflow_ = {};
    return overflow_;
  }
  Finding& finding = findings_.emplace_back();
  finding.severity = default_severity_;
  finding.confidence = confidence;
  finding.place = place;
  finding.text = std::move(text);
  return finding;
}

RuleEdit LintSubject::replacement(const RulePlace& place, Rule rule) {
  RuleEdit edit = removal(place);
  edit.kind = RuleEdit::Kind::Replace;
  edit.rule = std::move(rule);
  return edit;
}

std::string place_text(const RulePlace& place) {
  if (place.table == nullptr) return "the ruleset";
  std::string text = place.table->backend == Backend::Nft || place.table->family == RuleFamily::Ip6
                         ? fmt::format("{} {}", name_of(place.table->family), escape(place.table->name, 40))
                         : escape(place.table->name, 40);
  if (place.chain != nullptr) text += " " + escape(place.chain->name, 40);
  if (place.rule != nullptr) text += fmt::format(" {}", place.number);
  return text;
}

std::string numbers_text(std::span<const RulePlace> places) {
  constexpr std::size_t kNamedMax = 4;
  if (places.size() == 1) return fmt::format("rule {}", places[0].number);
  std::string text = "rules ";
  const std::size_t named = places.size() <= kNamedMax ? places.size() : kNamedMax - 1;
  for (std::size_t i = 0; i != named; ++i) {
    if (i != 0) text += i + 1 == places.size() ? " and " : ", ";
    text += std::to_string(places[i].number);
  }
  if (named < places.size()) text += fmt::format(" and {} others", places.size() - named);
  return text;
}

}  // namespace mailweir::rules
