// Somebody who watches the same sights as everybody else and says who spams: our detector, or a method it is compared
// with.
#pragma once

#include <memory>
#include <vector>

#include "detect/detector.h"
#include "tests/world/script.h"

namespace mailweir::world {

struct Call {
  enum class Kind : std::uint8_t {
    Ask,      // "unregistered mail server?": told and slowed down, not blocked
    Spammer,  // would be blocked
  };
  std::uint32_t actor = 0;
  Kind kind = Kind::Ask;
};

class Judge {
 public:
  virtual ~Judge() = default;
  // Sights come in time order. Appends what it now says, each once.
  virtual void see(const Sight& sight, std::vector<Call>& calls) = 0;
  // What it holds against the client of a sight, in nats (L of docs/detection.md); of those that count in nats.
  [[nodiscard]] virtual double score(const Sight& /*sight*/) const { return 0; }
};

// What a gateway sees besides connections.
struct Sightlines {
  bool mx_queries = false;
  bool inbound = false;  // connections let in to clients' port 25
};

class DetectorJudge : public Judge {
 public:
  explicit DetectorJudge(const DetectSettings& settings, Sightlines sightlines = {});
  void see(const Sight& sight, std::vector<Call>& calls) override;
  [[nodiscard]] double score(const Sight& sight) const override;

 private:
  Detector detector_;
  Sightlines sightlines_;
};

}  // namespace mailweir::world
