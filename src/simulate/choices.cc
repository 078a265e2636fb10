#include "simulate/choices.h"

#include <utility>

namespace mailweir::rules {

bool Choices::choose(std::string what) {
  if (next_ < made_.size()) return made_[next_++].holds;
  if (made_.size() >= kForksMax) {
    cut_ = true;
    return false;
  }
  made_.push_back({std::move(what), true});
  ++next_;
  return true;
}

bool Choices::next_world() {
  made_.resize(next_);
  while (!made_.empty() && !made_.back().holds) made_.pop_back();
  next_ = 0;
  if (made_.empty()) return false;
  if (worlds_ >= kWorldsMax || spent_ >= kWorkMax) {
    cut_ = true;
    return false;
  }
  made_.back().holds = false;
  ++worlds_;
  return true;
}

}  // namespace mailweir::rules
