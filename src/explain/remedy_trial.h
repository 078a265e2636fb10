// One remedy on the simulator: the packets that bring the line about, and everyday traffic, before and after.
#pragma once

#include <string>
#include <vector>

#include "explain/everyday_traffic.h"
#include "explain/line_case.h"
#include "explain/remedy.h"

namespace mailweir::rules {

// A packet of which the line comes.
struct Bringer {
  PartialPacket packet;
  Entry entry = Entry::Receive;
  bool loose = true;
};

class RemedyTrial {
 public:
  // REQUIRES: the case has a rule and outlives the trial.
  explicit RemedyTrial(const LineCase& line_case);

  // Fills in what was found. `meant`: groups of everyday traffic that may change, for that is the remedy.
  void run(Remedy& remedy, const std::vector<std::string_view>& meant) const;
  // Rules walked or copied by one run, roughly.
  [[nodiscard]] std::uint64_t cost() const;
  [[nodiscard]] const std::vector<Bringer>& bringers() const { return bringers_; }

 private:
  [[nodiscard]] std::string still_logged(const Scene& scene, const Bringer& bringer) const;

  const LineCase* case_;
  std::vector<Bringer> bringers_;
  std::vector<EverydayFlow> flows_;
  std::vector<std::string> before_;  // verdicts, per flow
};

}  // namespace mailweir::rules
