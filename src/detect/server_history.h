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

  // `now_s`: seconds since it was first seen. A first contact was made; it ended, `bad`: failed or cut short.
  Alarm contacted(std::uint32_t now_s);
  Alarm ended(bool bad, std::uint32_t now_s);

  // Of the fortnight: the share that ended badly, and first contacts in its busiest hours.
  [[nodiscard]] double usual_bad_share() const;
  [[nodiscard]] double usual_per_hour() const { return busiest_; }
  [[nodiscard]] unsigned this_hour() const { return this_hour_; }
  [[nodiscard]] double change() const { return change_; }  // the CUSUM, nats

 private:
  void pass(std::uint32_t now_s);
  Alarm told(Alarm alarm, std::uint32_t now_s);

  float bad_ = 0, all_ = 0;  // decayed
  float change_ = 0;
  float busiest_ = 0;  // decayed
  std::uint32_t hour_ = 0;
  std::uint32_t this_hour_ = 0;
  std::uint32_t quiet_until_s_ = 0;
};

}  // namespace mailweir
