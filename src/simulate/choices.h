// What is not known, and what we take it to be: one path through the unknowns, and then the next one.
//
// A simulation asks choose() wherever the answer is unknown. It is run again and again, each time from the same start,
// until next_world() says that every combination of answers has been tried (or the limit is reached).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mailweir::rules {

struct Assumption {
  std::string what;  // "-m string --string \"x\" matches", "destination port is one of 25, 465"
  bool holds = true;
  friend bool operator==(const Assumption&, const Assumption&) = default;
};

class Choices {
 public:
  // More forks than this in one world, or more worlds, are not followed: 2^10 worlds of a packet tell nobody anything.
  static constexpr std::size_t kForksMax = 40, kWorldsMax = 1024;
  // Rules asked in all worlds together, past which no further world begins: about a second.
  static constexpr std::uint64_t kWorkMax = 20'000'000;

  // The answer this world gives. Past kForksMax always no, and cut() is true.
  bool choose(std::string what);
  // So many rules were asked.
  void spend(std::uint64_t rules) { spent_ += rules; }
  // Begins the next world. False: there is none.
  bool next_world();

  [[nodiscard]] const std::vector<Assumption>& made() const { return made_; }
  // The limits kept some worlds from being looked at.
  [[nodiscard]] bool cut() const { return cut_; }

 private:
  std::vector<Assumption> made_;  // the first `next_` were asked in this run
  std::size_t next_ = 0, worlds_ = 1;
  std::uint64_t spent_ = 0;
  bool cut_ = false;
};

}  // namespace mailweir::rules
