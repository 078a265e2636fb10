#include "lint/rule_space.h"

#include <algorithm>
#include <functional>
#include <set>
#include <unordered_set>

#include "lint/box_index.h"

namespace mailweir::rules {
namespace {

FieldValues interface_at(Field field, bool some) {
  const IntervalSet none = IntervalSet::single(0);
  return {field, some ? none.complement(128) : none, false};
}

// Does anything in the ruleset change that field on the way?
std::set<Field> changed_fields(const Ruleset& ruleset, bool& sets_change) {
  std::set<Field> changed;
  const auto all_marks = [&] {
    for (const Field field : {Field::PacketMark, Field::ConnectionMark, Field::Dscp, Field::Ttl, Field::Priority})
      changed.insert(field);
    sets_change = true;
  };
  for (const Table& table : ruleset.tables)
    for (const Chain& chain : table.chains)
      for (const Rule& rule : chain.rules)
        for (const RulePart& part : rule.parts) {
          if (const auto* assign = std::get_if<Assign>(&part)) changed.insert(assign->field);
          if (const auto* copy = std::get_if<CopyMark>(&part)) changed.insert(copy->to);
          const auto* opaque = std::get_if<OpaqueStatement>(&part);
          if (opaque == nullptr || opaque->harmless) continue;
          all_marks();
          // nft's "ip saddr set …" changes anything; iptables' targets that change addresses are of the nat table.
          if (opaque->nft && opaque->module == "mangle")
            for (int i = 0; i < kFieldCount; ++i) changed.insert(static_cast<Field>(i));
        }
  return changed;
}

}  // namespace

bool is_constant(const RuleSet& set) {
  if (set.changes) return false;
  return std::ranges::none_of(
      set.properties, [](const std::string& property) { return property.find("timeout") != std::string::npos; });
}

PacketBox packets_at(Hook hook, RuleFamily family) {
  PacketBox box(family);
  const bool in = hook == Hook::Prerouting || hook == Hook::Input || hook == Hook::Forward || hook == Hook::Ingress;
  const bool out = hook == Hook::Forward || hook == Hook::Output || hook == Hook::Postrouting || hook == Hook::Egress;
  if (hook != Hook::Postrouting) box.constrain(interface_at(Field::InputInterface, in));
  box.constrain(interface_at(Field::OutputInterface, out));
  return box;
}

class RuleSpaces::Builder {
 public:
  Builder(const Ruleset& ruleset, RuleSpaces& spaces)
      : ruleset_(ruleset), spaces_(spaces), changed_(changed_fields(ruleset, sets_change_)) {}

  void build() {
    for (const Table& table : ruleset_.tables)
      for (const Chain& chain : table.chains)
        for (const Rule& rule : chain.rules) spaces_.spaces_.emplace(&rule, box_of(table, rule));
    for (const Table& table : ruleset_.tables)
      for (const Chain& chain : table.chains) keep(table, chain);
    for (const Table& table : ruleset_.tables) enter(table);
  }

 private:
  std::uint32_t new_fact() { return facts_++; }

  std::uint32_t fact_of(const RulePart& part) {
    if (remembers(part)) return new_fact();
    auto& same = known_[part_text(part)];
    for (const auto& [known, number] : same)
      if (*known == part) return number;
    same.emplace_back(&part, new_fact());
    return same.back().second;
  }

  void constrain_by(RuleSpace& space, const RulePart& part) {
    space.box.constrain(Fact{fact_of(part), true});
    space.exact = false;
  }

  void take(RuleSpace& space, const Match& match, const RulePart& part) {
    const Field field = match.operand.field;
    const auto values = whole_values(match);
    if (changed_.contains(field)) {
      space.box.constrain(Fact{new_fact(), true});
      space.exact = false;
    } else if (!values) {
      constrain_by(space, part);
    } else {
      space.box.constrain(FieldValues{field, *values, match.when_absent});
    }
  }

  void take(RuleSpace& space, const Table& table, const Lookup& lookup, const RulePart& part) {
    const RuleSet* set = lookup.ipset || lookup.set.empty() ? nullptr : table.find_set(lookup.set);
    const bool plain = set != nullptr && is_constant(*set) && lookup.key.size() == 1 && lookup.key[0].is_whole() &&
                       !changed_.contains(lookup.key[0].field) && lookup.ipset_options.empty();
    if (plain) {
      std::vector<Interval> all;
      for (const RuleSet::Element& element : set->elements)
        for (const IntervalSet& key : element.key)
          all.insert(all.end(), key.intervals().begin(), key.intervals().end());
      IntervalSet values = IntervalSet::of(std::move(all));
      if (lookup.negated) values = values.complement(width_of(lookup.key[0].field));
      space.box.constrain(FieldValues{lookup.key[0].field, std::move(values), false});
      return;
    }
    const bool changes = lookup.ipset ? sets_change_ : set != nullptr && !is_constant(*set);
    space.exact = false;
    if (changes || std::ranges::any_of(lookup.key, [&](const Operand& o) { return changed_.contains(o.field); }))
      space.box.constrain(Fact{new_fact(), true});
    else
      constrain_by(space, part);
  }

  RuleSpace box_of(const Table& table, const Rule& rule) {
    RuleSpace space{PacketBox(table.family), {}, true};
    for (const RulePart& part : rule.parts) {
      if (const auto* match = std::get_if<Match>(&part)) {
        take(space, *match, part);
      } else if (const auto* lookup = std::get_if<Lookup>(&part)) {
        take(space, table, *lookup, part);
      } else if (is_match(part) || std::holds_alternative<SetUpdate>(part)) {
        constrain_by(space, part);
      } else if (const auto* opaque = std::get_if<OpaqueStatement>(&part); opaque != nullptr && !opaque->harmless) {
        space.exact = false;
      }
    }
    return space;
  }

  static void add(std::vector<PacketBox>& to, PacketBox box) {
    if (!box.empty() && to.size() < kBoxesMax) to.push_back(std::move(box));
  }

  // The elements of a map as boxes with their verdicts. Only where every part of the key is a field as it is.
  template <typename Use>
  void each_of_map(const Table& table, const RuleSpace& space, const VerdictMap& map, const Use& use) {
    if (std::ranges::any_of(map.key, [&](const Operand& o) { return !o.is_whole() || changed_.contains(o.field); }))
      return;
    const auto one = [&](const std::vector<IntervalSet>& key, const Verdict& verdict) {
      if (key.size() != map.key.size()) return;
      PacketBox box = space.box;
      for (std::size_t i = 0; i < key.size(); ++i) box.constrain(FieldValues{map.key[i].field, key[i], false});
      use(std::move(box), verdict);
    };
    if (map.map.empty()) {
      for (const VerdictMap::Element& element : map.elements) one(element.key, element.verdict);
      return;
    }
    const RuleSet* set = table.find_set(map.map);
    if (set == nullptr || !is_constant(*set)) return;
    for (const RuleSet::Element& element : set->elements)
      if (element.verdict) one(element.key, *element.verdict);
  }

  // `ended`: never comes back; `returned`: leaves this chain, and may come back to the caller.
  void follow(const Table& table, const PacketBox& box, const Verdict& verdict, std::vector<PacketBox>& ended,
              std::vector<PacketBox>& returned) {
    switch (verdict.kind) {
      case Verdict::Kind::Accept:
      case Verdict::Kind::Drop:
        return add(ended, box);
      case Verdict::Kind::Queue:
        if (!verdict.queue_bypass) add(ended, box);
        return;
      case Verdict::Kind::Return:
        returned.push_back(box);
        return;
      case Verdict::Kind::Continue:
        return;
      case Verdict::Kind::Jump:
      case Verdict::Kind::Goto: {
        const Chain* target = table.find_chain(verdict.chain);
        if (target != nullptr)
          for (const PacketBox& kept : keep(table, *target)) add(ended, box.intersected(kept));
        if (verdict.kind == Verdict::Kind::Goto) returned.push_back(box);
        return;
      }
    }
  }

  void ends_of(const Table& table, const Rule& rule, const RuleSpace& space, std::vector<PacketBox>& ended,
               std::vector<PacketBox>& returned) {
    // What stands before the end and may end it otherwise makes the end unsure.
    const RulePart* target = rule.target();
    if (target == nullptr) return;
    for (const RulePart& part : rule.parts)
      if (const auto* opaque = std::get_if<OpaqueStatement>(&part); opaque != nullptr && !opaque->harmless) return;
    if (const auto* verdict = std::get_if<Verdict>(target))
      follow(table, space.box, *verdict, ended, returned);
    else if (const auto* map = std::get_if<VerdictMap>(target))
      each_of_map(table, space, *map, [&](const PacketBox& box, const Verdict& chosen) {
        if (!box.empty()) follow(table, box, chosen, ended, returned);
      });
    else
      add(ended, space.box);  // Reject, Nat
  }

  // kept_by(chain). A loop keeps nothing that could be proved.
  const std::vector<PacketBox>& keep(const Table& table, const Chain& chain) {
    const auto known = spaces_.kept_.find(&chain);
    if (known != spaces_.kept_.end()) return known->second;
    static const std::vector<PacketBox> kNothing;
    if (depth_ >= kDepthMax || !open_.insert(&chain).second) return kNothing;
    ++depth_;
    std::vector<PacketBox> kept;
    BoxIndex back;
    for (const Rule& rule : chain.rules) {
      RuleSpace& space = spaces_.spaces_.at(&rule);
      std::vector<PacketBox> ended, returned;
      ends_of(table, rule, space, ended, returned);
      for (const PacketBox& box : ended)
        for (PacketBox& sure : beside(box, back)) add(kept, std::move(sure));
      space.leaves = std::move(ended);
      space.leaves.insert(space.leaves.end(), returned.begin(), returned.end());
      for (const PacketBox& box : returned) back.add(box, 0);
    }
    --depth_;
    open_.erase(&chain);
    return spaces_.kept_.insert_or_assign(&chain, std::move(kept)).first->second;
  }

  // `box` without what went back to the caller before. Nothing when that would take too many pieces.
  static std::vector<PacketBox> beside(const PacketBox& box, const BoxIndex& back) {
    constexpr std::size_t kPiecesMax = 32;
    std::vector<PacketBox> pieces{box};
    bool few = true;
    back.each_meeting(box, [&](std::uint32_t, const PacketBox& returned) {
      std::vector<PacketBox> next;
      for (const PacketBox& piece : pieces)
        for (PacketBox& left : piece.without(returned)) next.push_back(std::move(left));
      pieces = std::move(next);
      few = pieces.size() <= kPiecesMax;
      return few && !pieces.empty();
    });
    if (!few) pieces.clear();
    return pieces;
  }

  void enter(const Table& table) {
    struct Site {
      const Chain* from;
      PacketBox box;
    };
    std::unordered_map<const Chain*, std::vector<Site>> sites;
    const auto call = [&](const Chain& from, const PacketBox& box, const Verdict& verdict) {
      if (verdict.kind != Verdict::Kind::Jump && verdict.kind != Verdict::Kind::Goto) return;
      if (const Chain* target = table.find_chain(verdict.chain)) sites[target].push_back({&from, box});
    };
    for (const Chain& chain : table.chains)
      for (const Rule& rule : chain.rules) {
        const RuleSpace& space = spaces_.space_of(rule);
        const RulePart* target = rule.target();
        if (target == nullptr) continue;
        if (const auto* verdict = std::get_if<Verdict>(target)) call(chain, space.box, *verdict);
        const auto* map = std::get_if<VerdictMap>(target);
        if (map == nullptr) continue;
        for (const VerdictMap::Element& element : map->elements) call(chain, space.box, element.verdict);
        if (const RuleSet* set = map->map.empty() ? nullptr : table.find_set(map->map))
          for (const RuleSet::Element& element : set->elements)
            if (element.verdict) call(chain, space.box, *element.verdict);
      }
    const std::vector<PacketBox> everything{PacketBox(table.family)};
    std::unordered_set<const Chain*> open;
    std::function<const std::vector<PacketBox>&(const Chain&)> entries =
        [&](const Chain& chain) -> const std::vector<PacketBox>& {
      const auto known = spaces_.entries_.find(&chain);
      if (known != spaces_.entries_.end()) return known->second;
      if (chain.hook)
        return spaces_.entries_.emplace(&chain, std::vector{packets_at(chain.hook->hook, table.family)}).first->second;
      // In a fragment somebody else may jump here; a chain that nobody calls is another check's.
      const auto calls = sites.find(&chain);
      if (!ruleset_.whole || calls == sites.end() || open.size() >= kDepthMax || !open.insert(&chain).second)
        return everything;
      std::vector<PacketBox> boxes;
      for (const Site& site : calls->second) {
        for (const PacketBox& from : entries(*site.from)) {
          PacketBox box = from.intersected(site.box);
          if (!box.empty()) boxes.push_back(std::move(box));
          if (boxes.size() > kEntriesMax) break;
        }
        if (boxes.size() > kEntriesMax) break;
      }
      open.erase(&chain);
      if (boxes.size() > kEntriesMax) boxes = everything;
      return spaces_.entries_.emplace(&chain, std::move(boxes)).first->second;
    };
    for (const Chain& chain : table.chains) {
      const std::vector<PacketBox>& boxes = entries(chain);
      if (!spaces_.entries_.contains(&chain)) spaces_.entries_.emplace(&chain, boxes);
    }
  }

  static constexpr std::size_t kDepthMax = 64;  // chains within chains; nft allows 16, iptables' ruleset any

  const Ruleset& ruleset_;
  RuleSpaces& spaces_;
  bool sets_change_ = false;
  std::set<Field> changed_;
  std::uint32_t facts_ = 0;
  std::unordered_map<std::string, std::vector<std::pair<const RulePart*, std::uint32_t>>> known_;
  std::unordered_set<const Chain*> open_;
  std::size_t depth_ = 0;
};

RuleSpaces::RuleSpaces(const Ruleset& ruleset) { Builder(ruleset, *this).build(); }

}  // namespace mailweir::rules
