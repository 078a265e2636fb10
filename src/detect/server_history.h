// How a registered mail server behaved in its own last fortnight, to tell when that changes: broken into?
// (docs/detection.md, section 3.5: 14 of the servers of one study were.)
//
// In:  its first contacts and how they ended, in time order.   Out: an alarm, now and then.
// Says nothing in the first three days: there is nothing to compare with.
// Sources: Page 1954 (CUSUM); thresholds in detect/numbers.h.
#pragma once

#include <cstdint>

namespace mailweir {

class ServerHistory {
 public:
  enum class Alarm : std::uint8_t { None, Rejected, Spreading };

  // All there is to remember, as it is kept over a restart.
  struct Kept {
    float bad = 0, all = 0;  // decayed
    float change = 0;        // the CUSUM, nats
    float busiest = 0;       // decayed
    std::uint32_t hour = 0;
    std::uint32_t this_hour = 0;
    std::uint32_t quiet_until_s = 0;
    friend bool operator==(const Kept&, const Kept&) = default;
  };
  ServerHistory() = default;
  // REQUIRES: is_possible(kept).
  explicit ServerHistory(const Kept& kept) : kept_(kept) {}
  [[nodiscard]] const Kept& kept() const { return kept_; }

  // `now_s`: seconds since it was first seen. A first contact was made; it ended, `bad`: failed or cut short.
  Alarm contacted(std::uint32_t now_s);
  Alarm ended(bool bad, std::uint32_t now_s);

  // Of the fortnight: the share that ended badly, and first contacts in its busiest hours.
  [[nodiscard]] double usual_bad_share() const;
  [[nodiscard]] double usual_per_hour() const { return kept_.busiest; }
  [[nodiscard]] unsigned this_hour() const { return kept_.this_hour; }
  [[nodiscard]] double change() const { return kept_.change; }  // the CUSUM, nats

 private:
  void pass(std::uint32_t now_s);
  Alarm told(Alarm alarm, std::uint32_t now_s);

  Kept kept_;
};

[[nodiscard]] bool is_possible(const ServerHistory::Kept& kept);

}  // namespace mailweir
