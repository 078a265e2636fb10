#include "lint/dead_rules.h"

#include <algorithm>
#include <optional>
#include <set>

#include "lint/box_index.h"

namespace mailweir::rules {
namespace {

// One packet of the box, said in the fields that rules of the chain ask for. Far ends of ranges: few rules name those.
PacketBox point_of(const PacketBox& box, const std::set<Field>& fields) {
  PacketBox point(box.family());
  for (const Field field : fields) {
    const FieldValues values = box.at(field);
    if (values.values.empty())
      point.constrain(FieldValues{field, {}, true});
    else
      point.constrain(FieldValues{field, IntervalSet::single(values.values.intervals().back().last), false});
  }
  return point;
}

// All earlier rules of one chain, and what is left of a box beside them.
class Cutter {
 public:
  void add(const RuleSpace& space, std::uint32_t number) {
    for (const PacketBox& box : space.leaves) {
      index_.add(box, number);
      for (const FieldValues& values : box.fields()) fields_.insert(values.field);
    }
  }

  enum class Outcome : std::uint8_t { Dead, Alive, Unknown };
  // Cuts until nothing is left of `pieces`. `used`: the numbers of the rules that were needed.
  Outcome cut(std::vector<PacketBox> pieces, std::set<std::uint32_t>& used, std::size_t& comparisons) const {
    for (std::size_t cuts = 0; !pieces.empty(); ++cuts) {
      if (cuts == DeadRules::kCutsMax) return Outcome::Unknown;
      const PacketBox piece = std::move(pieces.back());
      pieces.pop_back();
      std::uint32_t number = 0;
      std::optional<PacketBox> knife;
      comparisons += index_.each_meeting(point_of(piece, fields_), [&](std::uint32_t each, const PacketBox& box) {
        if (!std::ranges::includes(piece.facts(), box.facts())) return true;
        const bool whole = box.covers(piece);
        if (whole || !knife || box.fields().size() < knife->fields().size()) {
          knife = box;
          number = each;
        }
        return !whole;
      });
      if (!knife) return Outcome::Alive;
      used.insert(number);
      for (PacketBox& left : piece.without(*knife)) pieces.push_back(std::move(left));
    }
    return Outcome::Dead;
  }

 private:
  BoxIndex index_;
  std::set<Field> fields_;
};

}  // namespace

DeadRules::DeadRules(const Ruleset& ruleset, const RuleSpaces& spaces) {
  for (const Table& table : ruleset.tables)
    for (const Chain& chain : table.chains) look_at(table, chain, spaces);
  for (std::size_t i = 0; i != list_.size(); ++i) by_rule_.emplace(list_[i].place.rule, i);
}

const DeadRule* DeadRules::find(const Rule& rule) const {
  const auto found = by_rule_.find(&rule);
  return found == by_rule_.end() ? nullptr : &list_[found->second];
}

void DeadRules::look_at(const Table& table, const Chain& chain, const RuleSpaces& spaces) {
  Cutter earlier;
  const std::vector<PacketBox>& entries = spaces.entries_of(chain);
  for (std::uint32_t i = 0; i != chain.rules.size(); ++i) {
    const Rule& rule = chain.rules[i];
    const RuleSpace& space = spaces.space_of(rule);
    DeadRule dead{{&table, &chain, &rule, i + 1}, DeadRule::Cause::Contradiction, {}};
    if (space.box.empty()) {
      list_.push_back(std::move(dead));
      continue;
    }
    std::vector<PacketBox> pieces;
    for (const PacketBox& entry : entries)
      if (PacketBox piece = entry.intersected(space.box); !piece.empty()) pieces.push_back(std::move(piece));
    if (pieces.empty()) {
      dead.cause = DeadRule::Cause::NeverEntered;
      list_.push_back(std::move(dead));
      continue;
    }
    std::set<std::uint32_t> used;
    auto outcome = Cutter::Outcome::Unknown;
    if (comparisons_ <= kComparisonsMax) outcome = earlier.cut(std::move(pieces), used, comparisons_);
    if (outcome == Cutter::Outcome::Unknown) ++undecided_;
    if (outcome == Cutter::Outcome::Dead) {
      dead.cause = used.size() == 1 ? DeadRule::Cause::OneRule : DeadRule::Cause::SeveralRules;
      for (const std::uint32_t number : used) dead.by.push_back({&table, &chain, &chain.rules[number - 1], number});
      list_.push_back(std::move(dead));
    }
    earlier.add(space, i + 1);
  }
}

}  // namespace mailweir::rules
