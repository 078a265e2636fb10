// What only suspicious clients and mail servers need to have remembered: the second tier of a client's record.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "detect/server_history.h"
#include "sketch/bitmap128.h"

namespace mailweir {

// A value that few have: nothing, or allocated. Copies are deep.
template <typename T>
class Rarely {
 public:
  Rarely() = default;
  Rarely(const Rarely& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Rarely(Rarely&&) noexcept = default;
  Rarely& operator=(const Rarely& other) { return *this = Rarely(other); }
  Rarely& operator=(Rarely&&) noexcept = default;
  ~Rarely() = default;

  [[nodiscard]] explicit operator bool() const { return value_ != nullptr; }
  T& made() {
    if (!value_) value_ = std::make_unique<T>();
    return *value_;
  }
  [[nodiscard]] const T* get() const { return value_.get(); }

 private:
  std::unique_ptr<T> value_;
};

// Groups new within a week, for the slow test (docs/detection.md, section 3.6).
struct SlowMemory {
  std::array<Bitmap128, 4> week{};  // two halves of 256 bits: this week and the one before
  std::uint16_t number = 0;         // of this week, since the client was first seen
  std::uint8_t groups = 0;          // new in this week and half of those before
};

struct WideMemory {
  // Groups of this epoch and the one before; those whose first contact has not ended; those that completed a handshake.
  std::array<Bitmap128, 2> window{};
  Bitmap128 open, answered;

  struct FailedGroup {
    std::uint16_t fingerprint = 0, at = 0;
  };
  static constexpr std::size_t kFailed = 6;
  std::array<FailedGroup, kFailed> failed{};
  std::uint8_t failed_used = 0;     // bit i: failed[i] holds a group
  std::uint8_t failed_retried = 0;  // bit i: it was retried, and its delivery is awaited

  std::array<std::uint16_t, 7> carry{};  // of the record's counts: times 65,536
  std::array<std::int16_t, 3> weights{};
  float slow = 0;  // nats

  // Questions for mail servers, by 4 bits of the name's hash; of this epoch and the one before.
  std::uint16_t mx = 0, mx_before = 0;

  // log2 of what deliveries carried (Welford 1962), of this epoch.
  float size_mean = 0, size_deviation = 0;
  float size_server = 0;  // what the differences between them gave M
  float size_alike = 0;   // what their likeness speaks for a campaign, up to kSizesUnknownM
  std::uint8_t sizes = 0;
  bool size_told = false;  // in this epoch

  // Mail servers that were let in: networks by 4 bits of a hash, and days.
  std::uint16_t inbound_nets = 0;
  std::uint8_t inbound_days = 0;
  std::uint16_t inbound_day = UINT16_MAX;

  // Of the life of the record.
  std::uint32_t days_active = 0;  // bit i: i days before latest_day
  std::uint16_t latest_day = 0;   // since the client was first seen
  std::uint16_t bad = 0, retried = 0;
  bool learned_server = false;
  bool was_spammer = false;
  ServerHistory::Alarm alarm = ServerHistory::Alarm::None;  // not yet taken

  Rarely<SlowMemory> slow_memory;
  Rarely<ServerHistory> history;  // of registered mail servers
};

}  // namespace mailweir
