// Stretches of rules that each want one value of the same field: a list of addresses, of ports.
//
// Of a packet with another value the plain matches of such a rule say no, so of a stretch only those rules need to be
// asked that want the packet's own: a search instead of a walk. Nobody sees the difference but the clock. REQUIRES of
// who uses it: nothing of the packet is unknown (each question about an unknown is one that somebody reads), and nobody
// wants to know why a rule did not match.
// Costs: memory linear in the rules; a search is binary.  Threads: read-only once built.
#pragma once

#include <cstdint>
#include <vector>

#include "ruleset/model.h"
#include "simulate/packet_values.h"

namespace mailweir::rules {

class Stretches {
 public:
  // A shorter one is asked rule by rule, which costs no more.
  static constexpr std::uint32_t kShortest = 12;

  // The rules of a chain, whose numbers begin at `begin`. Chains come in order of their numbers.
  void add_chain(const std::vector<Rule>& rules, std::uint32_t begin);

  // The first rule from `rule` on that may match, `end` where none does; `rule` itself where it is in no stretch.
  // REQUIRES: rule < end.
  [[nodiscard]] std::uint32_t next(std::uint32_t rule, std::uint32_t end, const PacketValues& values) const {
    return stretch_of_[rule] == kNoStretch ? rule : search(rule, end, values);
  }

 private:
  static constexpr std::uint32_t kNoStretch = UINT32_MAX;
  struct Stretch {
    std::uint32_t begin, end;
    Field field;
    std::size_t first_entry;  // there are as many as rules
  };
  struct Entry {
    FieldValue value;
    std::uint32_t rule;
  };

  [[nodiscard]] std::uint32_t search(std::uint32_t rule, std::uint32_t end, const PacketValues& values) const;

  std::vector<Stretch> stretches_;
  std::vector<std::uint32_t> stretch_of_;  // by rule
  std::vector<Entry> entries_;             // of each stretch by value, then by rule
};

}  // namespace mailweir::rules
