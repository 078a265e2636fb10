// A set of small values in one array, for the case of very many sets of which most hold one or two values.
//
// Open addressing, linear probing, at most 7/8 full; nothing is allocated for an empty set and 8 slots for the first
// value. Value{} marks a free slot and cannot be held. The seed keeps an adversary from choosing values that collide.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace mailweir {

template <typename Value>
class FlatSet {
 public:
  // REQUIRES: value != Value{}.   Returns whether it was new. The seed must be the same in every call.
  bool insert(const Value& value, std::uint64_t seed) {
    if (size_ >= limit()) grow(seed);
    if (!place(value, seed)) return false;
    ++size_;
    return true;
  }
  [[nodiscard]] bool contains(const Value& value, std::uint64_t seed) const {
    if (size_ == 0) return false;
    for (std::size_t i = home(value, seed); slots_[i] != Value{}; i = (i + 1) & (capacity_ - 1)) {
      if (slots_[i] == value) return true;
    }
    return false;
  }
  // Asks for the memory that insert() will look at.
  void prefetch(const Value& value, std::uint64_t seed) const {
    if (size_ > 0) __builtin_prefetch(&slots_[home(value, seed)], 1);
  }
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::size_t bytes() const { return capacity() * sizeof(Value); }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < capacity(); ++i) {
      if (slots_[i] != Value{}) visit(slots_[i]);
    }
  }

 private:
  static constexpr std::uint32_t kFirstCapacity = 8;

  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] std::size_t limit() const { return capacity_ - capacity_ / 8; }

  // REQUIRES: capacity_ > 0.
  [[nodiscard]] std::size_t home(const Value& value, std::uint64_t seed) const {
    const std::uint64_t mixed = (std::hash<Value>{}(value) ^ seed) * 0x9e3779b97f4a7c15ULL;  // 2^64 / golden ratio
    return mixed >> (64 - std::countr_zero(capacity_));
  }

  bool place(const Value& value, std::uint64_t seed) {
    for (std::size_t i = home(value, seed);; i = (i + 1) & (capacity_ - 1)) {
      if (slots_[i] == value) return false;
      if (slots_[i] == Value{}) {
        slots_[i] = value;
        return true;
      }
    }
  }

  void grow(std::uint64_t seed) {
    const std::uint32_t old_capacity = capacity_;
    const auto old = std::move(slots_);
    capacity_ = old_capacity == 0 ? kFirstCapacity : old_capacity * 2;
    slots_ = std::make_unique<Value[]>(capacity_);
    for (std::uint32_t i = 0; i < old_capacity; ++i) {
      if (old[i] != Value{}) place(old[i], seed);
    }
  }

  std::unique_ptr<Value[]> slots_;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;  // a power of two, or 0
};

}  // namespace mailweir
